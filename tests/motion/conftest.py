"""A motion that needs no data: the rat glides, turns and bends its joints within their ranges."""

import numpy as np
import pytest

from rodent.body import Body
from rodent.motion import Clip, ClipSet
from rodent.motion.floor import floor_shift
from rodent.motion.kinematics import velocities


def glide(body: Body, frames: int = 40, fps: float = 50.0, seed: int = 0) -> np.ndarray:
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


@pytest.fixture
def poses(body: Body) -> np.ndarray:
    return glide(body)


@pytest.fixture
def clip_set(body: Body) -> ClipSet:
    clips = []
    for name, seed in (("Walk_2", 0), ("Rear_1", 1)):
        qpos = glide(body, frames=40 - seed, seed=seed)
        clips.append(Clip(name, qpos, 50.0, qvel=velocities(qpos, 50.0), behavior=name[:-2]))
    return ClipSet(tuple(clips), body.config.scale, body.joint_names)
