"""Clips carried over to bodies of another size and other proportions."""

import dataclasses

import numpy as np
import pytest

from rodent.body_config import BodyConfig, MouseConfig
from rodent.cli import main
from rodent.clips import read_clips, write_clips
from rodent.clips.retarget import retargeted_clips
from rodent.errors import InputError
from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.poses import velocities
from rodent.scene import make_scene

MOUSE = MouseConfig(scale=0.5)
LONGER = MOUSE.scale * MOUSE.proportions.limbs / 0.9  # limbs of the mouse, relative to those of the rat


@pytest.fixture(scope="module")
def mouse():
    return make_scene(MOUSE)


def test_angles_and_paw_heights_in_limb_lengths_are_kept(clip_set, body, mouse):
    for before, after in zip(clip_set, retargeted_clips(clip_set, mouse, same_time=True), strict=True):
        np.testing.assert_array_equal(after.qpos[:, 3:], before.qpos[:, 3:])
        np.testing.assert_allclose(after.qpos[:, :2], LONGER * before.qpos[:, :2])
        above = lowest_paw(before.qpos, body)
        np.testing.assert_allclose(lowest_paw(after.qpos, mouse), LONGER * above, atol=1e-9)
        np.testing.assert_allclose(after.qvel, velocities(after.qpos, before.fps))


def test_time_grows_with_the_square_root_of_the_length(clip_set, mouse):
    clips = retargeted_clips(clip_set, mouse)
    for before, after in zip(clip_set, clips, strict=True):
        assert after.fps == before.fps
        assert after.n_frames == int((before.n_frames - 1) * np.sqrt(LONGER)) + 1
        # Froude numbers stay: speed squared over length
        speeds = [np.linalg.norm(clip.qvel[1:-1, :2], axis=1).mean() for clip in (before, after)]
        assert speeds[1] ** 2 / LONGER == pytest.approx(speeds[0] ** 2, rel=0.05)
    assert (clips.scale, clips.proportions, clips.names) == (0.5, MOUSE.proportions, clip_set.names)


def test_there_and_back_again(clip_set, body, mouse):
    back = retargeted_clips(retargeted_clips(clip_set, mouse, same_time=True), body, same_time=True)
    np.testing.assert_allclose(back[0].qpos, clip_set[0].qpos, atol=1e-9)


def test_keypoints_of_the_other_body_are_left_out(clip_set, mouse):
    first = dataclasses.replace(
        clip_set[0],
        keypoints=np.zeros((40, 1, 3)),
        keypoint_names=("Snout",),
        residuals=np.zeros((40, 1)),
    )
    clips = dataclasses.replace(clip_set, clips=(first,))
    (clip,) = retargeted_clips(clips, mouse)
    assert (clip.keypoints, clip.keypoint_names, clip.residuals) == (None, (), None)


def test_another_skeleton_is_refused(clip_set, mouse):
    other = dataclasses.replace(clip_set, joint_names=clip_set.joint_names[::-1])
    with pytest.raises(InputError, match="a body with other joints"):
        retargeted_clips(other, mouse)


def test_a_clip_that_becomes_too_short_is_refused(clip_set):
    short = dataclasses.replace(clip_set[0], qpos=clip_set[0].qpos[:2], qvel=None)
    clips = dataclasses.replace(clip_set, clips=(short,))
    with pytest.raises(InputError, match="clip 'Walk_2' has 2 frames"):
        retargeted_clips(clips, make_scene(MouseConfig(scale=0.4)))


def test_the_command_writes_clips_of_the_other_body(clip_set, tmp_path, capsys):
    file, out = tmp_path / "rat.h5", tmp_path / "mouse.h5"
    write_clips(clip_set, file)
    words = ["clips", "retarget", str(file), "--body", "mouse", "--scale", "0.5", "--out", str(out)]
    assert main([*words, "--resample", "25", "--same-time"]) == 0
    assert "2 clips" in capsys.readouterr().err
    clips = read_clips(out, make_scene(MOUSE))
    assert clips.body == BodyConfig(scale=0.5, proportions=MOUSE.proportions)
    assert [(clip.fps, clip.n_frames) for clip in clips] == [(25.0, 20), (25.0, 20)]
