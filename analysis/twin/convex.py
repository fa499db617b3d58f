"""Poisson regressions of many neurons on given features, their strengths chosen within the training bins.

    fitted = ConvexFit(strengths).fit(features, counts, chooses)    # bool, bins that choose the strength
    fitted.predict(features)            # expected counts, (bins, neurons)

The problem is convex: there is one optimum, and the solver of the encoding models finds it. The lagged GLM
and the readouts of a twin are fitted by this.
"""

from typing import Self

import numpy as np

from analysis.encoding.design import Data
from analysis.encoding.newton import solve_path
from analysis.encoding.penalised import ROUGHLY
from analysis.encoding.penalties import FREE, Penalty
from analysis.encoding.poisson import PoissonEncoder
from analysis.encoding.regressions import rate_limits
from analysis.encoding.scores import bits_per_spike, likelihood_gain, mean_count

_COMMON = 20.0  # spikes that the mean over neurons counts for, where a neuron's strength is chosen


class ConvexFit:
    """Ridge Poisson regression whose strength is chosen per neuron.

    A neuron has few spikes in the bins that choose, so the mean over neurons has a say, too.

    Args:
        strengths: to choose from, relative to a neuron's mean count, as of the encoding models.
        per_spike: divide them by the neuron's spikes: 1 is then a prior of variance 1 of the coefficients.

    Attributes:
        center_: mean of the features in training, shape (features,).
        strength_: chosen, shape (neurons,).
        coef_: shape (features, neurons).
        intercept_: shape (neurons,).
        mean_: mean training count, shape (neurons,).
        scale_: of the signals, 1 for spikes, shape (neurons,).
        range_: least and greatest training value of the features less the center, shape (2, features).
        limits_: least and greatest log expected count, shape (2, neurons).
    """

    def __init__(self, strengths: tuple[float, ...], per_spike: bool = False):
        self.strengths, self.per_spike = np.sort(strengths)[::-1], per_spike

    def fit(self, features: np.ndarray, counts: np.ndarray, chooses: np.ndarray) -> Self:
        """Choose strengths without the bins that choose, then fit to all.

        Args:
            features: float32, shape (bins, features).
            counts: spikes, shape (bins, neurons).
            chooses: bins on which strengths are compared, bool, shape (bins,).
        """
        self.center_ = features.mean(0, dtype=np.float64).astype(np.float32)
        features = features - self.center_
        gains = self._gains(features[~chooses], counts[~chooses], features[chooses], counts[chooses])
        self.strength_ = self.strengths[gains.argmax(0)]
        strength = self.strength_ * self._scale(counts.sum(0))
        encoder = PoissonEncoder(strength, tolerance=ROUGHLY).fit(features, counts)
        self.encoder_ = encoder
        self.coef_, self.intercept_, self.mean_ = encoder.coef_, encoder.intercept_, encoder.mean_
        self.range_, self.limits_, self.scale_ = encoder.range_, encoder.limits_, np.ones(len(encoder.mean_))
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Expected counts, shape (bins, neurons)."""
        return self.encoder_.predict(features - self.center_)

    def score(self, features: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Bits per spike against the training mean, shape (neurons,)."""
        return bits_per_spike(counts, self.predict(features), self.mean_)

    def _gains(
        self, features: np.ndarray, counts: np.ndarray, other: np.ndarray, of_other: np.ndarray
    ) -> np.ndarray:
        """What each strength gains on the other bins, nats, shape (strengths, neurons)."""
        data = Data(features, counts)
        penalty = Penalty.of("ridge", np.append(np.zeros(features.shape[1], int), FREE))
        mean, within = mean_count(data.spikes, data.n_bins), np.clip(other, features.min(0), features.max(0))
        spikes, found = np.maximum(of_other.sum(0), 1.0), []
        scale = self._scale(data.spikes)
        each = (strength * scale for strength in self.strengths)
        for coef, _ in solve_path(data, penalty, each, tolerance=ROUGHLY):
            limits = rate_limits(data.log_rate_range(coef), data.n_bins)
            rates = np.exp(np.clip(within @ coef[:-1] + coef[-1], *limits))
            gain = likelihood_gain(of_other, rates, mean)
            found.append(gain + _COMMON * np.mean(gain / spikes))
        return np.stack(found)

    def _scale(self, spikes: np.ndarray) -> np.ndarray:
        """What strengths are multiplied with, shape (neurons,)."""
        return 1 / np.maximum(spikes, 1.0) if self.per_spike else np.ones(len(spikes))


def choosing(n_bins: int, block: int) -> np.ndarray:
    """Every fourth block of bins; the last quarter where there are fewer than four blocks.

    Args:
        n_bins: number of bins.
        block: bins of a block.

    Returns:
        bool, shape (n_bins,).
    """
    block = min(block, max(1, n_bins // 4))
    return (np.arange(n_bins) // block) % 4 == 3
