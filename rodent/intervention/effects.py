"""From a specification to acts: what one intervention does at each site, in one environment.

for effect in effects(intervention, preparation):
    effect.act, effect.site, effect.rows
"""

import copy
import dataclasses
import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from rodent.errors import InputError
from rodent.intervention.acts import Act, Affine, Delayed, Leaky, Noisy, Resample, Rows
from rodent.intervention.kinds import (
    Clamp,
    Degrade,
    Delay,
    Drug,
    Gain,
    Leak,
    Noise,
    Silence,
    Stimulate,
    Threshold,
)
from rodent.intervention.quantities import amount, fraction, seconds, steps
from rodent.intervention.selection import Measure
from rodent.intervention.sites import Sites
from rodent.intervention.spec import Intervention
from rodent.intervention.statistics import Statistics
from rodent.policy.agent import Params


@dataclasses.dataclass(frozen=True)
class Preparation:
    """What interventions are resolved for.

    Attributes:
        sites: of the agent and the task.
        params: of the agent.
        timestep: of control, s.
        statistics: of intact rollouts; None where no intervention needs any.
    """

    sites: Sites
    params: Params
    timestep: float
    statistics: Statistics | None = None


class Effect(NamedTuple):
    """One act at one site.

    Attributes:
        act: its type.
        site: the address.
        rows: its arrays, of one environment.
    """

    act: type[Act]
    site: str
    rows: Rows


def needs_statistics(intervention: Intervention) -> bool:
    """Whether an intervention refers to activity in intact rollouts."""
    if intervention.selection.measure == "variance":
        return True
    if isinstance(intervention, Silence):
        return intervention.to != "zero"
    size = getattr(intervention, "to", getattr(intervention, "by", 0.0))
    if isinstance(intervention, Drug):
        size = intervention.effect
    return isinstance(intervention, Clamp | Stimulate | Threshold | Noise | Drug) and amount(size)[1]


def effects(intervention: Intervention, prepared: Preparation, number: int = 0) -> list[Effect]:
    """The acts of an intervention.

    Args:
        intervention: the specification.
        prepared: what it is resolved for.
        number: of the rollout, for draws that differ between rollouts.

    Raises:
        InputError: there is no such site or unit, or the intervention makes no sense there.
    """
    sites = prepared.sites.matching(intervention.site)
    resolve = _RESOLVED[type(intervention)]
    return [resolve(intervention, _Place(site, intervention, prepared, number)) for site in sites]


def chosen_units(intervention: Intervention, prepared: Preparation) -> dict[str, np.ndarray]:
    """Indices of the units that an intervention selects, by site; ascending.

    Raises:
        InputError: there is no such site or unit.
    """
    sites = prepared.sites.matching(intervention.site)
    return {site: _Place(site, intervention, prepared, 0).units for site in sites}


class _Place:
    """A site and its units."""

    def __init__(self, site: str, intervention: Intervention, prepared: Preparation, number: int):
        self.site, self._prepared, self._intervention = site, prepared, intervention
        self.size, self.timestep = prepared.sites.sizes[site], prepared.timestep
        self.units = intervention.selection.units(site, self.size, intervention.seed, self._measured)
        self._number = number

    def full(self, neutral: float, values: Any) -> np.ndarray:
        """An array (units,) with values at the chosen units."""
        found = np.full(self.size, neutral, np.float32)
        found[self.units] = np.broadcast_to(values, (self.size,))[self.units]
        return found

    def scaled(self, value: float | str) -> np.ndarray:
        """An amount in the values of every unit, shape (units,)."""
        number, in_sd = amount(value)
        return number * (self.statistics.sd if in_sd else np.ones(self.size))

    @property
    def statistics(self) -> Any:
        """Of the units."""
        if self._prepared.statistics is None:
            raise InputError(f"{self._intervention}: no statistics of intact rollouts are given")
        return self._prepared.statistics[self.site]

    def key(self) -> np.ndarray:
        """A random key that depends on seed, site and rollout, shape (2,)."""
        key = jax.random.PRNGKey(self._intervention.seed)
        for number in (zlib.crc32(self.site.encode()) & 0x7FFFFFFF, self._number):
            key = jax.random.fold_in(key, number)
        return np.asarray(key)

    def uniform(self) -> np.ndarray:
        """A draw from 0 to 1 for every unit, which depends on seed and site."""
        return np.random.default_rng((self._intervention.seed, zlib.crc32(self.site.encode()))).random(
            self.size
        )

    def only(self, units: np.ndarray) -> "_Place":
        """The same site with those of its units that are among some.

        Raises:
            InputError: none is.
        """
        found = copy.copy(self)
        found.units = np.intersect1d(self.units, units)
        if not len(found.units):
            raise InputError(f"no unit [{self._intervention.units}] of {self.site} has the receptor")
        return found

    def at(self, site: str) -> "_Place":
        """Another site with the same units."""
        found = copy.copy(self)
        found.site = site
        return found

    def input_of_nonlinearity(self) -> "_Place":
        """The input of the nonlinearity of a hidden layer.

        Raises:
            InputError: the site has none.
        """
        pre = self.site if self.site.endswith(".pre") else f"{self.site}.pre"
        if pre not in self._prepared.sites.sizes:
            layers = [
                name.removesuffix(".pre") for name in self._prepared.sites.sizes if name.endswith(".pre")
            ]
            raise InputError(
                f"{self.site} has no threshold; expected a layer with a nonlinearity: {', '.join(layers)}"
            )
        return self.at(pre)

    def _measured(self, measure: Measure) -> np.ndarray:
        if measure == "variance":
            return self.statistics.sd
        return weight_norms(self._prepared.params, self.site)


