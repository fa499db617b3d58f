"""Poisson regressions trained on some folds of a session and scored on the others.

    regression = PoissonRegression(features, folds, targets, settings, advance)
    held = regression.held_out(fold=0)
    held.gain                                               # nats above the training mean, (columns,)

`analysis.encoding.banded` has the same for banded ridge.
"""

import abc
import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

from analysis.encoding.design import Data
from analysis.encoding.features import Features
from analysis.encoding.folds import Folds
from analysis.encoding.newton import solve, solve_path
from analysis.encoding.penalties import FREE, Penalty, PenaltyName
from analysis.encoding.scores import mean_count
from analysis.encoding.settings import EncodingSettings
from analysis.encoding.targets import Targets
from rodent.errors import InputError, WorkError

_BYTES = 1 << 28  # of the neurons' counts and own features that are held at once
_CURVES = 1 << 24  # numbers in the curvatures that are held at once
_ROUGHLY = 1e-6  # nats per spike that may be missing where strengths are compared, in single precision


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """What became of one fold held out.

    Attributes:
        gain: log-likelihood above that of the training mean, nats, shape (columns,).
        mean: training mean, spikes per bin, shape (columns,).
        strengths: of the penalty that was chosen, shape (columns,).
        rates: expected counts of the neurons, without the shifts, shape (rows of the fold, neurons).
        squares: of a linear regression, squared error and that of the training mean, shape (2, neurons).
        weights: of a banded one, part of each band in the sum of all, shape (bands, neurons).
    """

    gain: np.ndarray
    mean: np.ndarray
    strengths: np.ndarray
    rates: np.ndarray
    squares: np.ndarray | None = None
    weights: np.ndarray | None = None


class Regression(abc.ABC):
    """A regression of all columns of counts on the features of a model.

    Attributes:
        unconverged: fits of a neuron that stopped short of the optimum.

    Args:
        features: of the model.
        folds: of the session.
        targets: the counts.
        settings: of the regression.
        advance: told what part of a fit of all neurons is done.
    """

    def __init__(
        self,
        features: Features,
        folds: Folds,
        targets: Targets,
        settings: EncodingSettings,
        advance: Callable[[float], None],
    ):
        self.features, self.folds, self.targets, self.settings = features, folds, targets, settings
        self.advance = advance
        self.unconverged = 0

    @staticmethod
    @abc.abstractmethod
    def n_fits(settings: EncodingSettings) -> int:
        """How many regressions of all neurons there are: the unit of progress."""

    @abc.abstractmethod
    def held_out(self, fold: int) -> HeldOut:
        """Train without a fold, and score on it.

        Raises:
            InputError: there are fewer training bins than features.
        """


