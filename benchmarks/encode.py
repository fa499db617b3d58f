"""How fast neurons are regressed on layers, against scikit-learn looped over neurons; and in how much memory.

Five layers of 256 units and Poisson neurons driven by one of them. Ours is the whole of it: the
principal components of every layer, the search for each neuron's penalty within the training folds,
the held-out score. The loop has `PoissonRegressor` in place of our solver, on the same components,
folds and penalties; it takes hours, so some neurons are timed in some fits, each strength as often
as the others, and the rest is reckoned. Neither has a null: a shift is so many more neurons to
both. `--small` is a trial of a minute or two.
"""

import dataclasses
import json
import resource
import sys
import time

import numpy as np
from sklearn.linear_model import PoissonRegressor

from analysis.encoding import newton
from analysis.encoding.bands import Band
from analysis.encoding.features import Features
from analysis.encoding.folds import Folds
from analysis.encoding.penalised import PoissonRegression
from analysis.encoding.scores import bits_per_spike
from analysis.encoding.settings import EncodingSettings
from analysis.encoding.targets import Targets

SPEED_BAR = 10.0
MEMORY_BAR = 6.0  # GB
SAME = 1e-3  # bits per spike
BIN_SECONDS = 0.02
STRENGTHS = (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0)


@dataclasses.dataclass(frozen=True)
class Size:
    """How much there is to do, and of how much of it the loop is timed."""

    neurons: int = 300
    bins: int = 90_000  # 30 min
    layers: int = 5
    units: int = 256
    sampled: int = 6


SMALL = Size(neurons=40, bins=15_000, layers=2, units=64, sampled=3)


def layer(size: Size, seed: int) -> np.ndarray:
    """Units that change over half a second, as an own mixture of 60 slow signals each; (bins, units)."""
    from scipy.signal import lfilter

    random = np.random.default_rng(seed)
    signals = lfilter([np.sqrt(1 - 0.96**2)], [1, -0.96], random.standard_normal((size.bins, 60)), axis=0)
    mixed = signals @ (random.standard_normal((60, size.units)) * np.geomspace(1, 0.1, 60)[:, None])
    return np.tanh(mixed / mixed.std()).astype(np.float32)


def spikes(size: Size, units: np.ndarray) -> np.ndarray:
    """Counts of neurons of 1 to 15 Hz, driven by five units each, (bins, neurons)."""
    random = np.random.default_rng(1)
    drive = np.empty((size.bins, size.neurons), np.float32)
    for neuron in range(size.neurons):
        some = random.choice(size.units, 5, replace=False)
        drive[:, neuron] = units[:, some] @ (0.4 * random.standard_normal(5))
    mean = np.exp(random.uniform(np.log(1), np.log(15), size.neurons)) * BIN_SECONDS
    return random.poisson(mean * np.exp(drive)).astype(np.uint8)


def regression(size: Size, units: np.ndarray, counts: np.ndarray) -> PoissonRegression:
    """Ours, with the folds of `cross_validate`."""
    rows = np.arange(size.bins)
    folds = Folds.of(size.bins, 5, round(60 / BIN_SECONDS), round(1 / BIN_SECONDS))
    rows = rows[: folds.n_rows]
    features = Features([Band("units", units, "layer")], rows, {"units": rows[:, None]}, 32, folds)
    targets = Targets(counts, rows, [], BIN_SECONDS, history=False)
    settings = EncodingSettings(strengths=STRENGTHS)
    return PoissonRegression(features, folds, targets, settings, lambda n: None)


def ours(size: Size, units: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bits per spike of each fold and neuron, and the penalties chosen; both (folds, neurons)."""
    found = regression(size, units, counts)
    held = [found.held_out(fold) for fold in range(5)]
    total = [counts[found.folds.rows(fold)].sum(0) for fold in range(5)]
    bits = np.array([one.gain / (n * np.log(2)) for one, n in zip(held, total, strict=True)])
    return bits, np.array([one.strengths[0] for one in held])


def loop(
    size: Size, units: np.ndarray, counts: np.ndarray, strengths: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Seconds that the loop takes for this layer; scores of some neurons in fold 0, and which these are."""
    same = regression(size, units, counts)
    sample = np.linspace(0, size.neurons - 1, size.sampled).astype(int)

    def timed(held_out: tuple[int, ...], strength: float, neuron: int) -> tuple[float, np.ndarray]:
        train, test = same.folds.training(held_out), same.folds.rows(held_out[0])
        x, y = features[held_out][train].astype(float), counts[train, neuron]
        # there the penalty is not relative to the mean count
        model = PoissonRegressor(alpha=strength * y.mean(), tol=1e-5, max_iter=1000)
        began = time.perf_counter()
        model.fit(x, y)
        seconds = time.perf_counter() - began
        inside = np.clip(features[held_out][test], x.min(0), x.max(0))
        rate = model.predict(inside)[:, None]
        return seconds, bits_per_spike(counts[test][:, [neuron]], rate, y.mean(keepdims=True))

    features = {}
    for held_out in ((0,), (0, 1)):
        features[held_out], _ = same.features.fitted(held_out)
    searched = np.mean([timed((0, 1), strength, n)[0] for strength in STRENGTHS for n in sample])
    last = [timed((0,), float(strengths[0, n]), int(n)) for n in sample]
    fits = size.neurons * (10 * len(STRENGTHS) * searched + 5 * np.mean([seconds for seconds, _ in last]))
    return float(fits), np.concatenate([score for _, score in last]), sample


def main() -> bool:
    """Print every figure; whether all bars were met."""
    size = SMALL if "--small" in sys.argv else Size()
    print(
        f"{size.neurons} neurons, {size.bins} bins, {size.layers} layers of {size.units} units, 5 folds, "
        f"{len(STRENGTHS)} strengths; the loop timed on {size.sampled} neurons of one layer, one pair of "
        f"folds and one fold, the rest reckoned; tolerance {newton.TOLERANCE:g}"
    )
    first = layer(size, 0)
    counts = spikes(size, first)
    began, found = time.perf_counter(), None
    for i in range(size.layers):
        scores = ours(size, first if i == 0 else layer(size, i), counts)
        found = found or scores
        print(f"layer {i}: {scores[0].mean():.4f} bits per spike, {time.perf_counter() - began:.1f} s so far")
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    assert found is not None
    bits, strengths = found
    looped, theirs, sample = loop(size, first, counts, strengths)
    apart = float(np.abs(bits[0, sample] - theirs).max())
    ratio = size.layers * looped / seconds
    print(f"ours {seconds:.1f} s, the loop {size.layers * looped:.0f} s; scores differ by {apart:.1e} bits")
    print(
        json.dumps({"figure": "difference in score", "value": apart, "unit": "bits per spike", "bar": SAME})
    )
    print(json.dumps({"figure": "peak memory", "value": round(memory, 2), "unit": "GB", "bar": MEMORY_BAR}))
    print(
        json.dumps(
            {"figure": "loop over neurons / ours", "value": round(ratio, 1), "unit": "x", "bar": SPEED_BAR}
        )
    )
    return ratio >= SPEED_BAR and memory < MEMORY_BAR and apart < SAME


if __name__ == "__main__":
    sys.exit(not main())
