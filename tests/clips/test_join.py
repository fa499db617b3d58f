import dataclasses

import numpy as np
import pytest

from rodent.assets import asset_path
from rodent.cli import main
from rodent.clips import read_clips, write_clips
from rodent.clips.clip import joined
from rodent.errors import InputError
from rodent.synthesis.stance import stance_clips


def test_clips_of_both_files_stand_in_order(clips, clip_file, tmp_path, capsys):
    out = tmp_path / "all.h5"
    assert main(["clips", "join", str(clip_file), "gaits", "--out", str(out)]) == 0
    gaits, both = read_clips(asset_path("motions", "gaits.h5")), read_clips(out)
    assert both.names == clips.names + gaits.names
    for clip in (*clips, *gaits):
        np.testing.assert_array_equal(both[clip.name].qpos, clip.qpos)
        assert both[clip.name].source == clip.source
    assert f"{len(both)} clips" in capsys.readouterr().err


def test_one_name_in_two_files(clips, clip_file, tmp_path, capsys):
    other = tmp_path / "other.h5"
    write_clips(clips, other)
    assert main(["clips", "join", str(clip_file), str(other), "--out", str(tmp_path / "all.h5")]) == 2
    assert f"both {clip_file} and {other} have a clip 'sway_0'" in capsys.readouterr().err
    with pytest.raises(InputError, match="both a and a have a clip"):
        joined([("a", clips), ("a", clips)])


def test_bodies_of_two_scales(clips, body):
    larger = dataclasses.replace(stance_clips(body, frames=5), scale=1.0)
    with pytest.raises(
        InputError, match=r"b is for a body of scale 1, a for one of 0.9; only clips of one body"
    ):
        joined([("a", clips), ("b", larger)])


def test_a_single_file(clip_file, tmp_path, capsys):
    assert main(["clips", "join", str(clip_file), "--out", str(tmp_path / "all.h5")]) == 2
    assert "there are 1 clip files to join; expected two or more" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_built_in_clips_by_name_unless_a_file_has_it(clips, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "trot" in read_clips("gaits").names
    write_clips(clips, tmp_path / "gaits")
    assert read_clips("gaits").names == clips.names
    with pytest.raises(InputError, match=r"no such file or folder: gait; built in are: gaits"):
        read_clips("gait")
