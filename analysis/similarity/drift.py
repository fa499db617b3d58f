"""How a representation drifts while a skill is learnt: similarity of a layer between checkpoints.

    found = drift(activity, settings)            # of each checkpoint, shape (moments, units)
    found.similarity[0, 3], found.null[0, 3]     # of the first with the fourth
    found.by_distance(steps)                     # how similarity falls

The similarity is debiased linear CKA (`analysis.similarity.cka`) of the same moments. Each time a random half
of the units of one checkpoint is compared with the other half of those of the other: the similarity of a
checkpoint with itself is then that of two halves of one population, which is the ceiling of all others. The
null is the same where one of the two is turned in time.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.ring import random_turn
from analysis.similarity.cka import cka_and_null
from analysis.similarity.drift_settings import DriftSettings
from rodent.errors import InputError

_LEAST = 50
"""Moments that two checkpoints must have in common."""


@dataclasses.dataclass(frozen=True)
class Drift:
    """Similarities of C checkpoints.

    Attributes:
        similarity: of each with each, shape (C, C); on the diagonal that of two halves of one checkpoint.
        null: the same where one is turned in time, shape (C, C).
        moments: that each two have in common, shape (C, C).
    """

    similarity: np.ndarray
    null: np.ndarray
    moments: np.ndarray

    @property
    def ceiling(self) -> np.ndarray:
        """Largest similarity of each two: the geometric mean of those of their halves, shape (C, C)."""
        own = np.sqrt(np.maximum(np.diag(self.similarity), 0.0))
        return np.outer(own, own)

    def by_distance(self, steps: Sequence[int]) -> list[dict[str, Any]]:
        """A row per pair of checkpoints, by how many control steps they are apart."""
        rows = []
        for i, j in zip(*np.triu_indices(len(steps), 1), strict=True):
            rows.append(
                {
                    "first": steps[i],
                    "second": steps[j],
                    "distance": steps[j] - steps[i],
                    "similarity": float(self.similarity[i, j]),
                    "ceiling": float(self.ceiling[i, j]),
                    "null": float(self.null[i, j]),
                    "moments": int(self.moments[i, j]),
                }
            )
        return sorted(rows, key=lambda row: (row["distance"], row["first"]))


def drift(activity: Sequence[np.ndarray], alive: Sequence[np.ndarray], settings: DriftSettings) -> Drift:
    """The similarities of a layer between all checkpoints.

    Args:
        activity: of every checkpoint at the same moments in order of time, shape (moments, units) each.
        alive: moments before a failure of every checkpoint, bool, shape (moments,) each; two are compared at
            those of both.
        settings: how.

    Raises:
        InputError: the layer has one unit, or two checkpoints have too few moments in common.
    """
    count, units = len(activity), activity[0].shape[1]
    if units < 2:
        raise InputError("a layer of one unit has no halves to compare; give one of at least 2 units")
    rng = np.random.default_rng(settings.seed)
    halves = [np.array_split(rng.permutation(units), 2) for _ in range(settings.halves)]
    similarity, null = np.full((count, count), np.nan), np.full((count, count), np.nan)
    moments = np.zeros((count, count), int)
    for i, j in zip(*np.triu_indices(count), strict=True):
        both = np.flatnonzero(alive[i] & alive[j])
        if len(both) < _LEAST:
            raise InputError(
                f"checkpoints {i} and {j} have {len(both)} moments before a failure in common; {_LEAST} are "
                "needed: record more or longer episodes, or leave out the earlier checkpoint"
            )
        turns = [random_turn(rng, len(both), len(both) // 4) for _ in range(settings.turns)]
        pairs = [cka_and_null(activity[i][both][:, a], activity[j][both][:, b], turns) for a, b in halves]
        similarity[i, j], null[i, j] = similarity[j, i], null[j, i] = np.mean(pairs, axis=0)
        moments[i, j] = moments[j, i] = len(both)
    return Drift(similarity, null, moments)
