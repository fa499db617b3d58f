"""How alike the latents of two populations are: at the same moments, in shape, and in how they go on.

    found = compare_latents(neurons, units, turns)
    found.correlation, found.null, found.p          # mean canonical correlation, with shifted time

All need the same bins, but for the dynamics, which need no common time.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from analysis.dynamics.dsa import dsa_distance
from analysis.ring import turned
from analysis.similarity.cka import cka_and_null, procrustes_distance
from rodent.errors import InputError

_SINGULAR = 1e-9  # variance relative to the largest


@dataclasses.dataclass(frozen=True)
class LatentComparison:
    """Measures of two sets of latents.

    Attributes:
        correlations: canonical correlations, largest first.
        correlation: their mean.
        null: mean of the same where the second is shifted in time.
        p: fraction of shifts with as large a mean.
        cka, null_cka: debiased linear CKA, and its mean where the second is shifted.
        procrustes: angle between the shapes of whitened latents after the best rotation, radians.
        dsa: angle between their dynamics, radians.
    """

    correlations: np.ndarray
    correlation: float
    null: float
    p: float
    cka: float
    null_cka: float
    procrustes: float
    dsa: float


def canonical_correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Canonical correlations, largest first, shape (fewer dimensions,).

    Raises:
        InputError: lengths differ, or a covariance is singular.
    """
    _require_same_bins(first, second)
    both = (_white(one, which) for one, which in ((first, "first"), (second, "second")))
    return _correlations(*both)


def compare_latents(
    first: np.ndarray, second: np.ndarray, turns: Sequence[int], seed: int = 0
) -> LatentComparison:
    """Compare latents of windows.

    Args:
        first, second: shape (windows, bins, dimensions), the windows in order of time, the same in both.
        turns: moments by which the second is shifted, for the null.
        seed: of the search for the best rotation of the dynamics.

    Raises:
        InputError: lengths differ, a covariance is singular, or windows are too short.
    """
    flat = [one.reshape(-1, one.shape[2]) for one in (first, second)]
    _require_same_bins(*flat)
    white = [_white(one, which) for one, which in zip(flat, ("first", "second"), strict=True)]
    found = _correlations(*white)
    n = len(white[1])
    nulls = [_correlations(white[0], _white(white[1][turned(n, turn)], "shifted")).mean() for turn in turns]
    cka, null_cka = cka_and_null(flat[0], flat[1], turns)
    rank = min(8, *(one.shape[2] * _DELAYS for one in (first, second)))
    return LatentComparison(
        correlations=found,
        correlation=float(found.mean()),
        null=float(np.mean(nulls)),
        p=(1 + sum(null >= found.mean() for null in nulls)) / (1 + len(nulls)),
        cka=cka,
        null_cka=null_cka,
        procrustes=procrustes_distance(*white),
        dsa=dsa_distance(first, second, _DELAYS, rank, seed),
    )


_DELAYS = 10


def _require_same_bins(first: np.ndarray, second: np.ndarray) -> None:
    if len(first) != len(second):
        raise InputError(
            f"latents have {len(first)} and {len(second)} bins; they are compared moment by moment, so "
            "expected the same number: take the same windows of both"
        )


def _white(latents: np.ndarray, which: str) -> np.ndarray:
    """Uncorrelated latents of the same length, shape (bins, dimensions)."""
    centred = latents - latents.mean(0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    rank = int((sizes**2 > _SINGULAR * max(sizes[0] ** 2, 1e-300)).sum())
    if rank < latents.shape[1]:
        raise InputError(
            f"the covariance of the {which} latents is singular: {latents.shape[1]} of them vary in {rank} "
            "directions; take fewer (--dimensions)"
        )
    return left


def _correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.clip(np.linalg.svd(first.T @ second, compute_uv=False), 0.0, 1.0)
