"""Smooth bases: of places, and of the time since a spike.

    places = Splines().fit(position[train]).transform(position)     # (bins, 49)
    own = history_features(counts, bin_seconds=0.02)                # (functions, bins, neurons)

With them a log rate can be any smooth function of place, or of how long ago the neuron's own
spikes were (Pillow et al., Nature 454, 995, 2008).
"""

import math
from typing import Self

import numpy as np

PLACES = 7
"""B-splines along each dimension of a place."""
HISTORY_SECONDS = 0.2
"""How long a spike is remembered."""
HISTORY_FUNCTIONS = 5
"""Raised cosines over that time, narrow for spikes just past and wide for those long past."""

_DEGREE = 3  # cubic


class Splines:
    """Products of cubic B-splines over the range that was seen in training.

    Attributes:
        range_: least and greatest training value of each dimension, shape (2, dimensions).
    """

    def fit(self, values: np.ndarray) -> Self:
        """Learn the range from training bins, shape (bins, dimensions)."""
        self.range_ = np.stack([values.min(0), values.max(0)]).astype(float)
        return self

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Values of the splines, shape (bins, PLACES**dimensions); beyond the range those at its edge.

        Along a dimension in which nothing moved in training there is one spline, which is 1.
        """
        from scipy.interpolate import BSpline

        found = np.ones((len(values), 1), np.float32)
        for x, (low, high) in zip(values.T, self.range_.T, strict=True):
            if low < high:
                knots = np.pad(np.linspace(low, high, PLACES - _DEGREE + 1), _DEGREE, mode="edge")
                one = BSpline.design_matrix(np.clip(x.astype(float), low, high), knots, _DEGREE)
                one = one.toarray().astype(np.float32)
                found = (found[:, :, None] * one[:, None]).reshape(len(values), -1)
        return found


def history_features(counts: np.ndarray, bin_seconds: float) -> np.ndarray:
    """Past spikes of each neuron, weighted by time since: what came before a bin, never the bin itself.

    Before the first bin a neuron counts as silent.

    Args:
        counts: spikes in all bins of the recording, shape (bins, neurons).
        bin_seconds: their length, seconds.

    Returns:
        shape (functions, bins, neurons), float32.
    """
    basis = history_basis(bin_seconds).astype(np.float32)
    found = np.zeros((basis.shape[1], *counts.shape), np.float32)
    counts = counts.astype(np.float32)
    for back, weights in enumerate(basis, start=1):
        for feature, weight in zip(found, weights, strict=True):
            if weight:
                feature[back:] += weight * counts[:-back]
    return found


def history_basis(bin_seconds: float) -> np.ndarray:
    """Weight of a spike 1, 2, … bins ago in each function, shape (bins, functions).

    Raised cosines of the logarithm of the time, peaking at equal distances in it, of which the
    last has come to nothing when the spike is forgotten. Where there are few bins each has a
    function of its own.
    """
    window = max(1, math.floor(HISTORY_SECONDS / bin_seconds + 1e-6))
    if window <= HISTORY_FUNCTIONS:
        return np.eye(window)
    stretched = np.log(np.arange(1, window + 2) + 1.0)
    apart = (stretched[-1] - stretched[0]) / (HISTORY_FUNCTIONS + 1)
    peaks = stretched[0] + apart * np.arange(HISTORY_FUNCTIONS)
    angle = (stretched[:-1, None] - peaks) * np.pi / (2 * apart)
    return (1 + np.cos(np.clip(angle, -np.pi, np.pi))) / 2
