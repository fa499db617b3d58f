"""Regressions of many calcium signals on given features, their strengths chosen within the training bins.

    fitted = convex_fit("gaussian", strengths, prior=True).fit(features, signals, chooses)
    fitted.predict(features)            # expected signals, (bins, neurons)

What `analysis.twin.convex` is for spikes. With the Gaussian likelihood it is ridge regression, which is
solved exactly; with ELU + 1 it is convex, and solved by Fisher scoring (McCullagh and Nelder, Generalized
Linear Models, 1989), neuron by neuron. Signals are divided by their standard deviations before.
"""

from typing import Self

import numpy as np

from analysis.twin.convex import ConvexFit
from analysis.twin.likelihood import linear_of, mean_of, nats_of, scale_of
from analysis.twin.settings import LikelihoodName
from rodent.errors import WorkError

_MOST_STEPS = 50
_TOLERANCE = 1e-6  # nats per bin that a step of Fisher scoring must still gain
_SHORTEST = 2.0**-20  # of a step, when it is halved because it gains nothing


class SignalFit:
    """Penalised regression whose strength is chosen per neuron.

    Args:
        likelihood: `gaussian` or `elu`.
        strengths: to choose from, relative to the number of bins.
        prior: they are not relative, but precisions of a prior of the coefficients: 1 is a variance of 1.

    Attributes:
        scale_: standard deviation of the signals in training, shape (neurons,).
        center_: mean of the features in training, shape (features,).
        strength_: chosen, shape (neurons,).
        coef_: of the signals over their scale, shape (features, neurons).
        intercept_: shape (neurons,).
        mean_: mean training signal, shape (neurons,).
        range_: least and greatest training value of the features less the center, shape (2, features).
        limits_: least and greatest linear prediction in training, shape (2, neurons).
    """

    def __init__(self, likelihood: LikelihoodName, strengths: tuple[float, ...], prior: bool = False):
        self.likelihood, self.strengths, self.prior = likelihood, np.sort(strengths)[::-1], prior

    def fit(self, features: np.ndarray, signals: np.ndarray, chooses: np.ndarray) -> Self:
        """Choose strengths without the bins that choose, then fit to all.

        Args:
            features: shape (bins, features).
            signals: calcium, not constant, shape (bins, neurons).
            chooses: bins on which strengths are compared, bool, shape (bins,).
        """
        self.center_ = features.mean(0, dtype=np.float64).astype(np.float32)
        inside = (features - self.center_).astype(np.float64)
        self.mean_ = signals.mean(0, dtype=np.float64)
        self.scale_ = scale_of(signals, self.likelihood)
        scaled = signals / self.scale_
        gains = self._gains(inside[~chooses], scaled[~chooses], inside[chooses], scaled[chooses])
        self.strength_ = self.strengths[gains.argmax(0)]
        coef = self._solve(inside, scaled, self.strength_, None)
        if not np.isfinite(coef).all():
            raise WorkError("a regression came out infinite; take stronger penalties (--strengths)")
        self.coef_, self.intercept_ = coef[:-1], coef[-1]
        self.range_ = np.stack([inside.min(0), inside.max(0)])
        linear = inside @ self.coef_ + self.intercept_
        self.limits_ = np.stack([linear.min(0), linear.max(0)])
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Expected signals, shape (bins, neurons); no further than training went, as for spikes."""
        linear = np.clip(features - self.center_, *self.range_) @ self.coef_ + self.intercept_
        return self.scale_ * mean_of(np.clip(linear, *self.limits_), self.likelihood)

    def _gains(
        self, features: np.ndarray, signals: np.ndarray, other: np.ndarray, of_other: np.ndarray
    ) -> np.ndarray:
        """What each strength gains on the other bins, nats per bin, shape (strengths, neurons)."""
        mean = np.broadcast_to(linear_of(signals.mean(0), self.likelihood), of_other.shape)
        of_mean = nats_of(mean, of_other, self.likelihood).mean(0)
        within, coef, found = np.clip(other, features.min(0), features.max(0)), None, []
        for strength in self.strengths:
            coef = self._solve(features, signals, np.full(signals.shape[1], strength), coef)
            linear = within @ coef[:-1] + coef[-1]
            found.append(of_mean - nats_of(linear, of_other, self.likelihood).mean(0))
        return np.stack(found)

    def _solve(
        self, features: np.ndarray, signals: np.ndarray, strength: np.ndarray, start: np.ndarray | None
    ) -> np.ndarray:
        """Coefficients, and the intercept last, shape (features + 1, neurons)."""
        penalty = strength * (1.0 if self.prior else len(features))
        if self.likelihood == "gaussian":
            return fit_gaussian(features, signals, penalty)
        return fit_elu(features, signals, penalty, start)


def convex_fit(
    likelihood: LikelihoodName, strengths: tuple[float, ...], prior: bool = False
) -> ConvexFit | SignalFit:
    """The regression of a likelihood; see `SignalFit` for `prior`, which for spikes is `per_spike`."""
    if likelihood == "poisson":
        return ConvexFit(strengths, per_spike=prior)
    return SignalFit(likelihood, strengths, prior)


def fit_gaussian(features: np.ndarray, signals: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """Ridge regression: half the squared errors, and the penalty times half the squared coefficients.

    Args:
        features: shape (bins, features).
        signals: shape (bins, neurons).
        penalty: positive, shape (neurons,).

    Returns:
        coefficients, and the intercept, which has no penalty, last; shape (features + 1, neurons).
    """
    middle, mean = features.mean(0), signals.mean(0)
    centred = features - middle
    sizes, directions = np.linalg.eigh(centred.T @ centred)
    projected = directions.T @ (centred.T @ (signals - mean))
    coef = directions @ (projected / (np.maximum(sizes, 0.0)[:, None] + penalty))
    return np.vstack([coef, mean - middle @ coef])


def fit_elu(
    features: np.ndarray, signals: np.ndarray, penalty: np.ndarray, start: np.ndarray | None = None
) -> np.ndarray:
    """The same with ELU + 1 and the Poisson likelihood.

    Args:
        features: shape (bins, features).
        signals: not negative, shape (bins, neurons).
        penalty: positive, shape (neurons,).
        start: coefficients to begin with, shape (features + 1, neurons); None for the mean alone.

    Returns:
        as of `fit_gaussian`.
    """
    design = np.column_stack([features, np.ones(len(features))])
    if start is None:
        start = np.zeros((design.shape[1], signals.shape[1]))
        start[-1] = linear_of(signals.mean(0), "elu")
    each = zip(signals.T, penalty, start.T, strict=True)
    return np.stack([_fit_one_elu(design, signal, one, begin) for signal, one, begin in each], axis=1)


def _fit_one_elu(design: np.ndarray, signal: np.ndarray, penalty: float, begin: np.ndarray) -> np.ndarray:
    """Coefficients of one neuron, the intercept last."""
    ridge = np.append(np.full(design.shape[1] - 1, penalty), 0.0)

    def cost(coef: np.ndarray) -> float:
        return float(nats_of(design @ coef, signal, "elu").sum() + 0.5 * (ridge * coef**2).sum())

    coef, now = begin, cost(begin)
    for _ in range(_MOST_STEPS):
        linear = design @ coef
        mean, slope = mean_of(linear, "elu"), np.exp(np.minimum(linear, 0.0))
        gradient = design.T @ (slope * (1 - signal / mean)) + ridge * coef
        information = design.T @ ((slope**2 / mean)[:, None] * design) + np.diag(ridge)
        step, length = np.linalg.solve(information, gradient), 1.0
        while (then := cost(coef - length * step)) > now and length > _SHORTEST:
            length /= 2
        if then >= now:
            return coef
        gained, coef, now = now - then, coef - length * step, then
        if gained < _TOLERANCE * len(signal):
            return coef
    return coef
