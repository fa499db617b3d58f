"""`rodent clips info` and `rodent clips import`."""

import json

import numpy as np
import pytest

from rodent.cli import main
from rodent.clips import read_clips, write_clips


@pytest.fixture
def npz(clip_set, tmp_path):
    path = tmp_path / "rat.npz"
    names = np.array(clip_set.joint_names)
    labels = np.array(["Walk_2", "Rear_1"])
    qpos = np.stack([clip.qpos[:39] for clip in clip_set])
    np.savez(path, qpos=qpos, fps=50.0, scale=0.9, joint_names=names, label=labels)
    return path


def test_import_with_defaults_is_what_reading_gives(npz, tmp_path, capsys):
    out = tmp_path / "out.h5"
    assert main(["clips", "import", str(npz), "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "2 clips, 78 frames" in printed.err
    for imported, direct in zip(read_clips(out), read_clips(npz), strict=True):
        np.testing.assert_array_equal(imported.qpos, direct.qpos)
        np.testing.assert_array_equal(imported.qvel, direct.qvel)
        assert (imported.name, imported.behavior) == (direct.name, direct.behavior)


def test_import_takes_its_options(npz, tmp_path):
    out = tmp_path / "out.h5"
    options = "--fps 25 --resample 50 --no-align-floor --subject art --session s1 --licence MIT"
    assert main(["clips", "import", str(npz), "--out", str(out), *options.split()]) == 0
    clip = read_clips(out)["Walk_2"]
    assert (clip.fps, clip.n_frames, clip.floor_shift) == (50.0, 77, 0.0)
    assert (clip.subject, clip.session, clip.licence) == ("art", "s1", "MIT")


def test_info_prints_one_json_object(clip_set, body, tmp_path, capsys):
    path = tmp_path / "a.h5"
    write_clips(clip_set, path)
    assert main(["clips", "info", str(path), "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    result = json.loads(printed.out)
    assert (result["file"], result["scale"]) == (str(path), 0.9)
    assert result["total"] == {"clips": 2, "frames": 79, "seconds": pytest.approx(1.58)}
    walk = result["clips"][0]
    assert (walk["name"], walk["behavior"], walk["frames"], walk["fps"]) == ("Walk_2", "Walk", 40, 50.0)
    # the rat glides at 200 mm/s forward and sways, and its turning swings the torso sideways
    assert 200 < walk["speed_mm_s"] < 240
    low, high = walk["height_mm"]
    assert low == pytest.approx(high)
    assert low == pytest.approx(1000 * clip_set[0].qpos[0, 2] + 58.6, abs=0.1)
    assert walk["paw_mm"][1] == pytest.approx(0, abs=1e-6)


def test_info_prints_a_table_of_any_format(npz, capsys):
    assert main(["clips", "info", str(npz)]) == 0
    out = capsys.readouterr().out
    for text in ("Walk_2", "Rear", "height mm", "2 clips", "78", "scale 0.9"):
        assert text in out


def test_nothing_is_written_where_it_cannot_be(npz, tmp_path, capsys):
    assert main(["clips", "import", str(npz), "--out", str(tmp_path / "none" / "a.h5")]) == 2
    assert "does not exist; create it first" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "option", ["--fps 0", "--scale -1", "--resample 0.1", "--frames-per-clip 1", "--fps nan"]
)
def test_senseless_options_end_with_2(npz, tmp_path, capsys, option):
    arguments = ["clips", "import", str(npz), "--out", str(tmp_path / "a.h5"), *option.split()]
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "a.h5").exists()
