"""Intervals, and epochs and series of pynapple, made of what files hold."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rodent.errors import InputError

if TYPE_CHECKING:
    from pynapple import IntervalSet, Tsd, TsdFrame, TsdTensor

    Series = Tsd | TsdFrame | TsdTensor


def intervals(edges: np.ndarray) -> np.ndarray:
    """Intervals in order, those that touch or overlap joined.

    Args:
        edges: start and stop of each, shape (n, 2); those that are not finite or do not last are left out.

    Returns:
        shape (m, 2).

    >>> intervals(np.array([[5.0, 6.0], [0.0, 2.0], [1.0, 3.0], [4.0, 4.0]])).tolist()
    [[0.0, 3.0], [5.0, 6.0]]
    """
    edges = edges[np.isfinite(edges).all(1)]
    edges = edges[edges[:, 1] > edges[:, 0]]
    edges = edges[np.argsort(edges[:, 0], kind="stable")]
    reach = np.maximum.accumulate(edges[:, 1])
    begins = np.append(True, edges[1:, 0] > reach[:-1])[: len(edges)]
    ends = np.append(begins[1:], True)[: len(edges)]
    return np.column_stack([edges[begins, 0], reach[ends]])


def whole_bins(intervals: np.ndarray, starts: np.ndarray, bin_seconds: float) -> np.ndarray:
    """Whether bins lie whole in an interval, bool, shape (bins,).

    Args:
        intervals: seconds, in order and apart, shape (n, 2).
        starts: of the bins, seconds, shape (bins,).
        bin_seconds: their length, seconds.
    """
    slack = 1e-3 * bin_seconds
    at = np.searchsorted(intervals[:, 0], starts + slack, side="right") - 1
    ends = np.append(intervals[:, 1], -np.inf)  # of the interval -1, which is none
    return starts + bin_seconds - slack <= ends[at]


def common(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The time in both of two sets of intervals; each in order and apart, shape (n, 2)."""
    from pynapple import IntervalSet

    both = IntervalSet(some[:, 0], some[:, 1]).intersect(IntervalSet(others[:, 0], others[:, 1]))
    return np.asarray(both.values)


def runs(there: np.ndarray) -> np.ndarray:
    """First frame of each unbroken run, and the first after it, shape (runs, 2).

    >>> runs(np.array([True, True, False, True])).tolist()
    [[0, 2], [3, 4]]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
    return edges.reshape(-1, 2)


def epoch(edges: np.ndarray) -> "IntervalSet":
    """Intervals, in order and apart, in seconds, shape (n, 2), as an epoch."""
    from pynapple import IntervalSet

    return IntervalSet(edges[:, 0], edges[:, 1])


def series(times: np.ndarray, values: np.ndarray, columns: Sequence[str] | None, what: str) -> "Series":
    """Values at times as a series.

    Args:
        times: seconds, shape (samples,).
        values: shape (samples,), (samples, columns) or (samples, ..., coordinates).
        columns: names of the columns of values of two dimensions.
        what: file and name, for messages.

    Raises:
        InputError: no samples, not one time for each, or times that do not rise.
    """
    from pynapple import Tsd, TsdFrame, TsdTensor

    if not len(times) or len(times) != len(values):
        raise InputError(
            f"{what} has {len(values)} samples and {len(times)} timestamps; one for each is expected"
        )
    rises = np.diff(times) > 0
    if not (np.isfinite(times).all() and rises.all()):
        at = (
            int(np.argmin(np.append(rises, False))) + 1
            if np.isfinite(times).all()
            else int(np.argmin(np.isfinite(times)))
        )
        raise InputError(
            f"{what}: timestamp {at} is {times[at]:.9g} s and does not follow the one before; they must rise"
        )
    if values.ndim == 1:
        return Tsd(times, values)
    if values.ndim == 2:
        return TsdFrame(times, values, columns=columns)
    return TsdTensor(times, values)
