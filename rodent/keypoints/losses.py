"""Frames in which the tracker has lost the whole animal.

    lost = lost_frames(points, fps, limit)      # bool, (frames,)

Before markers are lost altogether, and when they come back, a system may give them one another's names for
some frames: most of them jump at once, each to somewhere else, and then back. A rat may run, but it does not
begin to run within a frame: its keypoints' steps from frame to frame change little by little.
"""

import numpy as np

MAX_LOSS = 0.5
"""Seconds between jumping away and back. Of jumps farther apart it is not known on which side of them the
tracker was right, or whether two recordings were put together there."""

_AROUND = 3  # steps on either side that are compared
_FEWEST = 3  # keypoints that must be seen in both frames of a step


def lost_frames(points: np.ndarray, fps: float, limit: float) -> np.ndarray:
    """Where most keypoints are not at the animal, bool, shape (frames,).

    Args:
        points: metres, NaN where missing, shape (frames, K, 3).
        fps: frames per second.
        limit: metres by which a jump is longer than the steps around it.
    """
    jumps = jump_frames(points, limit)
    lost = np.zeros(len(points), bool)
    away = None
    for frame in jumps:
        if away is not None and frame - away <= MAX_LOSS * fps:
            lost[away:frame] = True
            away = None
        else:
            away = frame
    return lost


def jump_frames(points: np.ndarray, limit: float) -> np.ndarray:
    """Frames into which most keypoints jump, in order, shape (jumps,)."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=-1)
    seen = np.isfinite(steps).sum(axis=1) >= _FEWEST
    length = np.full(len(steps), np.nan)
    length[seen] = np.nanmedian(steps[seen], axis=1)
    padded = np.pad(length, _AROUND, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1)
    others = np.delete(around, _AROUND, axis=1)
    known = np.isfinite(others).any(axis=1)
    usual = np.zeros(len(length))  # where nothing is known of the steps around, of a rat that stands
    usual[known] = np.nanmedian(others[known], axis=1)
    return 1 + np.flatnonzero(length - usual > limit)
