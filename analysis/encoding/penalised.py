"""Poisson regressions with a penalty, its strengths chosen within the training folds.

regression = PoissonRegression(features, folds, targets, settings, advance)
held = regression.held_out(fold=0)
held.gain, held.rates                   # nats of every neuron; expected counts of the fold's bins
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from analysis.encoding.design import Data
from analysis.encoding.foldfit import FoldFit
from analysis.encoding.newton import Descent, solve, solve_path
from analysis.encoding.penalties import FREE, Penalty, PenaltyName
from analysis.encoding.regressions import HeldOut, Regression, enough_bins, rate_limits
from analysis.encoding.scores import mean_count
from analysis.encoding.settings import EncodingSettings
from rodent.errors import WorkError

ROUGHLY = 1e-6
"""Nats per spike that may be missing where strengths are compared, in single precision."""

_BYTES = 1 << 28  # of the neurons' counts and own features that are held at once
_CURVES = 1 << 24  # numbers in the curvatures that are held at once
_FACTORS = (0.01, 0.1, 10.0, 1000.0)  # of a band's strength, relative to the common one


class PoissonRegression(Regression):
    """Poisson regression with one of the penalties; its strengths are chosen within the training folds."""

    @classmethod
    def n_fits(cls, settings: EncodingSettings, n_groups: int = 1) -> int:
        """How many regressions of all neurons there are: the unit of progress."""
        pairs, strengths = math.comb(settings.folds, 2), len(settings.strengths)
        searched = pairs * strengths if strengths > 1 else 0
        refined = 2 * pairs if settings.separates(n_groups) else 0
        return settings.folds + searched + refined

    @functools.cached_property
    def strengths(self) -> np.ndarray:
        """What serves each column best within the training folds of each fold.

        Of the regressions without folds i and j, the score on j chooses for i and the other
        way round. Every shift chooses its own: with another's it would earn less than the score
        does where there is only drift. A strength for all bands is chosen first; then each band's
        may go up or down from there.

        Returns:
            shape (folds, groups, columns); the groups are the bands, and the own past.
        """
        common = self._common_strengths()
        shape = (self.folds.n_folds, self.n_groups, self.targets.n_columns)
        chosen = np.broadcast_to(common[:, None], shape).copy()
        return self._refined(chosen) if self.settings.separates(self.n_groups) else chosen

    @property
    def n_groups(self) -> int:
        """Bands, and the own past as one more."""
        return len(self.features.bands) + bool(self.targets.n_own)

    def _common_strengths(self) -> np.ndarray:
        """One for all bands, shape (folds, columns)."""
        # from the strongest on, each begins where the one before ended
        strengths = np.sort(self.settings.strengths)[::-1]
        n_folds, n_columns = self.folds.n_folds, self.targets.n_columns
        total = np.zeros((len(strengths), n_folds, n_columns))
        for pair in itertools.combinations(range(n_folds), 2) if len(strengths) > 1 else ():
            fit = self._prepare(pair)
            for columns in self.columns(n_columns, fit):
                train, tests = fit.data(columns, np.float32)
                every = (np.full(train.n_neurons, strength) for strength in strengths)
                for s, (coef, _) in enumerate(solve_path(train, fit.penalty, every, tolerance=ROUGHLY)):
                    for gain, other in zip(_gains(train, tests, coef), pair[::-1], strict=True):
                        total[s, other, columns] += gain
                    self.advance((columns.stop - columns.start) / n_columns)
        return strengths[total.argmax(0)]

    def _refined(self, chosen: np.ndarray) -> np.ndarray:
        """Strengths by band, shape (folds, groups, columns), from a common one.

        Each band's is tried weaker and stronger, one Newton step from the optimum for the common
        one. What is best for each band by itself is then tried together, and kept if it is better than
        the best single change.
        """
        n_folds, n_groups, n_columns = chosen.shape
        # factors of each trial: none, then one band at a time
        trials = np.ones((1 + n_groups * len(_FACTORS), n_groups))
        for i, (group, factor) in enumerate(itertools.product(range(n_groups), _FACTORS)):
            trials[1 + i, group] = factor
        found = chosen.copy()
        for fold in range(n_folds):
            fits = [self._prepare((fold, other)) for other in range(n_folds) if other != fold]
            for columns in self.columns(n_columns, fits[0]):
                common = chosen[fold][:, columns]
                inner = [_Inner.at(fit, columns, common) for fit in fits]
                gains = np.stack([_total(inner, common * factors[:, None]) for factors in trials])
                by_group = gains[1:].reshape(n_groups, len(_FACTORS), -1)
                best = np.array(_FACTORS)[by_group.argmax(1)]
                together = np.where(by_group.max(1) > gains[0], best, 1.0)
                alone = trials[gains.argmax(0)].T
                better = _total(inner, common * together) > gains.max(0)
                found[fold][:, columns] = common * np.where(better, together, alone)
                self.advance((columns.stop - columns.start) / n_columns * (n_folds - 1))
        return found

    def held_out(self, fold: int) -> HeldOut:
        """Train without a fold, and score on it.

        Raises:
            InputError: there are fewer training bins than features.
            WorkError: a fit came out infinite.
        """
        strengths = self.strengths[fold]
        fit = self._prepare((fold,))
        n_columns, n = self.targets.n_columns, self.targets.n_neurons
        gain, means, bounded = np.zeros(n_columns), np.zeros(n_columns), np.zeros(n_columns, np.int64)
        rates = np.zeros((len(fit.tests[0]), n), np.float32)
        kept = np.zeros((len(fit.penalty.ridge), n))
        for columns in self.columns(n_columns, fit):
            wanted = fit.per_coefficient(strengths[:, columns])
            # most of the way is gone in single precision
            near, _ = fit.data(columns, np.float32)
            coef, _ = solve(near, fit.penalty, wanted, tolerance=ROUGHLY)
            train, (test,) = fit.data(columns, np.float64)
            coef, converged = solve(train, fit.penalty, wanted, coef)
            if not np.isfinite(coef).all():
                raise WorkError(
                    "a Poisson regression came out infinite; take stronger penalties (--strengths)"
                )
            self.unconverged += int((~converged).sum())
            means[columns] = mean_count(train.spikes, train.n_bins)
            limits = rate_limits(train.log_rate_range(coef), train.n_bins)
            gain[columns], bounded[columns] = test.gain(coef, limits, means[columns])
            if columns.start < n:
                mine = slice(columns.start, min(columns.stop, n))
                kept[:, mine] = coef[:, : n - columns.start]
                rates[:, mine] = test.rates(coef, limits)[:, : n - columns.start]
            self.advance((columns.stop - columns.start) / n_columns)
        return HeldOut(gain, means, strengths, rates, bounded, kept)

    def rates(self) -> np.ndarray:
        """Expected counts of the neurons, of one fit to all folds, shape (rows, neurons).

        Its strengths are the geometric means of those chosen for the folds.
        """
        fit = dataclasses.replace(self._prepare(()), tests=[np.arange(self.folds.n_rows)])
        strengths = np.exp(np.log(self.strengths).mean(0))
        found = np.empty((self.folds.n_rows, self.targets.n_neurons), np.float32)
        for columns in self.columns(self.targets.n_neurons, fit):
            train, (everywhere,) = fit.data(columns, np.float32)
            wanted = fit.per_coefficient(strengths[:, columns])
            coef, _ = solve(train, fit.penalty, wanted, tolerance=ROUGHLY)
            found[:, columns] = everywhere.rates(coef, rate_limits(train.log_rate_range(coef), train.n_bins))
        return found

    def with_band(self, fold: int, features: np.ndarray) -> FoldFit:
        """The fit without a fold, with one more band of features, shape (rows, columns)."""
        return self._prepare((fold,), features)

    def _prepare(self, held_out: tuple[int, ...], more: np.ndarray | None = None) -> FoldFit:
        train = self.folds.training(held_out)
        features, groups = self.features.fitted(held_out)
        n_own, n_bands = self.targets.n_own, len(self.features.bands)
        if more is not None:
            features = np.concatenate([features, more], axis=1)
            groups = np.append(groups, np.full(more.shape[1], self.n_groups))
        enough_bins(len(train), features.shape[1] + n_own)
        # the own past is a band by itself
        groups = np.concatenate([groups, [FREE], np.full(n_own, n_bands)])
        name: PenaltyName = self.settings.model  # ty: ignore[invalid-assignment]
        penalty = Penalty.of(name, groups, self.settings.l1_ratio)
        tests = [self.folds.rows(fold) for fold in held_out]
        return FoldFit(features, train, tests, penalty, groups, self.targets)

    def columns(self, n_columns: int, fit: FoldFit) -> Iterator[slice]:
        """As many columns at a time as memory bears."""
        # of a column: its counts and its own features
        size = len(fit.features) * (1 + self.targets.n_own * np.dtype(np.float32).itemsize)
        width = max(1, min(_BYTES // size, _CURVES // len(fit.penalty.ridge) ** 2))
        for start in range(0, n_columns, width):
            yield slice(start, min(start + width, n_columns))


class _Inner(NamedTuple):
    """A fit within the training folds of another, at the optimum for some strengths."""

    fit: FoldFit
    train: Data
    test: Data
    descent: Descent

    @classmethod
    def at(cls, fit: FoldFit, columns: slice, strengths: np.ndarray) -> "_Inner":
        """Of the last fold held out; strengths of shape (groups, columns)."""
        train, (*_, test) = fit.data(columns, np.float32)
        descent = Descent(train, fit.penalty)
        descent.to(fit.per_coefficient(strengths), ROUGHLY)
        return cls(fit, train, test, descent)


def _total(inner: list[_Inner], strengths: np.ndarray) -> np.ndarray:
    """Nats on all inner folds, one Newton step towards other strengths (groups, columns); (columns,)."""
    found = np.zeros(strengths.shape[1])
    for one in inner:
        coef = one.descent.one_step(one.fit.per_coefficient(strengths))
        found += _gains(one.train, [one.test], coef)[0]
    return found


def _gains(train: Data, tests: list[Data], coef: np.ndarray) -> list[np.ndarray]:
    """Nats above the training mean in each of the tests, shape (neurons,)."""
    limits, mean = (
        rate_limits(train.log_rate_range(coef), train.n_bins),
        mean_count(train.spikes, train.n_bins),
    )
    return [test.gain(coef, limits, mean)[0] for test in tests]
