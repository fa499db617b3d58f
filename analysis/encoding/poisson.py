"""Poisson regression of many neurons at once, in scikit-learn's manner.

    encoder = PoissonEncoder(strength=0.1).fit(features, counts)
    encoder.predict(features)           # expected counts, (bins, neurons)
    encoder.score(features, counts)     # bits per spike, (neurons,)

The rate is the exponential of a weighted sum of features. How the optimum is found stands in
`analysis.encoding.newton`.
"""

from typing import Self

import numpy as np

from analysis.encoding.design import Data
from analysis.encoding.encoder import Encoder
from analysis.encoding.newton import TOLERANCE, solve
from analysis.encoding.penalties import FREE, Penalty, PenaltyName
from analysis.encoding.regressions import rate_limits
from analysis.encoding.scores import mean_count
from rodent.errors import WorkError


class PoissonEncoder(Encoder):
    """Penalised Poisson regression with an exponential link, for many neurons.

    Per neuron it minimises the mean over bins of (rate - count log rate) / mean count, plus
    strength times the penalty; that of ridge is half the squared coefficients (without the
    intercept). Features in single precision are fitted in single precision.

    Attributes:
        strength: of the penalty, relative to the neuron's mean count; one for all neurons
            or shape (neurons,).
        penalty: `ridge`, `elastic-net` or `group-lasso`.
        groups: of the group lasso, an integer per feature; one for all features if None.
        l1_ratio: part of the elastic net that is absolute values.
        tolerance: nats per spike that may be missing from the optimum.
        coef_: shape (features, neurons).
        intercept_: log of the expected count where all features are zero, shape (neurons,).
        mean_: mean training count, shape (neurons,); half a spike in all where there is none.
        range_: least and greatest training value of the features, shape (2, features).
        limits_: least and greatest log rate that is predicted, shape (2, neurons).
        converged_: whether the optimum was reached, bool, shape (neurons,).
    """

    def __init__(
        self,
        strength: float | np.ndarray = 0.1,
        penalty: PenaltyName = "ridge",
        groups: np.ndarray | None = None,
        l1_ratio: float = 0.5,
        tolerance: float = TOLERANCE,
    ):
        self.strength, self.penalty, self.groups = strength, penalty, groups
        self.l1_ratio, self.tolerance = l1_ratio, tolerance

    def fit(self, features: np.ndarray, counts: np.ndarray) -> Self:
        """Fit all neurons.

        Args:
            features: shape (bins, features).
            counts: spikes, shape (bins, neurons).

        Raises:
            WorkError: a fit came out infinite.
        """
        n_bins, n_neurons = counts.shape
        self.range_ = np.stack([features.min(0), features.max(0)])
        self.mean_ = mean_count(counts.sum(0, dtype=np.float64), n_bins)
        groups = np.zeros(features.shape[1], int) if self.groups is None else self.groups
        penalty = Penalty.of(self.penalty, np.append(groups, FREE), self.l1_ratio)
        strength = np.broadcast_to(np.asarray(self.strength, float), n_neurons)
        data = Data(features, counts)
        coef, self.converged_ = solve(data, penalty, strength, tolerance=self.tolerance)
        if not np.isfinite(coef).all():
            raise WorkError("a Poisson regression came out infinite; take stronger penalties (--strengths)")
        self.coef_, self.intercept_ = coef[:-1], coef[-1]
        self.limits_ = rate_limits(data.log_rate_range(coef), n_bins)
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Expected counts, shape (bins, neurons).

        Features are taken no further than training went, and rates no further than `rate_limits`
        of those fitted: beyond, an exponential says nothing but can cost any number of bits.
        """
        log_rate = np.clip(features, *self.range_) @ self.coef_ + self.intercept_
        return np.exp(np.clip(log_rate, *self.limits_))
