"""Interventions on weights, resolved for a layer: cuts of connections, and random damage."""

import numpy as np

from rodent.errors import InputError
from rodent.intervention.kinds import Degrade
from rodent.intervention.preparation import Effect, Place
from rodent.intervention.quantities import fraction
from rodent.intervention.sites import matching
from rodent.intervention.structure import Cut
from rodent.intervention.weight_acts import Reweighed, Severed
from rodent.policy.connections import Source, kernel_of
from rodent.policy.layers import weights_name


def cut(one: Cut, place: Place) -> Effect:
    """The act of a cut.

    Raises:
        InputError: the layer has no such inputs, or the fraction is less than one connection.
    """
    sources = _sources(one, place)
    inputs = np.zeros(len(kernel_of(place.prepared.params, place.site)), bool)
    for source in sources:
        inputs[source.begin + place.at(source.site, one.source_selection).units] = True
    units, gates, part = place.full(0.0, 1.0) != 0, _gates(place), fraction(one.by)
    if part == 1.0:
        return Effect(Severed, weights_name(place.site), {"inputs": inputs, "units": np.tile(units, gates)})
    connections = np.argwhere(np.outer(inputs, units))
    count = round(part * len(connections))
    if not count:
        raise InputError(
            f"{one.by} of {len(connections)} connections from {one.source} to {place.site} are none"
        )
    kept = np.ones((len(inputs), place.size), bool)
    kept[tuple(place.random().permutation(connections)[:count].T)] = False
    start, stop = min(one.begin for one in sources), max(one.end for one in sources)
    return _reweighed(place, np.tile(kept, gates)[start:stop], start)


def damaged_weights(one: Degrade, place: Place) -> Effect:
    """The act of random damage to the incoming weights of units."""
    kernel = kernel_of(place.prepared.params, place.site)
    columns = np.concatenate([place.units + gate * place.size for gate in range(_gates(place))])
    factor = np.ones(kernel.shape, np.float32)
    count = len(kernel) * len(columns)
    drawn = damage_factors(one.how, fraction(one.by), place.random(), count)
    factor[:, columns] = drawn.reshape(len(kernel), -1)
    return _reweighed(place, factor != 0 if one.how == "removal" else factor)


def damage_factors(how: str, severity: float, random: np.random.Generator, count: int) -> np.ndarray:
    """Random factors on weights or activity, shape (count,); see `Degrade.how`."""
    if how == "noise":
        return 1 + severity * random.standard_normal(count)
    if how == "removal":
        factors = np.ones(count)
        factors[random.permutation(count)[: round(severity * count)]] = 0.0
        return factors
    return 1 - losses(severity, random.random(count))


def losses(mean: float, draws: np.ndarray) -> np.ndarray:
    """Losses between 0 and 1 with a given mean, as widely spread as possible, from uniform draws.

    >>> losses(0.25, np.array([0.0, 0.5, 1.0])), losses(1.0, np.array([0.0, 1.0]))
    (array([0.  , 0.25, 0.5 ]), array([1., 1.]))
    """
    half = min(mean, 1 - mean)
    return mean + half * (2 * draws - 1)


def _sources(one: Cut, place: Place) -> list[Source]:
    """The sources of a layer that a cut names."""
    sources = {source.site: source for source in place.prepared.sites.sources[place.site] if source.site}
    names = matching(one.source_site, sources, "source of connections", f"the inputs of {place.site}")
    return [sources[name] for name in names]


def _gates(place: Place) -> int:
    """How many weights a connection to the layer has: 4 for an LSTM, one for each gate."""
    return kernel_of(place.prepared.params, place.site).shape[1] // place.size


def _reweighed(place: Place, factor: np.ndarray, start: int = 0) -> Effect:
    """An act on the weights of a layer, from an input on."""
    static = (("start", start), ("stop", start + len(factor)))
    rows = {"factor": factor, "units": (factor != 1).any(0)}
    return Effect(Reweighed, weights_name(place.site), rows, static)
