"""Frames in which tracking of the whole animal is lost.

    lost = lost_frames(points, fps, limit)      # bool, (frames,)

Before markers are lost, and when they return, a tracker may confuse their names for some frames: most of
them jump at once to different positions, and then back. A running rat differs: its keypoints' steps from
frame to frame change gradually.
"""

import numpy as np

MAX_LOSS = 0.5
"""Longest time between jumping away and back, seconds. For longer ones it is unclear which side is right, and
whether two recordings were spliced there."""

_AROUND = 3  # steps on either side that are compared
_FEWEST = 3  # keypoints that must be seen in both frames of a step


def lost_frames(points: np.ndarray, fps: float, limit: float) -> np.ndarray:
    """Frames in which most keypoints are off the animal, bool, shape (frames,).

    Args:
        points: metres, NaN where missing, shape (frames, K, 3).
        fps: frames per second.
        limit: length of a jump beyond that of the steps around it, metres.
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
    usual = np.zeros(len(length))  # 0, a standing rat, where the steps around are unknown
    usual[known] = np.nanmedian(others[known], axis=1)
    return 1 + np.flatnonzero(length - usual > limit)
