"""Velocities against MuJoCo, interpolation against scipy."""

import mujoco
import numpy as np

from rodent.kinematics.poses import velocities
from rodent.rotation import from_rotvec


def random_quaternions(n: int, seed: int = 0) -> np.ndarray:
    q = np.random.default_rng(seed).normal(size=(n, 4))
    return q / np.linalg.norm(q, axis=1, keepdims=True)


def test_velocities_are_mujocos(body):
    # wild poses, so that rotations by more than half a turn and negative w occur
    rng = np.random.default_rng(0)
    qpos = rng.normal(size=(30, 74))
    qpos[:, 3:7] = random_quaternions(30)
    fps = 50.0
    expected = np.zeros((30, 73))
    for t in range(30):
        before, after = max(t - 1, 0), min(t + 1, 29)
        mujoco.mj_differentiatePos(body.model, expected[t], (after - before) / fps, qpos[before], qpos[after])
    np.testing.assert_allclose(velocities(qpos, fps), expected, atol=1e-10)


def test_angular_velocity_is_in_the_bodys_frame():
    # a body pitched nose down by 90 deg that yaws about the world's vertical turns about its own x axis
    pitch = from_rotvec(np.array([0.0, np.pi / 2, 0.0]))
    qpos = np.zeros((20, 74))
    for t in range(20):
        yaw = from_rotvec(np.array([0.0, 0.0, 0.02 * t]))
        mujoco.mju_mulQuat(qpos[t, 3:7], yaw, pitch)
    np.testing.assert_allclose(velocities(qpos, 50.0)[:, 3:6], [[-1.0, 0.0, 0.0]] * 20, atol=1e-9)
