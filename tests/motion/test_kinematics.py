"""Velocities against MuJoCo, interpolation against scipy."""

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from rodent.errors import InputError
from rodent.motion import Clip, resample
from rodent.motion.kinematics import continuous_quaternions, quaternion_exp, quaternion_log, slerp, velocities


def random_quaternions(n: int, seed: int = 0) -> np.ndarray:
    q = np.random.default_rng(seed).normal(size=(n, 4))
    return q / np.linalg.norm(q, axis=1, keepdims=True)


def rotations(quaternions: np.ndarray) -> Rotation:
    return Rotation.from_quat(quaternions, scalar_first=True)


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
    pitch = quaternion_exp(np.array([0.0, np.pi / 2, 0.0]))
    qpos = np.zeros((20, 74))
    for t in range(20):
        yaw = quaternion_exp(np.array([0.0, 0.0, 0.02 * t]))
        mujoco.mju_mulQuat(qpos[t, 3:7], yaw, pitch)
    np.testing.assert_allclose(velocities(qpos, 50.0)[:, 3:6], [[-1.0, 0.0, 0.0]] * 20, atol=1e-9)


def test_logarithm_and_exponential_undo_each_other():
    vectors = np.random.default_rng(0).normal(size=(100, 3))
    vectors *= np.minimum(1, 3.1 / np.linalg.norm(vectors, axis=1, keepdims=True))
    vectors[0], vectors[1] = 0.0, [1e-14, 0, 0]
    np.testing.assert_allclose(quaternion_log(quaternion_exp(vectors)), vectors, atol=1e-12)


def test_slerp_is_scipys():
    a, b, part = random_quaternions(50, 1), random_quaternions(50, 2), np.random.default_rng(3).random(50)
    for mine, first, second, p in zip(slerp(a, b, part), a, b, part, strict=True):
        theirs = Slerp([0, 1], rotations(np.stack([first, second])))(p)
        assert (rotations(mine).inv() * theirs).magnitude() < 1e-7


def test_sign_flips_are_undone():
    turning = quaternion_exp(np.linspace([0, 0, 0], [0, 0, 4 * np.pi], 100))
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(100, 1))
    mended = continuous_quaternions(turning * signs)
    np.testing.assert_allclose(mended, turning * signs[0], atol=1e-12)


def test_resampling_keeps_time_and_the_frames_it_meets(poses):
    clip = Clip("a", poses, 50.0, keypoints=np.cumsum(np.ones((40, 2, 3)), axis=0))
    twice = resample(clip, 100.0)
    assert (twice.n_frames, twice.fps) == (79, 100.0)
    np.testing.assert_allclose(twice.qpos[::2], clip.qpos, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(twice.qpos[:, 3:7], axis=1), 1.0)
    np.testing.assert_allclose(twice.keypoints[::2], clip.keypoints)
    np.testing.assert_allclose(twice.keypoints[1::2], clip.keypoints[:-1] + 0.5)
    np.testing.assert_allclose(twice.qvel, velocities(twice.qpos, 100.0))
    # interpolated frames stay between their neighbours, so joint limits hold
    low, high = np.minimum(poses[:-1], poses[1:]), np.maximum(poses[:-1], poses[1:])
    middle = twice.qpos[1::2, 7:]
    assert np.all((middle >= low[:, 7:] - 1e-12) & (middle <= high[:, 7:] + 1e-12))
    np.testing.assert_allclose(resample(twice, 50.0).qpos, clip.qpos, atol=1e-9)


def test_resampling_by_an_odd_ratio_follows_the_motion(body):
    t = np.arange(60)[:, None] / 60
    qpos = np.zeros((60, 74))
    qpos[:, 7:] = 0.3 * np.sin(2 * t)
    qpos[:, 3:7] = quaternion_exp(np.concatenate([0 * t, 0 * t, 2 * t], axis=1))
    out = resample(Clip("a", qpos, 60.0), 37.0)
    at = np.arange(out.n_frames)[:, None] / 37.0
    assert at[-1] <= t[-1] < at[-1] + 1 / 37
    np.testing.assert_allclose(out.qpos[:, 7:] - 0.3 * np.sin(2 * at), 0, atol=1e-3)
    np.testing.assert_allclose(out.qvel[1:-1, 5], 2.0, atol=1e-6)


def test_a_missing_keypoint_spoils_only_what_lies_between(poses):
    keypoints = np.ones((40, 1, 3))
    keypoints[10] = np.nan
    out = resample(Clip("a", poses, 50.0, keypoints=keypoints), 100.0)
    assert np.flatnonzero(np.isnan(out.keypoints[:, 0, 0])).tolist() == [19, 20, 21]


@pytest.mark.parametrize("fps", [0.0, 0.5, 1e4, float("nan")])
def test_resampling_refuses_rates_that_make_no_clip(poses, fps):
    with pytest.raises(InputError, match="clip 'a'"):
        resample(Clip("a", poses, 50.0), fps)
    with pytest.raises(InputError, match="fewer than 2 frames"):
        resample(Clip("a", poses, 50.0), 1.0)
