"""Clips at another frame rate."""

import numpy as np
import pytest

from rodent.clips import Clip, resample
from rodent.errors import InputError
from rodent.kinematics.poses import velocities
from rodent.rotation import from_rotvec


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
    qpos[:, 3:7] = from_rotvec(np.concatenate([0 * t, 0 * t, 2 * t], axis=1))
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
