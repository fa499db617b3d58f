"""Scores of predicted spikes, or calcium, on held-out bins, and their summary over animals.

    found = score_rates(counts, predicted, mean, bin_seconds, seed=0)
    found.bits_per_spike, found.correlations[0.2], found.p_values       # (neurons,)
    summary = over_animals({"rat 1": scores, "rat 2": others}, seed=0)  # median of medians, interval

Bits per spike are against the mean of the bins that were fitted. Correlations are of single trials, in
windows of 50 and 200 ms; a spike in a bin across two windows is divided between them. The null turns the
predictions in time against the spikes. Calcium has R² against the same mean in place of bits per spike.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from analysis.encoding.inference import DRAWS, rank_p
from analysis.encoding.scores import bits_per_spike, r2
from analysis.ring import random_turn, turned
from analysis.twin.settings import LikelihoodName

WINDOWS_SECONDS = (0.05, 0.2)
"""Windows of the correlations, seconds; at least a bin."""
SHIFTS = 99
"""Turns of the null."""
_LEAST_SHIFT = 0.05  # of the bins, by which the null turns


@dataclasses.dataclass(frozen=True)
class Scores:
    """Scores of one session.

    Attributes:
        bits_per_spike: against the mean of the bins that were fitted, shape (neurons,); NaN for calcium.
        bits_of_nlb: against the mean of the bins that are scored, as nlb_tools has it, shape (neurons,); NaN
            for calcium.
        r2: fraction of the squares about the mean of the bins that were fitted that is explained, of single
            trials, shape (neurons,).
        correlations: by window in seconds, shape (neurons,); NaN where a prediction is constant.
        null_correlations: mean over turns of the correlation in the longest window, shape (neurons,).
        p_values: rank of that correlation among the turns, shape (neurons,).
    """

    bits_per_spike: np.ndarray
    bits_of_nlb: np.ndarray
    r2: np.ndarray
    correlations: dict[float, np.ndarray]
    null_correlations: np.ndarray
    p_values: np.ndarray


@dataclasses.dataclass(frozen=True)
class Summary:
    """A score over animals.

    Attributes:
        median: of the animals' medians over neurons.
        low, high: of it, 95 %, by bootstrap over animals; NaN for one animal.
        animals: how many.
    """

    median: float
    low: float
    high: float
    animals: int


def score_rates(
    counts: np.ndarray,
    predicted: np.ndarray,
    mean: np.ndarray,
    bin_seconds: float,
    seed: int,
    likelihood: LikelihoodName = "poisson",
) -> Scores:
    """Score predictions.

    Args:
        counts: spikes, or calcium, that were not fitted to, shape (bins, neurons).
        predicted: expected counts or signals, shape (bins, neurons).
        mean: mean of the bins that were fitted, shape (neurons,).
        bin_seconds: length of a bin, seconds.
        seed: of the turns.
        likelihood: of the signals; bits per spike are of `poisson` alone.
    """
    widths = {seconds: max(1.0, seconds / bin_seconds) for seconds in WINDOWS_SECONDS}
    summed = {one: (window_sums(counts, n), window_sums(predicted, n)) for one, n in widths.items()}
    correlations = {seconds: correlation(*pair) for seconds, pair in summed.items()}
    slow_counts, slow_predicted = summed[WINDOWS_SECONDS[-1]]
    random, n = np.random.default_rng(seed), len(slow_counts)
    null = np.array(
        [
            correlation(
                slow_counts, slow_predicted[turned(n, random_turn(random, n, round(_LEAST_SHIFT * n)))]
            )
            for _ in range(SHIFTS)
        ]
    )
    found = np.nan_to_num(correlations[WINDOWS_SECONDS[-1]])
    none, spikes = np.full(counts.shape[1], np.nan), likelihood == "poisson"
    floor = np.maximum(counts.mean(0), 0.5 / len(counts))
    return Scores(
        bits_per_spike=bits_per_spike(counts, predicted, mean) if spikes else none,
        bits_of_nlb=bits_per_spike(counts, predicted, floor) if spikes else none,
        r2=r2(counts, predicted, mean),
        correlations=correlations,
        null_correlations=np.nan_to_num(null).mean(0),
        p_values=rank_p(found, np.nan_to_num(null)),
    )


def window_sums(values: np.ndarray, width: float) -> np.ndarray:
    """Sums over windows of a number of bins that need not be whole, shape (windows, neurons).

    >>> window_sums(np.array([[2.0], [2.0], [4.0]]), 1.5)
    array([[3.],
           [5.]])
    """
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    edges = width * np.arange(int(len(values) / width + 1e-9) + 1)
    below = np.minimum(edges.astype(int), len(values) - 1)
    part = (edges - below)[:, None]
    return np.diff(total[below] * (1 - part) + total[below + 1] * part, axis=0)


def correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson's correlation of columns, shape (neurons,); NaN where one is constant."""
    first, second = first - first.mean(0), second - second.mean(0)
    scale = np.sqrt(np.square(first).sum(0) * np.square(second).sum(0))
    product = (first * second).sum(0)
    return np.divide(product, scale, out=np.full(len(scale), np.nan), where=scale > 0)


def over_animals(scores: Mapping[str, np.ndarray], seed: int) -> Summary:
    """The median over animals of the medians over neurons.

    Args:
        scores: of the neurons of each animal, shape (neurons,) each; NaN are left out; an animal that has
            nothing else makes the result NaN.
        seed: of the bootstrap.
    """
    medians = np.array([np.nanmedian(one) if np.isfinite(one).any() else np.nan for one in scores.values()])
    if len(medians) < 2:
        return Summary(float(medians[0]), float("nan"), float("nan"), 1)
    drawn = np.random.default_rng(seed).integers(len(medians), size=(DRAWS, len(medians)))
    low, high = np.percentile(np.median(medians[drawn], axis=1), (2.5, 97.5))
    return Summary(float(np.median(medians)), float(low), float(high), len(medians))
