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
import itertools
from collections.abc import Sequence

import numpy as np

from analysis.twin.body_plan import places
from analysis.twin.core import Layout, Parts
from analysis.twin.perspective import Perspective
from analysis.twin.readout import PLACE_WIDTH
from analysis.twin.session import TwinSession

FEATURES = 12
"""Outputs of the planted network for each body part."""
_UNITS = 64
_WHOLE = 6  # weighted sums of all columns that every part of the network sees
_BEND = 0.7  # size of the arguments of sines and gates: how far they are from linear
_MEMORY_SECONDS = 0.08
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
class PlantedNetwork:
    """φ: from standardised columns to features of each body part, outside the family of the cores.

    Attributes:
        parts: of the columns.
        whole: weighted sums of all columns, shape (columns, sums).
        sines, gates: of each part, shape (own columns + sums, units).
        phases, offsets: of each part, shape (units,).
        outputs: of each part, shape (units, features).
    """

    parts: Parts
    whole: np.ndarray
    sines: tuple[np.ndarray, ...]
    gates: tuple[np.ndarray, ...]
    phases: tuple[np.ndarray, ...]
    offsets: tuple[np.ndarray, ...]
    outputs: tuple[np.ndarray, ...]

    @classmethod
    def drawn(cls, layout: Layout, seed: int) -> "PlantedNetwork":
        """A network with random weights."""
        random, parts = np.random.default_rng([seed, 2]), Parts.of(layout)

        def weights(rows: int, columns: int, size: float = _BEND) -> np.ndarray:
            return (size * random.standard_normal((rows, columns)) / np.sqrt(rows)).astype(np.float32)

        widths = [len(part) + _WHOLE for part in parts.columns]
        return cls(
            parts=parts,
            whole=weights(len(layout), _WHOLE),
            sines=tuple(weights(width, _UNITS) for width in widths),
            gates=tuple(weights(width, _UNITS) for width in widths),
            phases=tuple(random.uniform(0, 2 * np.pi, _UNITS).astype(np.float32) for _ in widths),
            offsets=tuple(random.normal(0, 0.5, _UNITS).astype(np.float32) for _ in widths),
            outputs=tuple(weights(_UNITS, FEATURES, 1.0) for _ in widths),
        )

    def __call__(
        self, columns: np.ndarray, piece: np.ndarray, bin_seconds: float, memory: bool = True
    ) -> np.ndarray:
        """Features, shape (bins, parts, features); the memory, if any, begins anew with each piece."""
        from scipy.signal import lfilter

        keep = np.exp(-bin_seconds / _MEMORY_SECONDS) if memory else 0.0
        whole = np.tanh(columns @ self.whole)
        starts = np.flatnonzero(np.r_[True, np.diff(piece) != 0, True])
        found = []
        each = zip(
            self.parts.columns, self.sines, self.gates, self.phases, self.offsets, self.outputs, strict=True
        )
        for own, sines, gates, phases, offsets, outputs in each:
            inputs = np.concatenate([columns[:, own], whole], axis=1)
            values = (np.sin(inputs @ sines + phases) * np.tanh(inputs @ gates + offsets)) @ outputs
            for begin, end in itertools.pairwise(starts):
                piece_values, first = values[begin:end], keep * values[begin : begin + 1]
                values[begin:end], _ = lfilter([1 - keep], [1, -keep], piece_values, axis=0, zi=first)
            found.append(np.sign(values) * np.abs(values) ** 0.8)
        return np.stack(found, axis=1)


@dataclasses.dataclass(frozen=True)
class PlantedSession:
    """A session with planted neurons.

    Attributes:
        session: behavior and simulated spikes.
        rates: expected counts, shape (bins, neurons).
        weights: of the features, shape (neurons, features).
        place: on the body plan, shape (neurons, 2).
        lag: seconds, shape (neurons,).
    """

    session: TwinSession
    rates: np.ndarray
    weights: np.ndarray
    place: np.ndarray
    lag: np.ndarray


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
    layers = [_layer(network, perspective, sessions, memory=True)]
    if plan.region_layer:
        layers.append(_layer(network, perspective, sessions, memory=False))
    types = np.random.default_rng([seed, 3]).standard_normal((_TYPES, FEATURES))
    found = []
    for i, session in enumerate(sessions):
        values = [layer[i] for layer in layers]
        found.append(_planted(session, values, network.parts, types, neurons, plan, (seed, first + i)))
    return found


def _layer(
    network: PlantedNetwork, perspective: Perspective, sessions: Sequence[TwinSession], memory: bool
) -> list[np.ndarray]:
    """Standardised features of every session, shape (bins, parts, features) each."""
    features = [network(perspective.columns(one), one.piece, one.bin_seconds, memory) for one in sessions]
    scale = np.sqrt(np.mean([np.square(one).mean(0) for one in features], axis=0))
    middle = np.mean([one.mean(0) for one in features], axis=0)
    return [(one - middle) / scale for one in features]


def _planted(
    session: TwinSession,
    layers: Sequence[np.ndarray],
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
    drives = [features.reshape(len(features), -1) @ tensor for features in layers]
    drive = np.where(region == 0, drives[0], drives[-1])
    lag = random.normal(0, plan.lag_seconds, neurons) + plan.region_lag * (region - 0.5)
    drive = _lagged(drive, lag / session.bin_seconds, session.piece)
    used = session.piece >= 0
    drive = (drive - drive[used].mean(0)) / drive[used].std(0)
    bins = len(drive)
    drift = _slow(random, bins, neurons, 60 / session.bin_seconds)
    gain = _slow(random, bins, 1, 20 / session.bin_seconds)
    log_rate = plan.depth * np.clip(drive, -3, 3) + plan.drift * drift + plan.gain * gain
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
    return PlantedSession(labelled, rates, weights, place, lag)


def _lagged(values: np.ndarray, lags: np.ndarray, piece: np.ndarray) -> np.ndarray:
    """Columns at their own lags, bins that need not be whole; at the edge of a piece what is next to it."""
    bins = np.arange(len(values))
    edges = np.flatnonzero(np.r_[True, np.diff(piece) != 0, True])
    which = np.searchsorted(edges, bins, side="right") - 1
    first, last = edges[which], edges[which + 1] - 1
    found = np.empty_like(values)
    for i, lag in enumerate(lags):
        source = np.clip(bins - lag, first, last)
        below = source.astype(int)
        above, part = np.minimum(below + 1, last), source - below
        found[:, i] = values[below, i] * (1 - part) + values[above, i] * part
    return found


def _slow(random: np.random.Generator, bins: int, columns: int, width: float) -> np.ndarray:
    """Smooth noise of variance 1 on average, shape (bins, columns): a spline of knots `width` bins apart."""
    from scipy.interpolate import CubicSpline

    knots = np.arange(-1, int(bins / width) + 3)
    return CubicSpline(knots, random.standard_normal((len(knots), columns)))(np.arange(bins) / width)
