"""Frames in which tracking of the whole animal is lost, and frames at which another recording begins.

    lost = lost_frames(points, fps, limit)      # bool, (frames,)
    splice_frames(points, fps, limit)           # first frames of further recordings

Before markers are lost, and when they return, a tracker may confuse their names for some frames: most of
them jump at once to different positions, and then back. A running rat differs: its keypoints' steps from
frame to frame change gradually.
"""

import numpy as np

MAX_LOSS = 0.5
"""Longest time between jumping away and back, seconds. For longer ones it is unclear which side is right, and
whether two recordings were spliced there."""

GAP = 0.2
"""Seconds without keypoints that separate the two sides of a splice."""

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


def splice_frames(points: np.ndarray, fps: float, limit: float) -> np.ndarray:
    """Frames at which another recording begins: most keypoints jump there, and do not jump back soon.

    Args:
        points: metres, NaN where missing, without lost frames, shape (frames, K, 3).
        fps: frames per second.
        limit: speed that no rat reaches, metres per second, from which a jump is a splice.

    Returns:
        frame numbers, in order, shape (splices,).
    """
    jumps = jump_frames(points, limit / fps)
    apart = np.diff(jumps, prepend=-np.inf, append=np.inf) > MAX_LOSS * fps
    return jumps[apart[:-1] & apart[1:]]


def gaps_around(frames: np.ndarray, count: int, fps: float) -> np.ndarray:
    """Frames on both sides of splices, bool, shape (count,): without them a fit does not couple the sides."""
    half = int(np.ceil(GAP * fps / 2)) + 1
    near = np.zeros(count, bool)
    for frame in frames:
        near[max(frame - half, 0) : frame + half] = True
    return near


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
