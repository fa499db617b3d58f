"""Trials of a recording: read as written, cut at failures, and as a table and an NWB file."""

import csv
import json

import h5py
import numpy as np
import pytest

from rodent.cli import main
from rodent.errors import InputError
from rodent.recording import Channel, RolloutMetadata, Trial, open_recording
from rodent.recording.nwb import session_trials
from rodent.recording.trials import NONE, until_failure
from tests.recordings import block, writer

FRAMES = 50
SPEED = {"speed": Channel("m/s", "commanded speed", (), "f8")}
FIRST = Trial(0.0, 0.5, 0.1, 0.3, 0.4, "left", "reached", {"speed": 0.2})
SECOND = Trial(0.5, 1.0, 0.6, NONE, NONE, "right", "missed", {"speed": 0.1})


@pytest.fixture
def recording(tmp_path):
    """Two rollouts of a second; the first has two trials, the second one."""
    path = tmp_path / "r.h5"
    with writer(path, trial_columns=SPEED) as file:
        for name, trials in (("a", [FIRST, SECOND]), ("b", [SECOND])):
            rollout = file.rollout(name, RolloutMetadata(task="reach"))
            rollout.append(block(0, FRAMES))
            rollout.trials = trials
    return path


def test_trials_are_read_as_they_were_written(recording):
    with open_recording(recording) as opened:
        trials = opened.trials
        assert len(trials) == 3
        assert trials["rollout"].tolist() == ["a", "a", "b"]
        assert trials["outcome"].tolist() == ["reached", "missed", "missed"]
        np.testing.assert_array_equal(trials["response"], [0.3, np.nan, np.nan])
        assert trials.channels["speed"].unit == "m/s"
        first, second = trials.of("a").rows()
        times = {name: getattr(FIRST, name) for name in ("start", "stop", "cue", "response", "reward")}
        assert first == {"rollout": "a", **times, "kind": "left", "outcome": "reached", "speed": 0.2}
        assert second["speed"] == 0.1
        with pytest.raises(InputError, match="unknown column of trials 'cues'"):
            trials["cues"]
        np.testing.assert_allclose(session_trials(opened)["start"], [0.0, 0.5, 1.5])


def test_a_recording_without_trials_has_an_empty_table(tmp_path, capsys):
    with writer(tmp_path / "r.h5") as file:
        file.rollout("a").append(block(0, FRAMES))
    with open_recording(tmp_path / "r.h5") as opened:
        assert len(opened.trials) == 0
        assert opened.trials["cue"].shape == (0,)
    assert main(["trials", str(tmp_path / "r.h5")]) == 2
    assert "has no trials" in capsys.readouterr().err


def test_a_failure_ends_its_trial_and_later_ones_are_left_out():
    alive = np.arange(FRAMES) < 16
    (only,) = until_failure([FIRST, SECOND], alive, 0.02)
    assert (only.stop, only.outcome, only.response) == (0.32, "failed", 0.3)
    assert np.isnan(only.reward)
    assert until_failure([FIRST, SECOND], np.ones(FRAMES, bool), 0.02) == [FIRST, SECOND]


def test_the_command_prints_and_writes_a_table(recording, tmp_path, capsys):
    out = tmp_path / "trials.csv"
    assert main(["trials", str(recording), "--out", str(out)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split()[:4] == ["rollout", "start", "stop", "cue"]
    times = ["0.000", "0.500", "0.100", "0.300", "0.400"]
    assert printed[1].split() == ["a", *times, "left", "reached", "0.200"]
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows] == ["left", "right", "right"]
    assert rows[1]["response"] == ""
    assert main(["trials", str(recording), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trials"][2]["reward"] is None


def test_an_nwb_file_has_the_trials_on_one_clock(recording, tmp_path):
    pynwb = pytest.importorskip("pynwb")
    out = tmp_path / "trials.nwb"
    assert main(["trials", str(recording), "--out", str(out)]) == 0
    with pynwb.NWBHDF5IO(str(out), "r") as file:
        nwb = file.read()
        table = nwb.trials.to_dataframe()
        assert "reach" in nwb.session_description
    np.testing.assert_allclose(table["start_time"], [0.0, 0.5, 1.5])
    np.testing.assert_allclose(table["cue_time"], [0.1, 0.6, 1.6])
    assert table["outcome"].tolist() == ["reached", "missed", "missed"]
    assert table["speed"].tolist() == [0.2, 0.1, 0.1]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda trials: trials.pop("cue"), "the trials lack the column 'cue'"),
        (lambda trials: trials.create_dataset("color", data=[1, 2, 3]), "unknown column of trials 'color'"),
        (lambda trials: _renew(trials, "stop", [1.0, 2.0]), "trials/stop has shape"),
        (lambda trials: _renew(trials, "rollout", [0, 1, 2]), "must number the 2 rollouts"),
        (lambda trials: trials.attrs.__setitem__("columns", "[]"), "expected an object"),
    ],
)
def test_damaged_trials_are_refused(recording, damage, message):
    with h5py.File(recording, "r+") as file:
        damage(file["trials"])
    with pytest.raises(InputError, match=message), open_recording(recording):
        pass


def _renew(trials, name, values):
    del trials[name]
    trials[name] = values


def test_a_column_cannot_have_the_name_of_a_standard_one(tmp_path):
    with pytest.raises(InputError, match="'cue' collides"):
        writer(tmp_path / "r.h5", trial_columns={"cue": Channel("s", "cue")})
