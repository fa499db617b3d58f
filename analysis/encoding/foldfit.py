"""Features fitted to some training rows, with the counts of those rows and of the rows held out."""

import dataclasses

import numpy as np

from analysis.encoding.design import Data
from analysis.encoding.penalties import Penalty
from analysis.encoding.targets import Targets


@dataclasses.dataclass(frozen=True)
class FoldFit:
    """Features fitted to some training rows.

    Attributes:
        features: of all rows, shape (rows, features).
        train: rows that are trained on.
        tests: rows of each fold that is held out.
        penalty: on the coefficients: of the features, of the constant, of the own past.
        groups: band of each coefficient, FREE for the constant, shape (coefficients,).
        targets: the counts.
    """

    features: np.ndarray
    train: np.ndarray
    tests: list[np.ndarray]
    penalty: Penalty
    groups: np.ndarray
    targets: Targets

    def per_coefficient(self, strengths: np.ndarray) -> np.ndarray:
        """Strengths of the bands, shape (groups, columns), as those of the coefficients."""
        return strengths[np.maximum(self.groups, 0)]  # the constant has no penalty, whatever its strength

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
