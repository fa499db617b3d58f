"""Clips as other programs write them: orders of quaternions, labels, mocap of dm_control, frame rates."""

import dataclasses

import h5py
import numpy as np
import pytest

from rodent.cli import main
from rodent.clips import ImportOptions, import_clips, read_clips, write_clips
from rodent.errors import InputError
from rodent.kinematics.forward import torso_positions
from rodent.rotation import multiply

GIVEN = ImportOptions(fps=50.0, scale=0.9)


def turned(qpos, yaw):
    """Poses turned on the spot by a constant angle."""
    turn = np.array([np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)])
    other = qpos.copy()
    other[:, 3:7] = multiply(turn, qpos[:, 3:7])
    matrix = np.array([[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]])
    other[:, :2] = qpos[:, :2] @ matrix.T
    return other


def xyzw(qpos):
    other = qpos.copy()
    other[..., 3:7] = qpos[..., [4, 5, 6, 3]]
    return other


@pytest.mark.parametrize("yaw", [0.0, 0.3, 2.0, np.pi])
@pytest.mark.parametrize("name", ["walk", "trot", "rear", "groom", "turn_left"])
def test_quaternions_x_y_z_w_are_refused_by_name_and_others_are_not(name, yaw, tmp_path):
    qpos = turned(read_clips("gaits")[name].qpos, yaw)
    np.save(tmp_path / "right.npy", qpos)
    assert import_clips(tmp_path / "right.npy", GIVEN).total_frames == len(qpos)
    np.save(tmp_path / "wrong.npy", xyzw(qpos))
    with pytest.raises(InputError, match=r"wrong.npy: clip 'wrong': its root quaternions .* x, y, z, w"):
        import_clips(tmp_path / "wrong.npy", GIVEN)


def test_quaternions_of_real_clips(data, tmp_path):
    with np.load(data / "mocap" / "rat_clips_9.npz") as file:
        poses = file["qpos"]
    for i, qpos in enumerate(poses):
        np.save(tmp_path / f"{i}.npy", xyzw(qpos))
        with pytest.raises(InputError, match="x, y, z, w"):
            import_clips(tmp_path / f"{i}.npy", GIVEN)


def test_labels_may_repeat_and_have_any_script(clips, tmp_path):
    qpos = np.stack([clips[0].qpos] * 5)
    labels = ["Walk", "Walk", "Walk_0", "歩く", "???"]
    np.savez(tmp_path / "a.npz", qpos=qpos, label=np.array(labels), fps=50.0, scale=0.9)
    found = read_clips(tmp_path / "a.npz")
    assert found.names == ("Walk_1", "Walk_2", "Walk_0", "歩く", "clip")
    assert [clip.behavior for clip in found] == ["Walk", "Walk", "Walk", "歩く", ""]
    write_clips(found, tmp_path / "歩行.h5")
    assert read_clips(tmp_path / "歩行.h5").names == found.names


def write_mocap(path, clips, body, top=False, dt=0.02):
    """Motion as dm_control stores it: arrays of (numbers, frames), the position of the torso."""
    with h5py.File(path, "w") as file:
        for i, clip in enumerate(clips):
            group = file if top else file.create_group(f"clip_{i}")
            if dt is not None:
                group.attrs["dt"] = dt
            walker = group.create_group("walkers/walker_0")
            walker["position"] = torso_positions(clip.qpos, body).T
            walker["quaternion"] = clip.qpos[:, 3:7].T
            walker["joints"] = clip.qpos[:, 7:].T
            walker["scaling"] = np.zeros(0)
    return path


@pytest.mark.parametrize("frames", [20, 74])
def test_mocap_of_dm_control(clips, body, tmp_path, frames):
    clips = [dataclasses.replace(c, qpos=np.resize(c.qpos, (frames, 74))) for c in list(clips)[:1]] * 11
    path = write_mocap(tmp_path / "a.h5", clips, body)
    found = import_clips(path, ImportOptions(scale=0.9, align_floor=False))
    assert found.names == tuple(f"clip_{i}" for i in range(11))
    np.testing.assert_allclose(found[10].qpos, clips[10].qpos, atol=1e-9)
    assert found[0].fps == 50
    one = import_clips(
        write_mocap(tmp_path / "one.h5", clips[:1], body, top=True, dt=None),
        ImportOptions(scale=0.9, fps=100.0, align_floor=False),
    )
    assert one.names == ("one",)
    with pytest.raises(InputError, match=r"does not say its scale; .*--scale"):
        read_clips(path)


def test_mocap_that_is_damaged_says_where(clips, body, tmp_path):
    path = write_mocap(tmp_path / "a.h5", list(clips)[:1], body)
    with h5py.File(path, "r+") as file:
        del file["clip_0/walkers/walker_0/joints"]
        file["clip_0/walkers/walker_0/joints"] = np.zeros((67, 5))
    with pytest.raises(InputError, match="have 20, 20, 5 frames"):
        import_clips(path, GIVEN)


def test_clips_of_any_rate_are_resampled_on_request(clips, tmp_path):
    write_clips(clips, tmp_path / "50.h5")
    fast = dataclasses.replace(
        clips, clips=tuple(dataclasses.replace(c, name=f"fast_{c.name}", fps=100.0, qvel=None) for c in clips)
    )
    write_clips(fast, tmp_path / "100.h5")
    out = tmp_path / "all.h5"
    line = ["clips", "join", str(tmp_path / "50.h5"), str(tmp_path / "100.h5"), "--out", str(out)]
    assert main([*line, "--resample", "50"]) == 0
    found = read_clips(out)
    assert {clip.fps for clip in found} == {50.0}
    assert found[found.names[-1]].n_frames == 10
    assert main(["clips", "mirror", str(tmp_path / "100.h5"), "--out", str(out), "--resample", "25"]) == 0
    assert {clip.fps for clip in read_clips(out)} == {25.0}
    assert {clip.fps for clip in read_clips(tmp_path / "100.h5", resample=50.0)} == {50.0}


def test_sets_of_the_same_names_are_joined_with_prefixes(clips, tmp_path, capsys):
    for day in ("monday", "tuesday"):
        write_clips(clips, tmp_path / "raw.h5")
        out = str(tmp_path / f"{day}.h5")
        assert main(["clips", "import", str(tmp_path / "raw.h5"), "--out", out, "--name", day]) == 0
    days = [str(tmp_path / "monday.h5"), str(tmp_path / "tuesday.h5")]
    assert main(["clips", "join", *days, "--out", str(tmp_path / "all.h5")]) == 0
    found = read_clips(tmp_path / "all.h5")
    assert len(found) == 2 * len(clips)
    assert found.names[0] == f"monday_{clips.names[0]}"
    capsys.readouterr()
    assert main(["clips", "join", days[0], days[0], "--out", str(tmp_path / "no.h5")]) == 2
    assert "give one set a prefix with --name" in capsys.readouterr().err


def test_mocap_whose_walker_is_no_group_is_refused(clips, body, tmp_path):
    path = tmp_path / "a.hdf5"
    write_mocap(path, list(clips)[:1], body)
    with h5py.File(path, "r+") as file:
        del file["clip_0/walkers/walker_0"]
        file["clip_0/walkers/walker_0"] = np.zeros(3)
    with pytest.raises(InputError, match=r"is a dataset; a group of position, quaternion and joints"):
        import_clips(path, GIVEN)
