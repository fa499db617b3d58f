"""`rodent clips synth`."""

import json

import numpy as np
import pytest

from rodent import synthesis
from rodent.cli import main
from rodent.clips import Clip, ClipSet, read_clips


@pytest.fixture
def track(tmp_path):
    time = np.arange(0, 2.5, 0.04)
    file = tmp_path / "rat 1.csv"
    rows = [f"{t:.3f},{0.2 * t:.5f},0.0" for t in time]
    file.write_text("\n".join(["time,x,y", *rows]) + "\n")
    return file


def test_a_path_becomes_clips(track, tmp_path, capsys):
    out = tmp_path / "out.h5"
    arguments = [
        "clips",
        "synth",
        "--path",
        str(track),
        "--out",
        str(out),
        "--seconds-per-clip",
        "1",
        "--json",
    ]
    assert main(arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["out"], result["clips"]) == (str(out), 3)
    assert 0 <= result["slide_mm"] < 1 and 0 <= result["penetration_mm"] < 1
    clips = read_clips(out)
    assert clips.names == ("rat_1_0", "rat_1_1", "rat_1_2")
    assert clips[0].source == "synthetic (rodent.motion.synth)"
    speed = np.diff(clips[1].qpos[:, 0]).mean() * 50
    assert speed == pytest.approx(0.2, rel=0.02)
    assert clips[1].qvel is not None


def test_without_a_path_it_is_the_built_in_set(body, tmp_path, monkeypatch, capsys):
    qpos = synthesis.path_clips(body, np.array([0.0, 0.2]), np.zeros((2, 2)))[0].qpos
    made = ClipSet((Clip("walk", qpos, 50.0),), body.scale, body.joint_names)
    monkeypatch.setattr(synthesis, "gait_clips", lambda body, advance: made)
    out = tmp_path / "gaits.h5"
    assert main(["clips", "synth", "--out", str(out)]) == 0
    assert "1 clips, 11 frames; standing paws slide by 0.0" in capsys.readouterr().err
    assert read_clips(out).names == ("walk",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--smoothing -1", "--smoothing is -1 s; it must lie in [0, 5]"),
        ("--smoothing nan", "--smoothing is nan s"),
        ("--seconds-per-clip 0", "--seconds-per-clip is 0; it must lie in"),
        ("--scale 0", "body scale is 0"),
    ],
)
def test_senseless_options_end_with_2(track, tmp_path, capsys, options, message):
    out = tmp_path / "a.h5"
    assert main(["clips", "synth", "--path", str(track), "--out", str(out), *options.split()]) == 2
    printed = capsys.readouterr().err
    assert message in printed and printed.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize("option", ["--seconds-per-clip", "--smoothing"])
def test_options_of_a_path_require_a_path(tmp_path, capsys, option):
    assert main(["clips", "synth", "--out", str(tmp_path / "a.h5"), option, "2"]) == 2
    assert f"{option} is for a path; give --path, too" in capsys.readouterr().err


def test_millimetres_are_noticed(tmp_path, capsys):
    track = tmp_path / "mm.csv"
    track.write_text("time,x,y\n0,0,0\n1,200,0\n2,400,0\n")
    assert main(["clips", "synth", "--path", str(track), "--out", str(tmp_path / "a.h5")]) == 2
    assert "positions not in metres" in capsys.readouterr().err


def test_walks_and_rears_are_drawn(tmp_path, capsys):
    out = tmp_path / "drawn.h5"
    options = ["--walks", "1", "--rears", "1", "--seed", "3"]
    assert main(["clips", "synth", *options, "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 2
    clips = read_clips(out)
    assert clips.names == ("walk_0", "rear_0")
    assert {clip.source for clip in clips} == {"synthetic (rodent.motion.synth)"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--rears -1", "--rears is -1; it must be in [0, 10000]"),
        ("--walks 1 --seed -1", "--seed is -1; it must not be negative"),
        ("--seed 1", "--seed is for random walks and rears; give --walks or --rears, too"),
        ("--walks 1 --path animal.csv", "--path and --walks are both given; make one, then the other"),
    ],
)
def test_senseless_draws_end_with_2(tmp_path, capsys, options, message):
    out = tmp_path / "a.h5"
    assert main(["clips", "synth", "--out", str(out), *options.split()]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()
