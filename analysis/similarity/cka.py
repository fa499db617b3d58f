"""How alike the activity of two populations is, moment by moment and in the shape of its means.

    debiased_cka(units, roots)           # 0 where unrelated, 1 where one is a rotation of the other
    procrustes_distance(first, second)   # radians, 0 where the shapes are the same

Linear CKA (Kornblith et al., ICML 2019) compares which moments resemble which. Of few moments
and many channels it is near one for any two populations; the unbiased estimator of its three
parts (Song et al., JMLR 13, 2012) corrects that, as neural data need (Murphy et al., 2024).
"""

from collections.abc import Sequence

import numpy as np

from analysis.ring import turned


def debiased_cka(first: np.ndarray, second: np.ndarray) -> float:
    """Linear CKA from unbiased parts; may be a little negative, and is NaN where noise is all there is.

    Args:
        first, second: activity at the same moments, shape (moments, channels) each, 4 moments or more.
    """
    return float(_ratio(unbiased_hsic(first, second), unbiased_hsic(first), unbiased_hsic(second)))


def cka_and_null(
    first: np.ndarray, second: np.ndarray, turns: Sequence[int], itself: Sequence[float] | None = None
) -> tuple[float, float]:
    """Debiased CKA, and its mean where the second is turned in time, see `analysis.ring`.

    Moments near in time resemble one another, and both populations drift: two that know nothing
    of each other then still have a CKA above zero, which the null tells.

    Args:
        first, second: as for `debiased_cka`, the moments in order of time.
        turns: moments by which it is turned; without any the null is NaN.
        itself: `turned_hsic(second, turns)` where it is known.
    """
    size, orders = unbiased_hsic(first), [np.arange(len(second)), *(turned(len(second), t) for t in turns)]
    itself = turned_hsic(second, turns) if itself is None else itself
    found, *null = (
        _ratio(unbiased_hsic(first, second[order]), size, own)
        for order, own in zip(orders, itself, strict=True)
    )
    return float(found), float(np.mean(null)) if null else float("nan")


def turned_hsic(activity: np.ndarray, turns: Sequence[int]) -> list[float]:
    """`unbiased_hsic` of activity in its place and at every turn, whatever it is compared with."""
    there = (activity[turned(len(activity), turn)] for turn in turns)
    return [unbiased_hsic(activity), *map(unbiased_hsic, there)]


def unbiased_hsic(first: np.ndarray, second: np.ndarray | None = None) -> float:
    """The Hilbert-Schmidt independence criterion of linear kernels, unbiased (Song et al. 2012, eq. 5).

    No matrix of moments by moments is made: the cost is linear in their number.

    Args:
        first, second: shape (moments, channels) each; the second is the first if not given.
    """
    x = first - first.mean(0)
    y = x if second is None else second - second.mean(0)
    n = len(x)
    x_norms, y_norms = (x**2).sum(1), (y**2).sum(1)
    # rows of the kernels sum to zero, but for their diagonals, which count as zero
    trace = ((x.T @ y) ** 2).sum() - x_norms @ y_norms
    total = x_norms.sum() * y_norms.sum() / ((n - 1) * (n - 2))
    return float((trace + total - 2 / (n - 2) * (x_norms @ y_norms)) / (n * (n - 3)))


def procrustes_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Angle between two shapes after the best rotation of one (Williams et al., NeurIPS 2021), radians.

    Both are centred and brought to one size first; it is a metric, and zero for shapes that
    differ by shift, rotation, reflection and size alone. It reaches pi / 2 at most. Noise adds to it.

    Args:
        first, second: places of the same points, shape (points, channels) each.
    """
    shapes = [_standard_shape(points) for points in (first, second)]
    overlap = np.linalg.svd(shapes[0].T @ shapes[1], compute_uv=False).sum()
    return float(np.arccos(min(overlap, 1.0)))


def _standard_shape(points: np.ndarray) -> np.ndarray:
    """Centred and of norm one, in no more dimensions than there are points."""
    centered = points - points.mean(0)
    if centered.shape[1] > len(centered):
        centered = np.linalg.qr(centered.T)[1].T
    norm = np.linalg.norm(centered)
    return centered / norm if norm > 0 else centered


def _ratio(both: float, first: float, second: float) -> float:
    return both / np.sqrt(first * second) if first > 0 and second > 0 else np.nan
