import csv
import json

import h5py
import numpy as np
import pandas as pd
import pytest

from analysis.events.rat import rat_events
from analysis.events.settings import RatEventSettings
from rodent.cli import main
from rodent.clips import read_clips
from rodent.recording import Header, RecordingWriter, Trial, open_recording
from rodent.recording.trials import NONE
from tests.analysis.events.sessions import after, poisson

NU, NV = 38, 73
TOUCH_SENSORS = ("palm_L", "palm_R", "sole_L", "sole_R")

FPS, SECONDS = 50.0, 60.0
QUICK = ("--rotations", "99", "--bootstraps", "20", "--shift-seconds", "5")


@pytest.fixture(scope="module")
def recording(body, tmp_path_factory):
    """A minute of a rat that stands, walks and stands, over and over; one unit knows its left front paw."""
    path = tmp_path_factory.mktemp("events") / "walk.h5"
    clip = read_clips("gaits")["start_stop"]
    qpos = np.tile(clip.qpos, (15, 1))
    # it walks on from where it was
    step = clip.qpos[-1, :2] - clip.qpos[0, :2]
    qpos[:, :2] += np.repeat(np.arange(15), len(clip.qpos))[:, None] * step
    block = {name: np.zeros((len(qpos), width)) for name, width in (("qvel", NV), ("contact", 4))}
    block |= {name: np.zeros((len(qpos), NU)) for name in ("ctrl", "actuator_force")}
    block |= {"qpos": qpos, "reference": qpos, "time": np.arange(len(qpos)) / FPS}
    block["alive"] = np.ones(len(qpos), bool)
    names = {"joint_names": body.joint_names, "actuator_names": body.actuator_names}
    names["contact_names"] = TOUCH_SENSORS
    with RecordingWriter(path, Header(fps=FPS, scene=body.config, **names)) as writer:
        walk = writer.rollout("walk")
        walk.append(block)
        walk.trials = [
            Trial(t, t + 4, t + 1, t + 2, NONE, "walk", "done") for t in np.arange(0.0, SECONDS, 4)
        ]
    with open_recording(path) as recorded:
        assert recorded.contact_names == TOUCH_SENSORS
        frames = rat_events(recorded.rollouts["walk"], FPS, body, RatEventSettings())
    units = 0.5 * np.random.default_rng(0).standard_normal((len(qpos), 4))
    units[frames["touch/hand_L"] + 3, 0] += 3
    with h5py.File(path, "r+") as file:
        file["rollouts/walk/units/decoder/layer_0"] = units.astype(np.float32)
    return path, frames["touch/hand_L"] / FPS


@pytest.fixture
def files(recording, workshop):
    """The recording, and two neurons with spike times, one of which answers 100 ms after touches."""
    path, touches = recording
    random = np.random.default_rng(1)
    rates = [after(touches, SECONDS, 0.1, 40), np.full(60_000, 8.0)]
    times = [poisson(rate, 0.001, random) for rate in rates]
    neurons = np.repeat([0, 1], [len(train) for train in times])
    spikes = workshop.npz(times=np.concatenate(times), neurons=neurons)
    return str(path), str(spikes)


