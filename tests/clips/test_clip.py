"""Clips and their file."""

import dataclasses

import h5py
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.clips import Clip, ClipSet, read_clips, require_body, write_clips
from rodent.errors import InputError
from rodent.kinematics.poses import velocities
from rodent.scene import make_scene


def with_first(clip_set: ClipSet, **changes) -> ClipSet:
    first = dataclasses.replace(clip_set[0], **changes)
    return dataclasses.replace(clip_set, clips=(first, *clip_set.clips[1:]))


def test_a_digest_is_of_the_motion_and_not_of_the_file(clip_set, tmp_path):
    write_clips(clip_set, tmp_path / "a.h5")
    assert read_clips(tmp_path / "a.h5").digest() == clip_set.digest()
    moved = clip_set[0].qpos.copy()
    moved[3, 0] += 1e-6
    assert with_first(clip_set, qpos=moved).digest() != clip_set.digest()
    assert with_first(clip_set, name="other").digest() != clip_set.digest()


def test_everything_comes_back_as_it_was_written(clip_set, tmp_path):
    keypoints = np.random.default_rng(0).normal(size=(40, 2, 3))
    keypoints[3, 1] = np.nan
    written = with_first(
        clip_set,
        subject="art",
        session="2020_12_22",
        source="a lab",
        licence="MIT",
        keypoints=keypoints,
        keypoint_names=("Snout", "TailBase"),
        floor_shift=-0.003,
    )
    write_clips(written, tmp_path / "a.h5")
    read = read_clips(tmp_path / "a.h5")
    assert (read.scale, read.joint_names) == (written.scale, written.joint_names)
    for before, after in zip(written, read, strict=True):
        for field in dataclasses.fields(Clip):
            one, two = getattr(before, field.name), getattr(after, field.name)
            if isinstance(one, np.ndarray):
                np.testing.assert_array_equal(one, two)
                assert two.dtype == np.float64
            else:
                assert one == two, field.name


def test_the_file_is_as_documented(clip_set, tmp_path):
    write_clips(clip_set, tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        assert (file.attrs["schema"], file.attrs["version"]) == ("virtual-rodent/clips", 1)
        assert file.attrs["scale"] == 0.9
        assert tuple(name.decode() for name in file.attrs["joint_names"]) == clip_set.joint_names
        group = file["clips/Walk_2"]
        assert group["qpos"].shape == (40, 74)
        assert group["qvel"].shape == (40, 73)
        assert (group.attrs["fps"], group.attrs["behavior"].decode()) == (50.0, "Walk")


def test_clips_keep_their_order_and_are_found_by_name_and_index(clip_set, tmp_path):
    # the names are not in alphabetical order
    assert clip_set.names == ("Walk_2", "Rear_1")
    write_clips(clip_set, tmp_path / "a.h5")
    read = read_clips(tmp_path / "a.h5")
    assert read.names == clip_set.names
    assert read["Rear_1"] is read[1] is read[-1]
    assert [clip.n_frames for clip in read] == [40, 39]
    assert (len(read), read.total_frames, read[0].duration) == (2, 79, 0.8)
    with pytest.raises(InputError, match="did you mean 'Rear_1'"):
        read["Rear1"]


def test_missing_velocities_are_computed(clip_set, tmp_path):
    bare = with_first(clip_set, qvel=None)
    write_clips(bare, tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        assert "qvel" not in file["clips/Walk_2"]
    np.testing.assert_array_equal(read_clips(tmp_path / "a.h5")[0].qvel, velocities(bare[0].qpos, 50.0))


def test_a_clip_file_is_taken_as_it_is(clip_set, tmp_path):
    # 5 mm off the floor: on a step, say
    raised = clip_set[0].qpos + np.eye(74)[2] * 0.005
    write_clips(with_first(clip_set, qpos=raised), tmp_path / "a.h5")
    np.testing.assert_array_equal(read_clips(tmp_path / "a.h5")[0].qpos, raised)


@pytest.mark.parametrize("name", ["", "a/b", ".", ".."])
def test_names_that_no_file_can_hold_are_refused(clip_set, name):
    with pytest.raises(InputError, match="must not be empty or contain"):
        with_first(clip_set, name=name)


def test_names_are_unique_and_a_set_is_never_empty(clip_set):
    with pytest.raises(InputError, match="two clips are named 'Rear_1'"):
        with_first(clip_set, name="Rear_1")
    with pytest.raises(InputError, match="at least one"):
        dataclasses.replace(clip_set, clips=())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fps": 0.0}, "fps is 0"),
        ({"qpos": np.zeros((40, 73))}, r"qpos has shape \(40, 73\)"),
        ({"qvel": np.zeros((39, 73))}, r"qvel has shape \(39, 73\); \(40, 73\)"),
        ({"qvel": np.full((40, 73), np.nan)}, "frame 0: qvel is not finite"),
        ({"keypoints": np.zeros((40, 3))}, "keypoints have shape"),
        ({"keypoints": np.zeros((40, 5, 3)), "keypoint_names": ("a",)}, r"\(40, 1, 3\) is expected"),
    ],
)
def test_unsound_clips_are_not_written_and_the_old_file_stays(clip_set, tmp_path, changes, message):
    path = tmp_path / "a.h5"
    write_clips(clip_set, path)
    before = path.read_bytes()
    with pytest.raises(InputError, match=f"a.h5: clip 'Walk_2'.*{message}"):
        write_clips(with_first(clip_set, **changes), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_keypoints_without_names_are_kept(clip_set, tmp_path):
    write_clips(with_first(clip_set, keypoints=np.ones((40, 5, 3))), tmp_path / "a.h5")
    read = read_clips(tmp_path / "a.h5")[0]
    assert read.keypoints.shape == (40, 5, 3)
    assert read.keypoint_names == ()


def test_a_missing_folder_is_named(clip_set, tmp_path):
    with pytest.raises(InputError, match="nowhere does not exist"):
        write_clips(clip_set, tmp_path / "nowhere" / "a.h5")


def test_clips_and_body_must_be_of_one_scale(clip_set, body):
    require_body(clip_set, body)
    with pytest.raises(
        InputError, match=r"scale 0\.9.*scale 1; bring the clips to that body.*--body\.scale 0\.9"
    ):
        require_body(clip_set, make_scene(BodyConfig(scale=1.0)))
    renamed = dataclasses.replace(clip_set, joint_names=("tail", *clip_set.joint_names[1:]))
    with pytest.raises(InputError, match="joint 0 is 'tail'"):
        require_body(renamed, body)
