"""A motion that needs no data: the rat glides, turns and bends its joints within their ranges."""

import numpy as np

from rodent.kinematics.floor import floor_shift
from rodent.scene import Scene


def glide(body: Scene, frames: int = 40, fps: float = 50.0, seed: int = 0) -> np.ndarray:
    """Poses on the floor, metres, quaternion, radians, shape (frames, 74)."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None] / fps
    low, high = body.joint_range.T
    qpos = np.zeros((frames, 74))
    qpos[:, :1] = 0.2 * t
    qpos[:, 1:2] = 0.02 * np.sin(2 * t)
    half = 0.25 * np.sin(3 * t[:, 0])
    qpos[:, 3], qpos[:, 6] = np.cos(half), np.sin(half)
    swing = 0.2 * (high - low) * np.sin(2 * np.pi * (t + rng.random(67)))
    qpos[:, 7:] = np.clip(0.0, low, high) * 0.5 + 0.25 * (low + high) + swing
    qpos[:, 2] += floor_shift(qpos, body)
    return qpos
