"""Made-up neurons of which the truth is known: which units drive them, how much is drift and noise.

    neurons = simulate_neurons(timeline, "decoder/layer_0", each=10, seed=0)
    neurons.write(Path("spikes.npz"))               # what `rodent encode` reads
    neurons.driven                                  # bool, shape (neurons,)

    model = NeuronModel(noise=0.5, dead_seconds=0.002, recovery_seconds=0.005)
    drives = {name: timeline.units(name) for name in ("latent/mean", "decoder/layer_0")}
    sources = [("latent/mean",), ("latent/mean", "decoder/layer_0"), ()]
    neurons = simulate(drives, sources, bin_seconds=0.02, seed=0, model=model)

The logarithm of a neuron's rate is a sum of three parts: a random weighted sum of a few
features of its sources, slow drift, and noise of its own. A neuron without sources only
drifts. A regression should predict the first kind. On the second it should score no more than
slow drift does by itself.
"""

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from analysis.timeline import Timeline
from rodent.errors import InputError, check_setting, unknown
from rodent.files import atomic_path

_FURTHEST = 3.0  # standard deviations; a unit's one outburst would else be a storm of spikes

_check = functools.partial(check_setting, "neuron model")


@dataclasses.dataclass(frozen=True)
class NeuronModel:
    """How simulated neurons fire."""

    rate: float = 8.0
    """Median rate, Hz, before spikes are refused."""
    rate_spread: float = 0.0
    """Standard deviation, over neurons, of the logarithm of that rate; 1 is usual in cortex and
    hippocampus (Buzsaki and Mizuseki, 2014, The log-dynamic brain)."""
    depth: float = 0.6
    """Standard deviation of a neuron's log rate over time."""
    features: int = 5
    """Features, of each of its sources, that drive a neuron."""
    noise: float = 0.0
    """Share of the variance of the log rate that is the neuron's own noise."""
    noise_seconds: float = 0.1
    """Standard deviation of the Gaussian window that noise is smoothed with; 0 for none."""
    drift: float = 0.0
    """Share that is slow drift; a neuron without sources has nothing else but noise."""
    drift_seconds: float = 10.0
    """The same window for drift."""
    dead_seconds: float = 0.0
    """Absolute refractory period: a spike is followed by none for so long."""
    recovery_seconds: float = 0.0
    """Relative refractory period: time constant with which the rate then comes back."""

    def __post_init__(self) -> None:
        for name in ("rate", "drift_seconds", "features"):
            _check(name, 0 < getattr(self, name) < math.inf, getattr(self, name), "positive")
        for name in ("rate_spread", "depth", "noise_seconds", "dead_seconds", "recovery_seconds"):
            _check(name, 0 <= getattr(self, name) < math.inf, getattr(self, name), "zero or more")
        shares = (self.noise, self.drift)
        _check(
            "noise and drift", min(shares) >= 0 and sum(shares) <= 1, shares, "shares that sum to 1 at most"
        )


@dataclasses.dataclass(frozen=True)
class SimulatedNeurons:
    """Spikes of neurons, and the truth of them.

    Attributes:
        times: of each neuron's spikes, seconds from the first bin on, in order.
        n_bins: number of bins.
        bin_seconds: length of a bin, seconds.
        names: of the neurons.
        sources: what drives each; nothing if it only drifts.
    """

    times: tuple[np.ndarray, ...]
    n_bins: int
    bin_seconds: float
    names: tuple[str, ...]
    sources: tuple[tuple[str, ...], ...]

    @property
    def counts(self) -> np.ndarray:
        """Spikes per bin, shape (bins, neurons)."""
        bins = [np.minimum(t / self.bin_seconds, self.n_bins - 1).astype(np.int64) for t in self.times]
        return np.stack([np.bincount(b, minlength=self.n_bins) for b in bins], axis=1).astype(np.int16)

    @property
    def driven(self) -> np.ndarray:
        """Which have sources, bool, shape (neurons,)."""
        return np.array([bool(sources) for sources in self.sources])

    def write(self, path: Path) -> None:
        """Write an npz file of spike counts; its array `sources` holds the truth, names joined by ` + `."""
        truth = [" + ".join(sources) for sources in self.sources]
        with atomic_path(path) as temporary:
            np.savez_compressed(
                temporary,
                counts=self.counts,
                names=np.array(self.names),
                bin_seconds=self.bin_seconds,
                sources=np.array(truth),
            )