def weight_norms(params: Params, site: str) -> np.ndarray:
    """Norm of the incoming weights of every unit of a layer, shape (units,).

    Raises:
        InputError: the site is no layer with weights.
    """
    layer = site.removesuffix(".pre").removesuffix(".cell")
    found: Any = params if layer.startswith("low/") else params["policy"]
    for part in layer.split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, Mapping):
        inner = found.get("pre", found)
        if "kernel" in inner:
            return np.linalg.norm(np.asarray(inner["kernel"]), axis=0)
        kernels = [np.asarray(one["kernel"]) for one in inner.values() if "kernel" in one]
        if kernels and len({kernel.shape[1] for kernel in kernels}) == 1:
            return np.linalg.norm(np.concatenate(kernels), axis=0)
    raise InputError(f"{site} has no incoming weights to rank units by; expected a layer of the network")


def losses(mean: float, draws: np.ndarray) -> np.ndarray:
    """Losses between 0 and 1 with a given mean, as widely spread as possible, from uniform draws.

    >>> losses(0.25, np.array([0.0, 0.5, 1.0])), losses(1.0, np.array([0.0, 1.0]))
    (array([0.  , 0.25, 0.5 ]), array([1., 1.]))
    """
    half = min(mean, 1 - mean)
    return mean + half * (2 * draws - 1)


def _affine(place: _Place, gain: Any = 1.0, add: Any = 0.0) -> Effect:
    return Effect(Affine, place.site, {"gain": place.full(1.0, gain), "add": place.full(0.0, add)})


def _silence(one: Silence, place: _Place) -> Effect:
    if one.to == "zero":
        return _affine(place, gain=0.0)
    if one.to == "mean":
        return _affine(place, gain=0.0, add=place.statistics.mean)
    chosen = place.full(0.0, 1.0).astype(bool)
    return Effect(
        Resample, place.site, {"chosen": chosen, "key": place.key(), "table": place.statistics.values}
    )


def _clamp(one: Clamp, place: _Place) -> Effect:
    base = place.statistics.mean if amount(one.to)[1] else 0.0
    return _affine(place, gain=0.0, add=base + place.scaled(one.to))


def _stimulate(one: Stimulate, place: _Place) -> Effect:
    return _affine(place, add=place.scaled(one.by))


def _gain(one: Gain, place: _Place) -> Effect:
    return _affine(place, gain=amount(one.by)[0])


def _threshold(one: Threshold, place: _Place) -> Effect:
    place = place.input_of_nonlinearity()
    return _affine(place, add=-place.scaled(one.by))


def _noise(one: Noise, place: _Place) -> Effect:
    correlation = 0.0 if one.time is None else np.exp(-place.timestep / seconds(one.time, place.timestep))
    rows = {
        "sd": place.full(0.0, place.scaled(one.by)),
        "correlation": np.array([correlation], np.float32),
        "key": place.key(),
    }
    return Effect(Noisy, place.site, rows)


def _leak(one: Leak, place: _Place) -> Effect:
    constant = seconds(one.time, place.timestep)
    decay = np.exp(-place.timestep / constant) if constant else 0.0
    return Effect(Leaky, place.site, {"decay": place.full(0.0, decay)})


def _delay(one: Delay, place: _Place) -> Effect:
    count = steps(one.by, place.timestep)
    rows = {"steps": place.full(0.0, count).astype(np.int32), "memory": np.zeros(count, np.float32)}
    return Effect(Delayed, place.site, rows)


def _degrade(one: Degrade, place: _Place) -> Effect:
    return _affine(place, gain=1 - losses(fraction(one.by), place.uniform()))


def _drug(one: Drug, place: _Place) -> Effect:
    if one.receptors:
        place = place.only(_with_receptor(one, place))
    part = one.fraction_of_effect
    if one.on == "gain":
        return _affine(place, gain=1 + part * amount(one.effect)[0])
    place = place.input_of_nonlinearity()
    return _affine(place, add=-part * place.scaled(one.effect))


def _with_receptor(one: Drug, place: _Place) -> np.ndarray:
    """Units of a site that have the receptor; classes are contiguous parts of a random order."""
    order = np.argsort(place.uniform())
    begin = 0.0
    for name, part in one.fractions.items():
        if name == one.receptor:
            return order[round(begin * place.size) : round((begin + part) * place.size)]
        begin += part
    raise AssertionError(f"{one.receptor} was checked")


_RESOLVED: Mapping[type[Intervention], Callable[[Any, _Place], Effect]] = {
    Silence: _silence,
    Clamp: _clamp,
    Stimulate: _stimulate,
    Gain: _gain,
    Threshold: _threshold,
    Noise: _noise,
    Leak: _leak,
    Delay: _delay,
    Degrade: _degrade,
    Drug: _drug,
}
