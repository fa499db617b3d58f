"""Whole comparisons, by the command line and in Python."""

import dataclasses
import json

import numpy as np
import pytest

from analysis.game.config import GameConfig
from analysis.game.match import Sides, motion_match
from analysis.game.settings import GameSettings
from analysis.motion import read_motions
from rodent.cli import main
from rodent.clips import ClipSet, write_clips
from rodent.clips.clip import Clip
from rodent.recording import Header, RecordingWriter, RolloutMetadata

SETTINGS = GameSettings(seconds=(0.5,), bootstraps=50, permutations=1, folds=2)


def clip_set(body, motions, **fields):
    clips = [
        Clip(one.name.replace("/", "_"), one.qpos, one.fps, **({"behavior": one.behavior} | fields))
        for one in motions
    ]
    return ClipSet(tuple(clips), body.scale, body.joint_names)


@pytest.fixture(scope="module")
def files(body, process, tmp_path_factory):
    """Clips of the rat, and a recording of a model that imitates them, twice each."""
    folder = tmp_path_factory.mktemp("game")
    model, rat = process
    clips = [dataclasses.replace(one, name=one.clip) for one in rat.motions if one.name.endswith(".0")]
    write_clips(clip_set(body, clips), folder / "rat.h5")
    with RecordingWriter(folder / "model.h5", Header.of(body, fps=50, content="states")) as writer:
        for one in model.motions:
            if one.name.endswith(".2"):
                continue
            qpos, frames = one.qpos, len(one.qpos)
            reference = next(clip.qpos for clip in clips if clip.clip == one.clip)
            zeros = {name: np.zeros((frames, body.model.nu)) for name in ("ctrl", "actuator_force")}
            rows = zeros | {
                "time": np.arange(frames) / 50,
                "qpos": qpos,
                "qvel": np.zeros((frames, body.model.nv)),
                "reference": reference,
                "contact": np.zeros((frames, len(body.roles.touch))),
                "alive": np.arange(frames) < (100 if one.name == "clip_1.1" else frames),
                "reward/total": np.zeros(frames),
            }
            metadata = RolloutMetadata.of_clip(one.clip, behavior="Still")
            writer.rollout(one.name, metadata).append(rows)
    return folder


def test_a_recording_is_the_model_or_the_rat(files, process):
    model = read_motions(files / "model.h5", animal=False)
    assert len(model.motions) == 12 and model.notes == ("1 s after failures of the model are left out",)
    np.testing.assert_allclose(model.motions[0].qpos, process[0].motions[0].qpos)
    rat = read_motions(files / "model.h5", animal=True)
    assert [one.clip for one in rat.motions] == [f"clip_{i}" for i in range(6)]
    np.testing.assert_allclose(rat.motions[0].qpos, process[1].motions[0].qpos)


def test_the_command_prints_json_and_writes_a_page(files, tmp_path, capsys):
    words = [
        "game",
        str(files / "model.h5"),
        str(files / "rat.h5"),
        "--json",
        "--out",
        str(tmp_path / "g.html"),
    ]
    quick = ["--seconds", "0.5", "1", "--folds", "2", "--bootstraps", "50", "--permutations", "1"]
    assert main([*words, *quick]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["interval"][0] <= found["balanced_accuracy"] <= found["interval"][1]
    assert "spectrum/9-12 Hz" in found["features"] and found["intervals_over"] == "clips"
    assert [one["seconds"] for one in found["lengths"]] == [0.5, 1.0]
    assert set(found["lengths"][0]["classifiers"]) == {"logistic", "boosting", "recurrent", "all"}
    assert set(found["controls"]) == {"model against itself"}
    assert "no ceiling" in err
    page = (tmp_path / "g.html").read_text()
    assert all(text in page for text in ("Controls", "What gives it away", "By length of the window"))


def test_sessions_of_the_rat_are_the_ceiling(body, files, process, tmp_path):
    clips = clip_set(body, [one for one in process[1].motions if one.name.endswith(".0")])
    halves = [dataclasses.replace(one, session=f"day {i // 3}") for i, one in enumerate(clips)]
    write_clips(dataclasses.replace(clips, clips=tuple(halves)), tmp_path / "days.h5")
    config = GameConfig(tmp_path / "days.h5", tmp_path / "days.h5", settings=SETTINGS)
    match = motion_match(config, Sides.read(files / "model.h5", tmp_path / "days.h5", config))
    assert match.group == "sessions" and len(np.unique(match.first.fold)) == 2
    assert [name for name in match.controls if name.startswith("rat")] == [
        "rat of session day 0 against others",
        "rat of session day 1 against others",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{model}"], "MODEL or RAT is missing"),
        (["{model}", "{rat}", "--lowpass", "25"], "--lowpass is 25 Hz; expected at most"),
        (["{model}", "{rat}", "--seconds", "4"], "has 0 windows"),
        (["{model}", "{rat}", "--layer", "decoder", "--fps", "25"], "--other and --fps are for motion"),
        (["{model}", "missing.h5"], "no such file"),
        (["--score", "a.json"], "--score needs answers and their --key"),
        (["{model}", "{rat}", "--folds", "1"], "game setting folds is 1"),
    ],
)
def test_bad_input_is_one_line(files, words, message, capsys):
    places = {"model": files / "model.h5", "rat": files / "rat.h5"}
    assert main(["game", *(word.format(**places) for word in words)]) == 2
    err = capsys.readouterr().err.strip().splitlines()[-1]
    assert err.startswith("rodent: ") and message in err
