"""Banded ridge: linear regression with a penalty of its own for every band of features.

Of the roots of the counts, whose variance hardly depends on the rate (Bartlett, J. R. Stat. Soc.
Suppl. 3, 68, 1936). The penalties are found by himalaya's random search over weightings of the
bands (Dupré la Tour et al., NeuroImage 264, 119728, 2022), per neuron, by cross-validation within
the training folds. A band that predicts nothing gets next to no weight and does no harm.

Of a fold only X = QR and Q'y matter to a linear regression, be it trained on the fold or tested: so
himalaya is given R and Q'y, with as many rows as there are features, in place of the bins.
"""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from analysis.encoding.features import Features
from analysis.encoding.folds import Folds
from analysis.encoding.regressions import HeldOut, Regression, enough_bins, rate_limits, require_shared
from analysis.encoding.scores import likelihood_gain, mean_count
from analysis.encoding.settings import EncodingSettings
from analysis.encoding.targets import Targets
from rodent.errors import InputError

_CELLS = 1 << 22  # bins x columns at once


class BandedRegression(Regression):
    """Banded ridge of the roots of counts.

    An expected root r means an expected count of r² + the variance about it, which is always
    positive; a negative r counts as zero.
    """

    def __init__(
        self,
        features: Features,
        folds: Folds,
        targets: Targets,
        settings: EncodingSettings,
        advance: Callable[[float], None],
    ):
        super().__init__(features, folds, targets, settings, advance)
        require_shared(targets, "banded ridge")
        if settings.folds < 3:
            raise InputError(
                "banded ridge chooses its penalties between training folds; take 3 --folds or more"
            )

    @classmethod
    def n_fits(cls, settings: EncodingSettings, n_groups: int = 1) -> int:
        """How many regressions of all neurons there are: the unit of progress."""
        return settings.folds

    def held_out(self, fold: int) -> HeldOut:
        """Train without a fold, and score on it.

        Raises:
            InputError: there are fewer training bins than features, or himalaya is not installed.
        """
        train, test = self.folds.training((fold,)), self.folds.rows(fold)
        features, groups = self.features.fitted((fold,))
        enough_bins(len(train), features.shape[1])
        n, n_columns = self.targets.n_neurons, self.targets.n_columns
        counts = self.targets.counts(slice(0, n_columns))
        low, high = features[train].min(0), features[train].max(0)
        center = features[train].mean(0, dtype=np.float64)
        means, roots = np.empty(n_columns), np.empty(n_columns)
        for columns in _slices(n_columns, len(train)):
            real = counts[train, columns]
            means[columns] = mean_count(real.sum(0, dtype=np.float64), len(train))
            roots[columns] = np.sqrt(real.astype(np.float32)).mean(0, dtype=np.float64)

        others = [f for f in range(self.folds.n_folds) if f != fold]
        short = [self._compressed(f, features, counts, center, roots) for f in others]
        weights, coef, alphas = self._search(short, groups, len(train))
        error = sum(left + ((y - x @ coef) ** 2).sum(0) for x, y, left in short) / len(train)

        inside, trained = np.clip(features[test], low, high) - center, features[train] - center
        gain, squares, bounded = np.empty(n_columns), np.empty((2, n)), np.empty(n_columns, np.int64)
        rates = np.empty((len(test), n), np.float32)
        for columns in _slices(n_columns, len(test)):
            expected = inside @ coef[:, columns] + roots[columns]
            fitted = trained @ coef[:, columns] + roots[columns]
            limits = np.stack(
                [_counts(fitted.min(0), error[columns]), _counts(fitted.max(0), error[columns])]
            )
            low_rate, high_rate = np.exp(rate_limits(np.log(limits), len(train)))
            found, real = _counts(expected, error[columns]), counts[test, columns]
            bounded[columns] = ((found < low_rate) | (found > high_rate)).sum(0)
            found = np.clip(found, low_rate, high_rate)
            gain[columns] = likelihood_gain(real, found, means[columns])
            count = max(0, min(columns.stop, n) - columns.start)
            mine = slice(columns.start, columns.start + count)
            rates[:, mine] = found[:, :count]
            root = np.sqrt(real[:, :count])
            squares[0, mine] = ((root - expected[:, :count]) ** 2).sum(0)
            squares[1, mine] = ((root - roots[mine]) ** 2).sum(0)
        self.advance(1)
        return HeldOut(gain, means, alphas[None], rates, bounded, squares=squares, weights=weights[:, :n])

    def _compressed(
        self, fold: int, features: np.ndarray, counts: np.ndarray, center: np.ndarray, roots: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """R and Q'y of one training fold, and the squares of y that they lack."""
        rows = self.folds.trained[fold]
        basis, short = np.linalg.qr(features[rows] - center)
        y = np.sqrt(counts[rows].astype(np.float32)) - roots
        part = basis.T @ y
        return short, part, np.maximum(0.0, (y**2).sum(0) - (part**2).sum(0))

    def _search(
        self, short: list[tuple[np.ndarray, np.ndarray, np.ndarray]], groups: np.ndarray, n_bins: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights of the bands (bands, columns), coefficients, and strengths (columns,)."""
        solver = load_himalaya().ridge.solve_group_ridge_random_search
        x, y = (np.concatenate([part[i] for part in short]) for i in (0, 1))
        edges = np.cumsum([0, *(len(part[0]) for part in short)])
        every = np.arange(len(x))
        splits = [(np.delete(every, np.r_[a:b]), np.r_[a:b]) for a, b in itertools.pairwise(edges)]
        bands = range(len(self.features.bands))
        alphas = np.sort(self.settings.strengths) * n_bins / len(bands)
        deltas, coef, _ = solver(
            [x[:, groups == band] for band in bands],
            y,
            n_iter=self.settings.band_weights if len(bands) > 1 else np.ones((1, 1)),
            alphas=alphas,
            cv=splits,
            return_weights=True,
            random_state=self.settings.seed,
            progress_bar=False,
            warn=False,
        )
        weights = np.exp(deltas)
        total = weights.sum(0)
        # himalaya puts the bands side by side in their order, which is ours
        return weights / total, coef, len(bands) / (total * n_bins)


def _counts(root: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Expected counts of expected roots, and of the variance about them."""
    return np.maximum(root, 0) ** 2 + np.maximum(error, np.finfo(np.float32).tiny)


def _slices(n_columns: int, n_bins: int) -> list[slice]:
    """All columns, some at a time."""
    width = max(1, _CELLS // n_bins)
    return [slice(i, min(i + width, n_columns)) for i in range(0, n_columns, width)]


def load_himalaya() -> Any:
    """The package himalaya.

    Raises:
        InputError: it is not installed.
    """
    try:
        import himalaya.ridge
    except ImportError as error:
        raise InputError(
            f"banded ridge needs himalaya ({error}): pip install 'virtual-rodent[neuro]'"
        ) from error
    return himalaya
