"""The leading principal components of a layer's standardised units.

components = Components(32).fit(units[train])
features = components.transform(units)          # (bins, features), training variance 1 on average
"""

from typing import Self

import numpy as np

_CHUNK = 4096  # rows taken at a time, which bounds memory


class Components:
    """Standardise units, then keep their leading principal components.

    The components share one scale, such that their mean variance is one: a ridge penalty on
    them is one on the standardised units, and means the same for layers of any size. A
    layer with no more units than components wanted is only standardised.

    Attributes:
        n_components: how many are wanted.
        center_: mean of each unit, shape (units,).
        scale_: standard deviation of each unit, shape (units,).
        live_: units that vary at all, bool, shape (units,).
        weights_: from standardised units to features, shape (units, features).
    """

    def __init__(self, n_components: int):
        self.n_components = n_components

    def fit(self, units: np.ndarray) -> Self:
        """Learn from training bins, shape (bins, units).

        If no unit varies there are no features.
        """
        self.center_ = units.mean(0, dtype=np.float64)
        squares = sum(((part - self.center_) ** 2).sum(0) for part in _parts(units))
        self.scale_ = np.sqrt(squares / len(units))
        self.live_ = self.scale_ > 1e-6 * np.abs(self.center_)
        self.scale_ = np.where(self.live_, self.scale_, 1.0)
        weights = np.eye(self.live_.sum())
        if len(weights) > self.n_components:
            standard = (self._standardise(part[:, self.live_], self.live_) for part in _parts(units))
            covariance = sum((z.T @ z).astype(np.float64) for z in standard) / len(units)
            variance, vectors = np.linalg.eigh(covariance)
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

    def _standardise(self, units: np.ndarray, which: np.ndarray | slice = slice(None)) -> np.ndarray:
        # the difference is taken in double precision, the rest need not be
        return ((units - self.center_[which]) / self.scale_[which]).astype(np.float32)


def _parts(units: np.ndarray) -> list[np.ndarray]:
    return [units[i : i + _CHUNK] for i in range(0, len(units), _CHUNK)]