def simulate_neurons(
    timeline: Timeline, layer: str, each: int, seed: int, model: NeuronModel | None = None
) -> SimulatedNeurons:
    """Neurons that a layer drives, and as many that only drift, during a recording.

    Args:
        timeline: bins of the recording.
        layer: whose units drive.
        each: neurons of each kind: `driven_0`, …, `drifting_0`, ….
        seed: of weights, drift and spikes.
        model: how they fire; the defaults if not given.

    Raises:
        InputError: the layer is unknown or constant.
    """
    neurons = simulate(
        {layer: timeline.units(layer)},
        [(layer,)] * each + [()] * each,
        timeline.bin_seconds,
        seed,
        model,
        timeline.alive,
    )
    names = tuple(f"{kind}_{i}" for kind in ("driven", "drifting") for i in range(each))
    return dataclasses.replace(neurons, names=names)


def simulate(
    drives: Mapping[str, np.ndarray],
    sources: Sequence[tuple[str, ...]],
    bin_seconds: float,
    seed: int,
    model: NeuronModel | None = None,
    alive: np.ndarray | None = None,
) -> SimulatedNeurons:
    """Neurons driven by features.

    Args:
        drives: features by name, such as the units of layers, each of shape (bins, features).
        sources: for every neuron the names of what drives it, in equal parts.
        bin_seconds: length of a bin, seconds.
        seed: of weights, drift, noise and spikes.
        model: how they fire; the defaults if not given.
        alive: bins that count, bool, shape (bins,); all if not given. In the others, too,
            neurons fire.

    Raises:
        InputError: a source is unknown, constant, not finite, or of another length.
    """
    model, random = model or NeuronModel(), np.random.default_rng(seed)
    lengths = {name: len(features) for name, features in drives.items()}
    if len(set(lengths.values())) != 1:
        raise InputError(f"drives have different numbers of bins: {lengths}; one number is expected")
    shape = (next(iter(lengths.values())), len(sources))
    alive = np.ones(shape[0], bool) if alive is None else alive
    signal = np.zeros(shape)
    for name in dict.fromkeys(name for names in sources for name in names):
        if name not in drives:
            raise unknown("source", name, drives)
        mine = np.array([name in names for names in sources])
        signal[:, mine] += _weighted(name, drives[name], alive, mine.sum(), model.features, random)
    drift = _smooth_noise(random, shape, model.drift_seconds / bin_seconds)
    noise = _smooth_noise(random, shape, model.noise_seconds / bin_seconds)
    driven = np.array([bool(names) for names in sources])
    # what the drive of others makes out is drift in those without one
    shares = np.stack([driven * (1 - model.drift - model.noise), np.full(len(sources), model.noise)])
    parts = ((signal, shares[0]), (noise, shares[1]), (drift, 1 - shares.sum(0)))
    log_rate = sum(_standard(part, alive) * np.sqrt(share) for part, share in parts)
    median = model.rate * np.exp(model.rate_spread * random.standard_normal(len(sources)))
    rate = median * np.exp(model.depth * np.clip(log_rate, -_FURTHEST, _FURTHEST))
    kinds = ["+".join(names) or "drifting" for names in sources]
    return SimulatedNeurons(
        times=tuple(_spike_times(rate, bin_seconds, model, random)),
        n_bins=shape[0],
        bin_seconds=bin_seconds,
        names=tuple(f"{kind}_{kinds[:i].count(kind)}" for i, kind in enumerate(kinds)),
        sources=tuple(sources),
    )


