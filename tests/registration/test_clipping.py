"""From poses to clips: filtered velocities, and what a clip says of its keypoints."""

import dataclasses

import numpy as np
import pytest

from rodent.clips import read_clips, resample, write_clips
from rodent.errors import InputError
from rodent.kinematics.poses import velocities
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import ClipOptions, Floor, Registered, read_markers, registered_clips
from rodent.registration.clipping import low_passed

MARKERS, FPS = read_markers("rat23"), 50.0


@pytest.fixture
def found(body) -> Registered:
    """A walk whose keypoints are all 1 mm off, one of them missing."""
    qpos = read_clips("gaits")["walk"].qpos
    places = Skeleton(body, MARKERS.bodies).positions(qpos, MARKERS.offsets * body.scale)
    points = places + np.array([0.0, 0.0, 0.001])
    points[20, 3] = np.nan
    error = np.linalg.norm(points - places, axis=-1)
    return Registered(
        qpos,
        points,
        places,
        error,
        Floor(0.01, (0.0, 0.0), 0),
        np.ones((len(qpos), 4), bool),
        (True,) * 4,
        MARKERS,
        FPS,
        "made",
    )


@pytest.mark.parametrize(("hertz", "left"), [(0.0, 1.0), (2.0, 1.0), (15.0, 0.5), (24.0, 0.0)])
def test_the_cutoff_is_where_half_is_left(hertz, left):
    seconds = np.arange(1000) / FPS
    wave = np.cos(2 * np.pi * hertz * seconds)
    passed = low_passed(wave[:, None], FPS, 15.0)[200:-200, 0]
    assert passed @ wave[200:-200] / (wave[200:-200] @ wave[200:-200]) == pytest.approx(left, abs=0.02)


@pytest.mark.parametrize("frames", [1, 2, 3, 9, 10, 25])
def test_clips_of_any_length_are_filtered(frames):
    still, slope = np.full((frames, 1), 0.7), np.linspace(0.0, 1.0, frames)[:, None]
    np.testing.assert_allclose(low_passed(still, FPS, 15.0), still)
    np.testing.assert_allclose(low_passed(slope, FPS, 15.0), slope, atol=0.1)


def test_what_holds_nothing_beyond_the_cutoff_is_left_alone(rng):
    values = rng.normal(size=(40, 3))
    np.testing.assert_array_equal(low_passed(values, 30.0, 15.0), values)


def test_velocities_of_clips_are_filtered(found, body):
    clip = registered_clips(found, body, ClipOptions())[0]
    raw = velocities(clip.qpos, FPS)
    np.testing.assert_array_equal(clip.qvel, low_passed(raw, FPS, 15.0))
    np.testing.assert_array_equal(registered_clips(found, body, ClipOptions(cutoff=25.0))[0].qvel, raw)


@pytest.mark.parametrize("fps", [25.0, 50.0, 100.0])
def test_velocities_are_filtered_once_and_those_of_the_poses_at_any_rate(found, body, fps):
    # beside the walk something too fast for a rat
    shaken = found.qpos.copy()
    shaken[:, 0] += 0.001 * np.sin(2 * np.pi * 22 * np.arange(len(shaken)) / FPS)
    shaken = dataclasses.replace(found, qpos=shaken)
    clip = registered_clips(shaken, body, ClipOptions(resample=fps))[0]
    raw = velocities(clip.qpos, fps)
    assert clip.fps == fps
    np.testing.assert_array_equal(clip.qvel, low_passed(raw, fps, 15.0))
    if fps > 50:
        calm = registered_clips(found, body, ClipOptions(resample=fps))[0].qvel
        beside = slice(20, -20)
        assert np.std((clip.qvel - calm)[beside, 0]) < 0.2 * np.std((raw - calm)[beside, 0])


@pytest.mark.parametrize("fps", [0.0, -50.0, 5000.0, np.nan])
def test_a_frame_rate_that_makes_no_sense(fps):
    with pytest.raises(InputError, match=r"the clips: fps is .* it must lie in \[1, 1000\]"):
        ClipOptions(resample=fps)


@pytest.mark.parametrize("cutoff", [0.0, -1.0, np.nan])
def test_a_cutoff_that_makes_no_sense(cutoff):
    with pytest.raises(InputError, match=r"a cutoff of .* Hz makes no sense"):
        ClipOptions(cutoff=cutoff)


def test_clips_tell_what_was_fitted(found, body, tmp_path):
    write_clips(registered_clips(found, body, ClipOptions(seconds=2.0)), tmp_path / "clips.h5")
    read = read_clips(tmp_path / "clips.h5")
    assert [clip.n_frames for clip in read] == [100, 100]
    np.testing.assert_array_equal(read[0].residuals, found.error[:100])
    assert (read[0].keypoint_names, read[0].keypoint_bodies) == (MARKERS.names, MARKERS.bodies)
    np.testing.assert_array_equal(read[0].keypoint_offsets, MARKERS.offsets)
    # from which the places of the keypoints come again
    places = Skeleton(body, read[0].keypoint_bodies).positions(
        read[0].qpos, read[0].keypoint_offsets * read.scale
    )
    np.testing.assert_allclose(np.linalg.norm(places - read[0].keypoints, axis=-1), read[0].residuals)


def test_residuals_are_resampled(found, body):
    clip = resample(registered_clips(found, body, ClipOptions())[0], 100.0)
    assert clip.residuals is not None
    assert clip.residuals.shape == (clip.n_frames, 23)
    np.testing.assert_array_equal(clip.residuals[::2], found.error)
    assert np.isnan(clip.residuals[39:42, 3]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"residuals": np.zeros((200, 22))}, r"residuals have shape \(200, 22\); \(200, 23\) is expected"),
        ({"keypoint_offsets": np.zeros((23, 2))}, r"keypoint_offsets have shape \(23, 2\)"),
        ({"keypoint_bodies": ("skull",)}, "1 keypoint_bodies; 23 are expected"),
    ],
)
def test_what_does_not_belong_together_is_not_written(found, body, tmp_path, change, message):
    clips = registered_clips(found, body, ClipOptions())
    wrong = dataclasses.replace(clips, clips=(dataclasses.replace(clips[0], **change),))
    with pytest.raises(InputError, match=message):
        write_clips(wrong, tmp_path / "clips.h5")
    assert not (tmp_path / "clips.h5").exists()
