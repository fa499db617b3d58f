"""Simulated animals whose neurons are known: what a twin is tested on.

    network = PlantedNetwork.drawn(sessions[0].layout, seed=0)
    planted = plant(network, sessions, neurons=60, seed=0)
    planted[0].session.counts, planted[0].rates         # spikes; expected counts, (bins, neurons)

A neuron's rate is exp(w · φ(x(t − lag)) + slow drift + gain that all neurons share). φ is a random network of
every body part with sines, products of units and memory: nothing that a twin's core is made of. The network
is the same in all animals. Each neuron has its place on the body, its lag and its weights.

Neurons are labelled. Their type shifts the weights. By the plan `ANATOMY`, regions differ in lag and in the
layer of φ that they read, with or without memory, and the depth of a neuron shifts its rate alone.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from analysis.twin.body_plan import places
from analysis.twin.core import Parts
from analysis.twin.perspective import Perspective
from analysis.twin.readout import PLACE_WIDTH
from analysis.twin.session import TwinSession
from analysis.twin.truth_drive import NetworkLayer, PlantedDrive
from analysis.twin.truth_network import FEATURES, PlantedNetwork

REGIONS, DEPTHS = ("front", "back"), ("shallow", "middle", "deep")
_TYPES = 3


@dataclasses.dataclass(frozen=True)
class NeuronPlan:
    """How planted neurons fire."""

    rate: float = 8.0
    """Median rate, Hz."""
    depth: float = 0.6
    """Standard deviation of the part of the log rate that behavior drives."""
    drift: float = 0.15
    """Standard deviation of the slow drift of each neuron."""
    gain: float = 0.1
    """Standard deviation of the gain that all neurons share."""
    lag_seconds: float = 0.08
    """Standard deviation of the lags, seconds."""
    type_spread: float = 0.6
    """Standard deviation of the types' mean weights; that of neurons of one type is 1."""
    region_lag: float = 0.0
    """Lag of the back region's neurons less that of the front region's, seconds."""
    region_layer: bool = False
    """Whether neurons of the back region read φ before its memory."""
    depth_rate: float = 0.0
    """Log rate of deep neurons less that of shallow ones."""


ANATOMY = NeuronPlan(type_spread=1.0, region_lag=0.12, region_layer=True, depth_rate=1.0)
"""Types that differ as much as neurons of one type, regions that differ in lag and layer, and depths that
differ in rate alone."""


@dataclasses.dataclass(frozen=True)
class PlantedSession:
    """A session with planted neurons.

    Attributes:
        session: behavior and simulated spikes.
        rates: expected counts, shape (bins, neurons).
        weights: of the features, shape (neurons, features).
        place: on the body plan, shape (neurons, 2).
        lag: seconds, shape (neurons,).
        drive: what behavior adds to the log rates.
    """

    session: TwinSession
    rates: np.ndarray
    weights: np.ndarray
    place: np.ndarray
    lag: np.ndarray
    drive: PlantedDrive


def plant(
    network: PlantedNetwork,
    sessions: Sequence[TwinSession],
    neurons: int,
    seed: int,
    plan: NeuronPlan | None = None,
    first: int = 0,
) -> list[PlantedSession]:
    """Give every session neurons of its own.

    Args:
        network: φ, the same for all.
        sessions: behavior; their spikes are not used.
        neurons: in each session.
        seed: of neurons, drift and spikes.
        plan: how they fire; the defaults if not given.
        first: number of the first session; sessions of other numbers have other neurons of the same types.
    """
    perspective, plan = Perspective.of(sessions), plan or NeuronPlan()
    memories = (True, False) if plan.region_layer else (True,)
    layers = tuple(NetworkLayer.of(network, perspective, sessions, memory) for memory in memories)
    types = np.random.default_rng([seed, 3]).standard_normal((_TYPES, FEATURES))
    return [
        _planted(session, layers, network.parts, types, neurons, plan, (seed, first + i))
        for i, session in enumerate(sessions)
    ]


def _planted(
    session: TwinSession,
    layers: tuple[NetworkLayer, ...],
    parts: Parts,
    types: np.ndarray,
    neurons: int,
    plan: NeuronPlan,
    seed: tuple[int, int],
) -> PlantedSession:
    random = np.random.default_rng([seed[0], 4, seed[1]])
    # labels have a stream of their own, and leave all else as it is
    of_labels = np.random.default_rng([seed[0], 5, seed[1]])
    of_parts = places(parts.names)
    kind = random.integers(len(types), size=neurons)
    region = of_labels.integers(len(REGIONS), size=neurons)
    depth = of_labels.integers(len(DEPTHS), size=neurons)
    weights = plan.type_spread * types[kind] + random.standard_normal((neurons, FEATURES))
    place = of_parts[random.integers(len(of_parts), size=neurons)] + random.normal(0, 0.15, (neurons, 2))
    near = np.exp(-np.square(place[:, None] - of_parts).sum(-1) / (2 * PLACE_WIDTH**2))
    near /= near.sum(1, keepdims=True)
    tensor = (near[:, :, None] * weights[:, None, :]).reshape(neurons, -1).T.astype(np.float32)
    lag = random.normal(0, plan.lag_seconds, neurons) + plan.region_lag * (region - 0.5)
    drive = PlantedDrive(layers, tensor, region, lag, plan.depth, np.zeros(neurons), np.ones(neurons))
    values = drive.unscaled(session)
    used = values[session.piece >= 0]
    drive = dataclasses.replace(drive, center=used.mean(0), spread=used.std(0))
    driven = drive.scaled(values)
    bins = len(driven)
    drift = _slow(random, bins, neurons, 60 / session.bin_seconds)
    gain = _slow(random, bins, 1, 20 / session.bin_seconds)
    log_rate = driven + plan.drift * drift + plan.gain * gain
    base = np.log(plan.rate) + 0.5 * random.standard_normal(neurons) + plan.depth_rate * (depth - 1) / 2
    rates = (np.exp(base + log_rate) * session.bin_seconds).astype(np.float32)
    counts = random.poisson(rates).astype(np.uint8)
    table = {
        "type": np.array([f"type {i}" for i in range(len(types))])[kind],
        "region": np.array(REGIONS)[region],
        "depth": np.array(DEPTHS)[depth],
    }
    names = tuple(f"neuron_{i}" for i in range(neurons))
    labelled = dataclasses.replace(session, counts=counts, neurons=names, table=table)
    return PlantedSession(labelled, rates, weights, place, lag, drive)


def _slow(random: np.random.Generator, bins: int, columns: int, width: float) -> np.ndarray:
    """Smooth noise of variance 1 on average, shape (bins, columns): a spline of knots `width` bins apart."""
    from scipy.interpolate import CubicSpline

    knots = np.arange(-1, int(bins / width) + 3)
    return CubicSpline(knots, random.standard_normal((len(knots), columns)))(np.arange(bins) / width)
