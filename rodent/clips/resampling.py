"""Clips at another frame rate."""

import dataclasses

import numpy as np

from rodent.clips.clip import Clip
from rodent.errors import InputError
from rodent.kinematics.poses import poses_between, velocities


def resample(clip: Clip, fps: float) -> Clip:
    """The clip at another frame rate, over the same time from its first frame.

    Poses are those of `poses_between`, keypoints and their residuals follow a line.
    Velocities are computed anew. Going down, nothing is filtered.
    """
    if not 1.0 <= fps <= 1000.0:
        raise InputError(f"clip {clip.name!r}: cannot resample to {fps:g} Hz; 1 to 1000 Hz is possible")
    # a hair of tolerance, so that 250 frames at 50 Hz reach frame 249 exactly
    n_frames = int(np.floor((clip.n_frames - 1) * fps / clip.fps + 1e-6)) + 1
    if n_frames < 2:
        raise InputError(f"clip {clip.name!r} lasts {clip.duration:g} s: fewer than 2 frames at {fps:g} Hz")
    at = np.minimum(np.arange(n_frames) * clip.fps / fps, clip.n_frames - 1)
    qpos = poses_between(clip.qpos, at)
    low = np.minimum(at.astype(int), clip.n_frames - 2)
    part = at - low

    def between(given: np.ndarray | None) -> np.ndarray | None:
        if given is None:
            return None
        far = part.reshape(-1, *(1,) * (given.ndim - 1))
        line = (1 - far) * given[low] + far * given[low + 1]
        # a missing point of weight nought must not spoil a frame that is there
        line = np.where(far > 0, line, given[low])
        return np.where(far < 1, line, given[low + 1])

    qvel = velocities(qpos, fps)
    points, residuals = between(clip.keypoints), between(clip.residuals)
    return dataclasses.replace(
        clip, qpos=qpos, fps=float(fps), qvel=qvel, keypoints=points, residuals=residuals
    )
