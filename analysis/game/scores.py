"""Balanced accuracy and d′ of out-of-sample decisions, with intervals over groups.

score = score_of(probability, is_model, weights, group, settings)
score.balanced_accuracy, score.low, score.high, score.d_prime
"""

import dataclasses

import numpy as np

from analysis.effects.bootstrap import interval
from analysis.game.settings import GameSettings


@dataclasses.dataclass(frozen=True)
class Score:
    """How well two sides are distinguished."""

    balanced_accuracy: float
    """Mean of the fractions of windows of each side that are classified correctly; 0.5 by chance."""
    low: float
    """Lower bound of its 95 % interval."""
    high: float
    """Upper bound."""
    d_prime: float
    """Distance of the two sides, in standard deviations of a decision variable; 0 by chance."""
    d_low: float
    """Lower bound of its 95 % interval."""
    d_high: float
    """Upper bound."""

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the balanced accuracy."""
        return self.low, self.high


def score_of(
    probability: np.ndarray,
    is_model: np.ndarray,
    weights: np.ndarray,
    group: np.ndarray,
    settings: GameSettings,
) -> Score:
    """Score decisions.

    Args:
        probability: of the model, out of sample, shape (windows,).
        is_model: the truth, bool.
        weights: of the windows; those of each side sum to 1.
        group: clip or session, text. Groups are resampled for the intervals.
        settings: number of bootstrap samples, and seed.
    """
    says_model = np.where(probability == 0.5, 0.5, (probability > 0.5).astype(float))
    names, index = np.unique(group, return_inverse=True)
    n = len(names)
    # sums of each side in each group: of weights, and of weights of windows called model
    total, called = (
        np.stack([np.bincount(index, values * (is_model == side), n) for side in (True, False)])
        for values in (weights, weights * says_model)
    )
    effective = [1 / max(np.square(weights[is_model == side]).sum(), 1e-300) for side in (True, False)]
    random = np.random.default_rng([settings.seed, 1])
    resampled = random.multinomial(n, np.full(n, 1 / n), settings.bootstraps).astype(float)
    samples = np.stack([np.ones(n), *resampled])
    with np.errstate(invalid="ignore", divide="ignore"):
        hit, false_alarm = (samples @ called.T / (samples @ total.T)).T
    accuracy = 0.5 * (hit + 1 - false_alarm)
    distance = d_prime(hit, false_alarm, min(effective))
    low, high = interval(accuracy[1:], n)
    d_low, d_high = interval(distance[1:], n)
    return Score(float(accuracy[0]), float(low), float(high), float(distance[0]), float(d_low), float(d_high))


def d_prime(hit: np.ndarray, false_alarm: np.ndarray, n: float) -> np.ndarray:
    """Distance of signal and noise, in standard deviations.

    Rates of 0 and 1 are made finite by the log-linear rule (Hautus, Behavior Research Methods 27, 46, 1995).

    Args:
        hit: fraction of signal trials called signal.
        false_alarm: fraction of noise trials called signal.
        n: trials of the side with fewer, so that a bias to one answer is no distance.

    >>> float(d_prime(np.array(0.84), np.array(0.16), 1e6).round(2))
    1.99
    """
    from scipy.stats import norm

    hit = (hit * n + 0.5) / (n + 1)
    false_alarm = (false_alarm * n + 0.5) / (n + 1)
    return norm.ppf(hit) - norm.ppf(false_alarm)