def test_events_are_listed_with_how_often_they_happened(files, capsys):
    assert main(["events", *files, "--list"]) == 0
    out, _ = capsys.readouterr()
    rows = {words[0]: words[1:] for line in out.splitlines() if (words := line.split())}
    assert rows["event"] == ["from", "events", "usable"]
    assert rows["touch/hand_L"] == ["recording", "135", "135"]  # nine steps of each walk
    assert rows["trials/cue"] == rows["trials/done/response"] == ["recording", "15", "15"]
    assert rows["walk/start"] == ["recording", "15", "15"] and "rear/start" not in rows
    assert main(["events", *files, "--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["events"]
    assert {row["event"] for row in listed} == rows.keys() - {"event"}
    # windows that reach beyond the ends of the recording are not whole
    long = ("--window", "-3", "3", "--baseline", "-3", "-2", "--response", "-2", "3")
    assert main(["events", *files, "--list", *long, "--json"]) == 0
    usable = {row["event"]: row["usable"] for row in json.loads(capsys.readouterr().out)["events"]}
    assert usable["walk/start"] == 14 and 100 < usable["touch/hand_L"] < 135


def test_command_prints_one_json_object(files, tmp_path, capsys):
    out = tmp_path / "touches"
    arguments = ["--event", "touch/hand_L", "--layer", "decoder/layer_0", *QUICK, "--out", str(out), "--json"]
    assert main(["events", *files, *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["version"]) == ("virtual-rodent/events", 1)
    neurons, units = found["events"]
    assert (neurons["population"], units["population"]) == ("neurons", "decoder/layer_0")
    assert neurons["n"] == 2 and neurons["n_responding"] == 1 and neurons["p"] <= 0.05
    first, second = neurons["cells"]
    assert first["latency_seconds"] == pytest.approx(0.1, abs=0.011) and first["unit"] == "Hz"
    assert first["p"] == 0.01 and first["q"] == 0.02 and second["p"] > 0.05
    assert len(first["rate"]) == len(first["low"]) == len(neurons["lag_seconds"]) == 100
    assert units["cells"][0]["latency_seconds"] == pytest.approx(0.07) and len(units["lag_seconds"]) == 50
    assert units["cells"][0]["q"] <= 0.05 and units["n_responding"] == 1
    assert found["settings"]["rotations"] == 99 and found["settings"]["rat"]["touch_weight"] == 0.05
    assert json.loads((out / "events.json").read_text()) == found
    figures = [f"touch-hand_L.{of}" for of in ("by-latency", "decoder-layer_0", "neurons")]
    tables = ["events.json", "rates.csv", "responses.csv"]
    assert sorted(file.name for file in out.iterdir()) == sorted(
        [*(f"{name}.{kind}" for name in figures for kind in ("figure.csv", "png", "svg")), *tables]
    )
    svg = (out / "touch-hand_L.neurons.svg").read_text()
    assert "p = 0.01, q = 0.02" in svg and "events" in svg
    with (out / "responses.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["population"] for row in rows] == ["neurons"] * 2 + ["decoder/layer_0"] * 4
    assert float(rows[0]["latency_seconds"]) == first["latency_seconds"] and rows[0]["n_events"]
    rates = pd.read_csv(out / "rates.csv")
    assert len(rates) == 2 * 100 + 4 * 50
    np.testing.assert_array_equal(rates["rate"][:100], first["rate"])


def test_tables_may_be_parquet(files, tmp_path, capsys):
    out = tmp_path / "touches"
    arguments = ["--event", "walk/*", *QUICK, "--out", str(out), "--table-format", "parquet"]
    assert main(["events", *files, *arguments]) == 0
    table = pd.read_parquet(out / "responses.parquet")
    assert list(dict.fromkeys(table["event"])) == ["walk/start", "walk/stop"] and len(table) == 4
    out, err = capsys.readouterr()
    assert "walk/start" in out and "of 2" in out and "wrote" in err


def test_counts_are_looked_at_by_their_bins(files, workshop, capsys):
    with np.load(files[1]) as arrays:
        counts = [
            np.histogram(arrays["times"][arrays["neurons"] == i], 3000, (0, SECONDS))[0] for i in range(2)
        ]
    spikes = workshop.npz(counts=np.stack(counts, 1), bin_seconds=0.02)
    arguments = ["--event", "touch/hand_L", *QUICK, "--json"]
    assert main(["events", files[0], str(spikes), *arguments]) == 0
    printed, err = capsys.readouterr()
    (neurons,) = json.loads(printed)["events"]
    assert neurons["cells"][0]["latency_seconds"] == pytest.approx(0.1, abs=0.021)
    assert len(neurons["lag_seconds"]) == 50 and "nearest bin of 0.02 s" in err


def test_sessions_of_other_bins_are_refused(files, workshop, tmp_path, capsys):
    counts = np.random.default_rng(0).poisson(0.3, (3000, 2))
    np.savez(tmp_path / "tuesday.npz", counts=counts, bin_seconds=0.02)
    second = ("--session", files[0], str(tmp_path / "tuesday.npz"))
    arguments = ["--event", "touch/hand_L", *QUICK, *second]
    assert main(["events", *files, *arguments]) == 2
    assert "neurons in bins of 0.01 and 0.02 s; expected equal bins: give" in capsys.readouterr().err
    assert main(["events", *files, *arguments, "--psth-seconds", "0.02"]) == 0


def test_sessions_are_joined(files, tmp_path, capsys):
    out = tmp_path / "both"
    arguments = ["--event", "touch/hand_L", *QUICK, "--session", *files, "--out", str(out), "--cells"]
    assert main(["events", *files, *arguments]) == 0
    found = json.loads((out / "events.json").read_text())
    assert len(found["sessions"]) == 2
    (neurons,) = found["events"]
    assert [cell["session"] for cell in neurons["cells"]] == [0, 0, 1, 1] and neurons["n_responding"] == 2
    # four neurons are corrected for, not twice two
    assert neurons["cells"][0]["q"] == 0.02 and "session 1" in (out / "touch-hand_L.neurons.svg").read_text()
    assert "session" in capsys.readouterr().out


def test_events_of_the_file_are_there_too(files, workshop, capsys):
    def add(nwb):
        for name in (13, 14):
            nwb.add_unit(
                spike_times=poisson(np.full(60_000, 9.0), 0.001, np.random.default_rng(name)),
                depth=0.0,
                location="M1",
                id=name,
            )
        nwb.add_trial_column("cue_time", "cue")
        for start in range(1, 58, 3):
            nwb.add_trial(start_time=float(start), stop_time=start + 1.0, cue_time=start + 0.5)

    spikes = workshop.nwb(add)
    arguments = ["--event", "trials/cue_time", *QUICK, "--offset", "0", "--json"]
    assert main(["events", files[0], str(spikes), *arguments]) == 0
    (neurons,) = json.loads(capsys.readouterr().out)["events"]
    assert neurons["n_events"] == [19] and {cell["name"] for cell in neurons["cells"]} >= {"13", "14"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no --event is given; --list shows the names"),
        (("--event", "touch/hand"), "did you mean 'touch/hand_"),
        (("--event", "jump/*"), "unknown event 'jump/*'"),
        (("--event", "rear/start"), "rear/start: 0 events have a whole window"),
        (("--event", "touch/hand_L", "--layer", "decoder/layr_0"), "did you mean 'decoder/layer_0'"),
        (("--event", "touch/hand_L", "--shift-seconds", "30"), "less than 3 times the least rotation"),
        (("--event", "touch/hand_L", "--window", "0.5", "-0.5"), "event setting window"),
        (("--event", "touch/hand_L", "--walk-speed", "0"), "event setting walk_speed is 0"),
        (("--event", "touch/hand_L", "--out", "nowhere/there"), "cannot write nowhere/there"),
    ],
)
def test_wrong_options_exit_with_2(files, arguments, message, capsys):
    quick = [] if "--shift-seconds" in arguments else QUICK
    assert main(["events", *files, *quick, *arguments]) == 2
    out, err = capsys.readouterr()
    assert not out and message in err and len(err.strip().splitlines()[-1]) < 2000
