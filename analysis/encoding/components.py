"""The leading principal components of a layer's standardised units.

    components = Components(32).fit(units[train])
    features = components.transform(units)          # (bins, features), training variance 1 on average

For several sets of training bins that share their parts, go through each part but once:

    parts = [Moments.of(units[rows]) for rows in folds]
    components = Components(32).fit_moments(Moments.pooled(parts[1:]))
"""

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np

_CHUNK = 4096  # rows taken at a time, which bounds memory


@dataclasses.dataclass(frozen=True)
class Moments:
    """Means and products of units in some bins, in double precision.

    Attributes:
        n: number of bins.
        mean: shape (units,).
        products: of the deviations from the mean, summed over bins, shape (units, units).
    """

    n: int
    mean: np.ndarray
    products: np.ndarray

    @classmethod
    def of(cls, units: np.ndarray) -> "Moments":
        """Of bins, shape (bins, units)."""
        mean = units.mean(0, dtype=np.float64)
        products = np.zeros((len(mean), len(mean)))
        for part in _parts(units):
            apart = part - mean
            products += apart.T @ apart
        return cls(len(units), mean, products)

    @classmethod
    def pooled(cls, parts: Sequence["Moments"]) -> "Moments":
        """Of all bins of the parts (Chan, Golub and LeVeque, The American Statistician 37, 242, 1983)."""
        n = sum(part.n for part in parts)
        mean = np.sum([part.n * part.mean for part in parts], axis=0) / n
        products = np.zeros((len(mean), len(mean)))
        for part in parts:
            apart = part.mean - mean
            products += part.products + part.n * np.outer(apart, apart)
        return cls(n, mean, products)


class Components:
    """Standardise units, then keep their leading principal components.

    The components have one scale, such that their mean variance is one: a ridge penalty on
    them is one on the standardised units, and means the same for layers of any size. A
    layer with no more units than components is only standardised.

    Attributes:
        n_components: how many; None for the standardised units themselves.
        together: whether all units have one scale instead, that of their mean variance: for
            units that are alike in kind, of which one that hardly varied in training, such as
            the spline of a corner seldom visited, should not be blown up.
        center_: mean of each unit, shape (units,).
        scale_: what each unit is divided by, shape (units,).
        live_: units that vary at all, bool, shape (units,).
        reduced: whether there were more units than components.
        weights_: from standardised units to features, shape (units, features).
    """

    def __init__(self, n_components: int | None, together: bool = False):
        self.n_components, self.together = n_components, together

    def fit(self, units: np.ndarray) -> Self:
        """Learn from training bins, shape (bins, units).

        If no unit varies there are no features.
        """
        return self.fit_moments(Moments.of(units))

    def fit_moments(self, moments: Moments) -> Self:
        """The same from what is known of these bins."""
        self.center_ = moments.mean
        self.scale_ = np.sqrt(moments.products.diagonal() / moments.n)
        self.live_ = self.scale_ > 1e-6 * np.abs(self.center_)
        if self.together and self.live_.any():
            self.scale_ = np.full_like(self.scale_, np.sqrt(np.square(self.scale_[self.live_]).mean()))
        self.scale_ = np.where(self.live_, self.scale_, 1.0)
        weights = np.eye(self.live_.sum())
        self.reduced = self.n_components is not None and len(weights) > self.n_components
        if self.reduced:
            scale = self.scale_[self.live_]
            correlation = (
                moments.products[np.ix_(self.live_, self.live_)] / np.outer(scale, scale) / moments.n
            )
            variance, vectors = np.linalg.eigh(correlation)
            variance, vectors = variance[::-1][: self.n_components], vectors[:, ::-1][:, : self.n_components]
            # what varies less than rounding does is no component
            kept = variance > 1e-5 * variance[0]
            weights = vectors[:, kept] / np.sqrt(variance[kept].mean())
        self.weights_ = np.zeros((len(self.live_), weights.shape[1]))
        self.weights_[self.live_] = weights
        return self

    def transform(self, units: np.ndarray) -> np.ndarray:
        """Features of any bins, shape (bins, features), float32."""
        weights = self.weights_.astype(np.float32)
        return np.concatenate([self._standardise(part) @ weights for part in _parts(units)])

    def _standardise(self, units: np.ndarray) -> np.ndarray:
        # the difference is taken in double precision, the rest need not be
        return ((units - self.center_) / self.scale_).astype(np.float32)


def _parts(units: np.ndarray) -> list[np.ndarray]:
    return [units[i : i + _CHUNK] for i in range(0, len(units), _CHUNK)]