class PoissonRegression(Regression):
    """Poisson regression with one of the penalties; its strength is chosen within the training folds."""

    @staticmethod
    def n_fits(settings: EncodingSettings) -> int:
        """How many regressions of all neurons there are: the unit of progress."""
        pairs, strengths = math.comb(settings.folds, 2), len(settings.strengths)
        return settings.folds + (pairs * strengths if strengths > 1 else 0)

    @functools.cached_property
    def strengths(self) -> np.ndarray:
        """What serves each column best within the training folds of each fold, shape (folds, columns).

        Of the regressions without folds i and j, the score on j chooses for i and the other
        way round. Every shift chooses its own: with another's it would earn less than the score
        does where there is only drift.
        """
        # from the strongest on, each begins where the one before ended
        strengths = np.sort(self.settings.strengths)[::-1]
        n_folds, n_columns = self.folds.n_folds, self.targets.n_columns
        total = np.zeros((len(strengths), n_folds, n_columns))
        for pair in itertools.combinations(range(n_folds), 2) if len(strengths) > 1 else ():
            fit = self._prepare(pair)
            for columns in self._groups(n_columns, fit):
                train, tests = fit.data(columns, np.float32)
                mean = mean_count(train.spikes, train.n_bins)
                every = (np.full(train.n_neurons, strength) for strength in strengths)
                for s, (coef, _) in enumerate(solve_path(train, fit.penalty, every, tolerance=_ROUGHLY)):
                    for test, other in zip(tests, pair[::-1], strict=True):
                        total[s, other, columns] += _gain(test, coef, mean)
                    self.advance((columns.stop - columns.start) / n_columns)
        return strengths[total.argmax(0)]

    def held_out(self, fold: int) -> HeldOut:
        """Train without a fold, and score on it.

        Raises:
            InputError: there are fewer training bins than features.
            WorkError: a fit came out infinite.
        """
        strengths = self.strengths[fold]
        fit = self._prepare((fold,))
        n_columns, n = self.targets.n_columns, self.targets.n_neurons
        gain, means = np.zeros(n_columns), np.zeros(n_columns)
        rates = np.zeros((len(fit.tests[0]), n), np.float32)
        for columns in self._groups(n_columns, fit):
            # most of the way is gone in single precision
            near, _ = fit.data(columns, np.float32)
            coef, _ = solve(near, fit.penalty, strengths[columns], tolerance=_ROUGHLY)
            train, (test,) = fit.data(columns, np.float64)
            coef, converged = solve(train, fit.penalty, strengths[columns], coef)
            if not np.isfinite(coef).all():
                raise WorkError(
                    "a Poisson regression came out infinite; take stronger penalties (--strengths)"
                )
            self.unconverged += int((~converged).sum())
            means[columns] = mean_count(train.spikes, train.n_bins)
            gain[columns] = _gain(test, coef, means[columns])
            if columns.start < n:
                rates[:, columns] = test.rates(coef)[:, : n - columns.start]
            self.advance((columns.stop - columns.start) / n_columns)
        return HeldOut(gain, means, strengths, rates)

    def _prepare(self, held_out: tuple[int, ...]) -> "_Fit":
        train = self.folds.training(held_out)
        features, groups = self.features.fitted(held_out)
        n_own = self.targets.n_own
        enough_bins(len(train), features.shape[1] + n_own)
        # the own past is a band by itself
        groups = np.concatenate([groups, [FREE], np.full(n_own, len(self.features.bands))])
        name: PenaltyName = self.settings.model  # ty: ignore[invalid-assignment]
        penalty = Penalty.of(name, groups, self.settings.l1_ratio)
        return _Fit(features, train, [self.folds.rows(fold) for fold in held_out], penalty, self.targets)

    def _groups(self, n_columns: int, fit: "_Fit") -> Iterator[slice]:
        # of a column: its counts and its own features
        size = len(fit.features) * (1 + self.targets.n_own * np.dtype(np.float32).itemsize)
        width = max(1, min(_BYTES // size, _CURVES // len(fit.penalty.ridge) ** 2))
        for start in range(0, n_columns, width):
            yield slice(start, min(start + width, n_columns))


@dataclasses.dataclass(frozen=True)
class _Fit:
    """Features fitted to some training rows."""

    features: np.ndarray
    train: np.ndarray
    tests: list[np.ndarray]
    penalty: Penalty
    targets: Targets

    def data(self, columns: slice, dtype: type[np.floating]) -> tuple[Data, list[Data]]:
        """Training data of some columns, and those of each fold held out, in a precision.

        Features held out are taken no further than training went: beyond, an exponential says
        nothing but can cost any number of bits.
        """
        counts, own = self.targets.counts(columns), self.targets.own(columns).astype(dtype, copy=False)
        shared, past = self.features[self.train].astype(dtype, copy=False), own[:, self.train]
        center, scale = past.mean(1, keepdims=True), past.std(1, keepdims=True)
        scale[scale == 0] = 1.0
        past = (past - center) / scale
        low, high = shared.min(0), shared.max(0)
        least, most = past.min(1, keepdims=True), past.max(1, keepdims=True)
        tests = [
            Data(
                np.clip(self.features[rows].astype(dtype, copy=False), low, high),
                counts[rows],
                np.clip((own[:, rows] - center) / scale, least, most),
            )
            for rows in self.tests
        ]
        return Data(shared, counts[self.train], past), tests


def enough_bins(n_bins: int, n_features: int) -> None:
    """Refuse a regression on more features than there are bins to learn from.

    Raises:
        InputError: it is one.
    """
    if n_bins <= n_features:
        raise InputError(
            f"{n_features} features are regressed on in {n_bins} training bins; take a longer recording, "
            "shorter bins, or fewer --components, --lags or bands"
        )


def _gain(data: Data, coef: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Nats above constant rates, shape (neurons,)."""
    return data.log_likelihood(coef) - data.spikes * np.log(mean) + data.n_bins * mean
