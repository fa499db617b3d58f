"""Motion of real rats: it must pass, and come out as it is known to be."""

import gzip
import json

import numpy as np
import pytest

from rodent.clips import Clip, ClipSet, read_clips, resample, write_clips
from rodent.clips.summary import summarise
from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.poses import velocities


@pytest.fixture(scope="module")
def clips(data) -> ClipSet:
    return read_clips(data / "mocap" / "rat_clips_9.npz")


def test_nine_clips_with_their_behaviors(clips, body):
    assert clips.names[:2] == ("RGroom_4", "Rear_43")
    assert clips.names[-1] == "Walk_half_circle_84"
    behaviors = "RGroom Rear Rear Walk FastWalk FaceGroom RGroom RGroom Walk"
    assert " ".join(c.behavior for c in clips) == behaviors
    assert (clips.total_frames, clips.scale) == (2250, 0.9)
    assert clips.joint_names == body.joint_names


def test_paws_stand_on_the_floor_after_a_few_millimetres(clips, body):
    for clip in clips:
        assert np.median(lowest_paw(clip.qpos, body)) == pytest.approx(0, abs=1e-12)
        assert abs(clip.floor_shift) < 0.008


def test_speeds_are_those_of_rats(clips):
    speed = {row["name"]: row["speed_mm_s"] for row in summarise(clips)}
    walking = [v for name, v in speed.items() if "Walk" in name]
    assert 100 < min(walking) < max(walking) < 300
    assert max(v for name, v in speed.items() if "Walk" not in name) < 70


def test_a_clip_file_keeps_them(clips, tmp_path):
    write_clips(clips, tmp_path / "a.h5")
    for before, after in zip(clips, read_clips(tmp_path / "a.h5"), strict=True):
        np.testing.assert_array_equal(before.qpos, after.qpos)
        assert (before.source, before.behavior) == (after.source, after.behavior)


def test_the_published_json_gives_the_same_motion(data, clips, tmp_path):
    qpos = np.load(data / "mocap" / "rat_clips_9.npz")["qpos"][:8]
    ids = (0, 93, 186, 280, 373, 467, 560, 841)
    entries = [
        {"id": i, "name": f"clip_{i:04d}", "num_frames": 250, "qpos": np.round(q, 6).tolist()}
        for i, q in zip(ids, qpos.astype(float), strict=True)
    ]
    document = {"metadata": {"num_clips": 8, "clip_length": 250, "mocap_hz": 50}, "clips": entries}
    (tmp_path / "c.json.gz").write_bytes(gzip.compress(json.dumps(document).encode()))
    for ours, theirs in zip(clips, read_clips(tmp_path / "c.json.gz"), strict=False):
        np.testing.assert_allclose(ours.qpos, theirs.qpos, atol=1e-5)


def test_resampling_there_and_back_loses_nothing(clips):
    for clip in clips:
        twice = resample(clip, 2 * clip.fps)
        assert twice.n_frames == 499
        # every frame of the clip is one of the new ones
        np.testing.assert_allclose(twice.qpos[::2], clip.qpos, atol=1e-12)


def test_half_the_frames_foretell_the_others(clips):
    # interpolating real motion between every second frame meets the frames left out
    for clip in clips:
        sparse = Clip("a", clip.qpos[::2], clip.fps / 2)
        error = resample(sparse, clip.fps).qpos[1::2] - clip.qpos[1:-1:2]
        assert np.sqrt(np.mean(error[:, :3] ** 2)) < 0.001
        assert np.sqrt(np.mean(error[:, 7:] ** 2)) < np.radians(2)


def test_integrated_velocities_lead_from_frame_to_frame(clips):
    for clip in clips:
        qvel = velocities(clip.qpos, clip.fps)
        np.testing.assert_array_equal(clip.qvel, qvel)
        # central differences: two frames on is two steps of the velocity between
        moved = clip.qpos[:-2, :3] + 2 / clip.fps * qvel[1:-1, :3]
        np.testing.assert_allclose(moved, clip.qpos[2:, :3], atol=1e-12)