def _weighted(
    name: str, features: np.ndarray, alive: np.ndarray, neurons: int, each: int, random: np.random.Generator
) -> np.ndarray:
    """A random weighted sum of a few features per neuron, of variance 1, shape (bins, neurons)."""
    features = np.where(alive[:, None], features, 0.0)
    if not np.isfinite(features).all():
        where, which = (int(i) for i in np.argwhere(~np.isfinite(features))[0])
        raise InputError(f"feature {which} of {name!r} is not finite in bin {where}")
    spread = features[alive].std(0)
    live = np.flatnonzero(spread > 0)
    if not len(live):
        raise InputError(f"all {features.shape[1]} units of layer {name!r} are constant; take another layer")
    chosen = random.choice(live, (neurons, min(each, len(live))))
    weights = np.zeros((features.shape[1], neurons))
    # a feature's weight is per standard deviation
    np.add.at(weights, (chosen.T, np.arange(neurons)), random.standard_normal(chosen.T.shape))
    weights[live] /= spread[live, None]
    return _standard(features @ weights, alive)


def _standard(values: np.ndarray, alive: np.ndarray) -> np.ndarray:
    """Of mean 0 and variance 1 in the bins that count; what is constant there is 0."""
    spread = values[alive].std(0)
    return (values - values[alive].mean(0)) / np.where(spread > 0, spread, 1.0)


def _smooth_noise(random: np.random.Generator, shape: tuple[int, int], width: float) -> np.ndarray:
    """Noise after a Gaussian window of a standard deviation of so many bins, stationary to its ends."""
    from scipy.signal import oaconvolve

    if not width:
        return random.standard_normal(shape)
    half = math.ceil(4 * width)
    window = np.exp(-0.5 * (np.arange(-half, half + 1) / width) ** 2)
    longer = random.standard_normal((shape[0] + 2 * half, shape[1]))
    return oaconvolve(longer, window[:, None], mode="valid", axes=0)


def _spike_times(
    rate: np.ndarray, bin_seconds: float, model: NeuronModel, random: np.random.Generator
) -> list[np.ndarray]:
    """Spikes of each neuron, seconds, of a rate in Hz that is constant in each bin, shape (bins, neurons)."""
    counts = random.poisson(rate * bin_seconds)
    bins = np.arange(len(counts))
    trains = []
    for own in counts.T:
        bin_of = np.repeat(bins, own)
        trains.append(np.sort(bin_of + random.random(len(bin_of))) * bin_seconds)
    if not (model.dead_seconds or model.recovery_seconds):
        return trains
    # candidates side by side, so that all neurons take theirs in one step
    table = np.full((max(map(len, trains)), len(trains)), np.inf)
    for column, train in zip(table.T, trains, strict=True):
        column[: len(train)] = train
    kept = _recovered(table, model, random)
    return [column[own & np.isfinite(column)] for column, own in zip(table.T, kept.T, strict=True)]


def _recovered(times: np.ndarray, model: NeuronModel, random: np.random.Generator) -> np.ndarray:
    """Which candidates become spikes, bool, shape (candidates, neurons).

    Candidates of a Poisson process, kept with the probability to which the neuron has
    recovered from its last spike, make a process whose rate is the product of both (thinning;
    Lewis and Shedler, 1979).
    """
    kept = np.zeros(times.shape, bool)
    draws = random.random(times.shape)
    last = np.full(times.shape[1], -np.inf)
    for row, now in enumerate(times):
        rest = now - last - model.dead_seconds
        recovered = (
            1 - np.exp(-np.maximum(rest, 0) / model.recovery_seconds) if model.recovery_seconds else 1.0
        )
        kept[row] = (rest >= 0) & (draws[row] < recovered) & np.isfinite(now)
        last = np.where(kept[row], now, last)
    return kept
