"""When something begins and ends, from a measure that trembles around a threshold.

on = bouts(hysteresis(load, on=0.12, off=0.06), least=2)   # (bouts, 2): first frame, first one after
began, ended = borders(on, len(load))
"""

import numpy as np

from analysis.neural.timeseries import runs


def hysteresis(values: np.ndarray, on: float, off: float) -> np.ndarray:
    """A state that begins where a measure reaches `on` and lasts until it falls below `off`.

    Args:
        values: shape (frames,).
        on, off: thresholds, the second at most the first.

    Returns:
        bool, shape (frames,); False before the measure was first above or below both.

    >>> hysteresis(np.array([0.0, 0.7, 1.0, 0.7, 0.4, 0.7]), on=1.0, off=0.5).tolist()
    [False, False, True, True, False, False]
    """
    said = (values >= on) | (values < off)
    last = np.maximum.accumulate(np.where(said, np.arange(len(values)), -1))
    return (values >= on)[last] & (last >= 0)


def bouts(state: np.ndarray, least: int) -> np.ndarray:
    """Stretches of a state, without the gaps and then without the stretches that are too short.

    Args:
        state: bool, shape (frames,).
        least: frames of the shortest stretch, and of the shortest gap between two.

    Returns:
        first frame, and the first one after, shape (bouts, 2).

    >>> bouts(np.array([1, 1, 0, 1, 1, 0, 0, 0, 1, 0], bool), least=2).tolist()
    [[0, 5]]
    """
    found = runs(state)
    if not len(found):
        return found
    apart = found[1:, 0] - found[:-1, 1] >= max(least, 1)
    first, last = np.append(True, apart), np.append(apart, True)
    joined = np.column_stack([found[first, 0], found[last, 1]])
    return joined[joined[:, 1] - joined[:, 0] >= least]


def borders(found: np.ndarray, n_frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames in which stretches begin, and frames in which they are over.

    What lasts since before the first frame, or until after the last, has no such frame.

    Args:
        found: first frame, and the first one after, shape (bouts, 2).
        n_frames: how many frames there are.
    """
    return found[found[:, 0] > 0, 0], found[found[:, 1] < n_frames, 1]
