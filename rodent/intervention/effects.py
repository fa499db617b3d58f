"""From a specification to acts: what one intervention does at each site, in one environment.

for effect in effects(intervention, preparation):
    effect.act, effect.site, effect.rows
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rodent.intervention.acts import Affine, Delayed, Leaky, Noisy, Resample
from rodent.intervention.body_kinds import OnBody
from rodent.intervention.kinds import (
    Clamp,
    Cut,
    Degrade,
    Delay,
    Drug,
    Gain,
    Leak,
    Noise,
    Silence,
    Stimulate,
    Swap,
    Threshold,
)
from rodent.intervention.preparation import Effect, Place, Preparation
from rodent.intervention.quantities import amount, fraction, seconds, steps
from rodent.intervention.spec import Intervention
from rodent.intervention.swapped import swapped
from rodent.intervention.unit_table import UnitTable
from rodent.intervention.weights import cut, damage_factors, damaged_weights


def needs_statistics(intervention: Intervention) -> bool:
    """Whether an intervention refers to activity in intact rollouts."""
    if any(selection.needs_statistics for selection in intervention.selections):
        return True
    if isinstance(intervention, Silence):
        return intervention.to != "zero"
    size = getattr(intervention, "to", getattr(intervention, "by", 0.0))
    if isinstance(intervention, Drug):
        size = intervention.effect
    return isinstance(intervention, Clamp | Stimulate | Threshold | Noise | Drug) and amount(size)[1]


def effects(intervention: Intervention, prepared: Preparation, number: int = 0) -> list[Effect]:
    """The acts of an intervention; none of one on the body, see `rodent.intervention.body`.

    Args:
        intervention: the specification.
        prepared: what it is resolved for.
        number: of the rollout, for draws that differ between rollouts.

    Raises:
        InputError: there is no such site or unit, or the intervention makes no sense there.
    """
    if isinstance(intervention, OnBody):
        return []
    if isinstance(intervention, Swap):
        return swapped(intervention, prepared, number)
    sites = prepared.sites.concerned(intervention)
    resolve = _RESOLVED[type(intervention)]
    return [resolve(intervention, Place(site, intervention, prepared, number)) for site in sites]


def chosen_units(intervention: Intervention, prepared: Preparation) -> dict[str, np.ndarray]:
    """Indices of the units that an intervention selects, by site; ascending. None for one on the body.

    Raises:
        InputError: there is no such site or unit.
    """
    sites = prepared.sites.concerned(intervention)
    return {site: Place(site, intervention, prepared, 0).units for site in sites}


def _affine(place: Place, gain: Any = 1.0, add: Any = 0.0) -> Effect:
    return Effect(Affine, place.site, {"gain": place.full(1.0, gain), "add": place.full(0.0, add)})


def _silence(one: Silence, place: Place) -> Effect:
    if one.to == "zero":
        return _affine(place, gain=0.0)
    if one.to == "mean":
        return _affine(place, gain=0.0, add=place.statistics.mean)
    chosen = place.full(0.0, 1.0).astype(bool)
    return Effect(
        Resample, place.site, {"chosen": chosen, "key": place.key(), "table": place.statistics.values}
    )


def _clamp(one: Clamp, place: Place) -> Effect:
    base = place.statistics.mean if amount(one.to)[1] else 0.0
    return _affine(place, gain=0.0, add=base + place.scaled(one.to))


def _stimulate(one: Stimulate, place: Place) -> Effect:
    return _affine(place, add=place.scaled(one.by))


def _gain(one: Gain, place: Place) -> Effect:
    return _affine(place, gain=amount(one.by)[0])


def _threshold(one: Threshold, place: Place) -> Effect:
    place = place.input_of_nonlinearity()
    return _affine(place, add=-place.scaled(one.by))


def _noise(one: Noise, place: Place) -> Effect:
    correlation = 0.0 if one.time is None else np.exp(-place.timestep / seconds(one.time, place.timestep))
    rows = {
        "sd": place.full(0.0, place.scaled(one.by)),
        "correlation": np.array([correlation], np.float32),
        "key": place.key(),
    }
    return Effect(Noisy, place.site, rows)


def _leak(one: Leak, place: Place) -> Effect:
    constant = seconds(one.time, place.timestep)
    decay = np.exp(-place.timestep / constant) if constant else 0.0
    return Effect(Leaky, place.site, {"decay": place.full(0.0, decay)})


def _delay(one: Delay, place: Place) -> Effect:
    count = steps(one.by, place.timestep)
    rows = {"steps": place.full(0.0, count).astype(np.int32), "memory": np.zeros(count, np.float32)}
    return Effect(Delayed, place.site, rows)


def _degrade(one: Degrade, place: Place) -> Effect:
    if one.on_weights:
        return damaged_weights(one, place)
    factors = np.ones(place.size)
    factors[place.units] = damage_factors(one.how, fraction(one.by), place.random(), len(place.units))
    return _affine(place, gain=factors)


def _drug(one: Drug, place: Place) -> Effect:
    if one.receptor:
        place = place.only(_with_receptor(one, place), one.receptor)
    part = one.fraction_of_effect
    if one.on == "gain":
        return _affine(place, gain=1 + part * amount(one.effect)[0])
    place = place.input_of_nonlinearity()
    return _affine(place, add=-part * place.scaled(one.effect))


def _with_receptor(one: Drug, place: Place) -> np.ndarray:
    """Units of a site that have the receptor; drawn classes are contiguous parts of a random order."""
    if one.table:
        found = UnitTable.read(place.prepared.table(one.table), "receptor").of(place.site, place.size)
        return np.array([unit for unit, receptor in found.items() if receptor == one.receptor], int)
    order = np.argsort(place.random().random(place.size))
    begin = 0.0
    for name, part in one.fractions.items():
        if name == one.receptor:
            return order[round(begin * place.size) : round((begin + part) * place.size)]
        begin += part
    raise AssertionError(f"{one.receptor} was checked")


_RESOLVED: Mapping[type[Intervention], Callable[[Any, Place], Effect]] = {
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
    Cut: cut,
}
