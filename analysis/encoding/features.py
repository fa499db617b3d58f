"""Bands as features of the bins used; what is learnt of them is learnt from training bins alone.

model = Features(bands, rows, sources, 32, folds)
features, groups = model.fitted(held_out=(0,))  # (rows, features), (features,)
"""

import functools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from analysis.encoding.bands import Band
from analysis.encoding.bases import Splines
from analysis.encoding.components import Components, Moments
from analysis.encoding.folds import Folds
from rodent.errors import InputError


class FeatureName(NamedTuple):
    """What a feature is: its band, the column, and its lag in seconds."""

    band: str
    column: str
    lag: float


class Features:
    """The features of a model, without the history.

    Args:
        bands: of the model.
        rows: bins used, in order, shape (rows,).
        sources: by band, the bin at each of its lags, shape (rows, lags).
        components: most principal components of a band, per lag; None for all features.
        folds: of the rows.
        lags: seconds, by band, for the names of features.

    Attributes:
        n_components: features per lag, over all bands, the most that any fit had.

    Raises:
        InputError: a band does not change.
    """

    def __init__(
        self,
        bands: Sequence[Band],
        rows: np.ndarray,
        sources: Mapping[str, np.ndarray],
        components: int | None,
        folds: Folds,
        lags: Mapping[str, Sequence[float]] | None = None,
    ):
        self.bands, self.rows, self.sources = bands, rows, sources
        self.components, self.folds, self.lags = components, folds, lags or {}
        self.n_components = 0
        for band in bands:
            if not np.ptp(band.values[rows], axis=0).any():
                n, word = band.values.shape[1], "units" if band.kind == "layer" else "columns"
                raise InputError(f"all {n} {word} of {band} are constant; take another {band.kind}")

    def fitted(self, held_out: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Features of all rows, standardised and reduced as the training rows ask for.

        Args:
            held_out: folds that are not trained on.

        Returns:
            float32, shape (rows, features); the index of each feature's band, shape (features,).
        """
        parts, groups, n_components = [np.zeros((len(self.rows), 0), np.float32)], [], 0
        for i, band in enumerate(self.bands):
            found = self._reduced(band, i, held_out)
            n_components += found.shape[1]
            sources = self.sources[band.name]
            parts.append(found[sources].reshape(len(sources), -1))
            groups += [i] * parts[-1].shape[1]
        self.n_components = max(self.n_components, n_components)
        return np.concatenate(parts, axis=1), np.array(groups, int)

    def names(self, held_out: tuple[int, ...]) -> list[FeatureName]:
        """What the features of `fitted` are, in their order.

        A feature is a column of its band, one of its splines, or a principal component of either.
        """
        found = []
        for i, band in enumerate(self.bands):
            components, _ = self._components(band, i, held_out)
            # what does not vary in training is no feature
            kept = np.flatnonzero(components.live_)
            columns = [band.columns[k] if band.columns and not band.place else str(k) for k in kept]
            if band.place:
                columns = [f"spline {k}" for k in columns]
            if components.reduced:
                columns = [f"component {k}" for k in range(components.weights_.shape[1])]
            lags = self.lags.get(band.name, (0.0,))
            found += [FeatureName(band.name, column, lag) for lag in lags for column in columns]
        return found

    def _reduced(self, band: Band, index: int, held_out: tuple[int, ...]) -> np.ndarray:
        """A band's features of all bins, shape (bins, features)."""
        components, values = self._components(band, index, held_out)
        return components.transform(values)

    def _components(self, band: Band, index: int, held_out: tuple[int, ...]) -> tuple[Components, np.ndarray]:
        """How a band is reduced, learnt from training bins; and what is reduced, shape (bins, columns)."""
        if band.place:  # the splines themselves are of the training bins
            bins = self.rows[self.folds.training(held_out)]
            values = Splines().fit(band.values[bins]).transform(band.values)
            return Components(self.components, together=True).fit(values[bins]), values
        kept = [part for fold, part in enumerate(self._moments[index]) if fold not in held_out]
        return Components(self.components).fit_moments(Moments.pooled(kept)), band.values

    @functools.cached_property
    def _moments(self) -> list[list[Moments]]:
        """Of each band, those of each fold: training sets share folds, so each is gone through once."""
        bins = [self.rows[rows] for rows in self.folds.trained]
        return [[] if band.place else [Moments.of(band.values[some]) for some in bins] for band in self.bands]
