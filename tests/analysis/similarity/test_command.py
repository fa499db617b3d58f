import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from analysis.session import open_sessions
from analysis.similarity.config import RsaConfig
from analysis.similarity.sessions import compare_sessions, layers_of
from analysis.similarity.settings import SimilaritySettings
from rodent.cli import main
from tests.analysis.neural.files import Workshop

FPS = 10.0
QUICK = ("--permutations", "200", "--bootstraps", "50", "--splits", "3")


@pytest.fixture
def files(write_recording, tmp_path):
    """A recording of twenty-four clips of six behaviors, and the spikes of neurons that know them."""
    rng = np.random.default_rng(0)
    names = [f"{behavior}_{i}" for i in range(4) for behavior in rng.permutation(list("ABCDEF"))]
    places = rng.normal(size=(6, 3))
    weights, wide = rng.normal(size=(3, 25)), rng.normal(size=(3, 30))
    rollouts, counts = {}, []
    for name in names:
        signals = places["ABCDEF".index(name[0])] + 0.3 * rng.normal(size=(60, 3))
        units = {"decoder/layer_0": signals @ wide, "latent/mean": rng.normal(size=(60, 5))}
        rollouts[name] = {k: v.astype(np.float32) for k, v in units.items()}
        counts.append(rng.poisson(np.exp(0.5 * signals @ weights)))
    path = write_recording(rollouts, fps=FPS, **{name: name[0] for name in names})
    np.savez(tmp_path / "spikes.npz", counts=np.concatenate(counts), fps=FPS)
    return str(path), str(tmp_path / "spikes.npz")


def test_command_prints_one_json_object(files, tmp_path, capsys):
    out = tmp_path / "structure"
    assert main(["rsa", *files, *QUICK, "--out", str(out), "--json"]) == 0
    printed, err = capsys.readouterr()
    found = json.loads(printed)
    assert (found["schema"], found["version"]) == ("virtual-rodent/rsa", 1)
    assert found["conditions"] == list("ABCDEF")
    assert np.shape(found["neurons"]["rdm"]) == (6, 6) and found["neurons"]["dimensionality"] > 1
    first, second = found["layers"]
    assert first["layer"] == "decoder/layer_0" and np.shape(first["rdm"]) == (6, 6)
    assert first["similarity"] > 0.8 and first["p"] < 0.05 < second["p"]
    assert first["p_holm"] == pytest.approx(2 * first["p"]) and second["p_holm"] == second["p"]
    assert first["low"] < first["similarity"] < first["high"]
    assert first["cka"] > 0.3 > second["cka"] and first["procrustes"] < second["procrustes"]
    assert first["dimensionality"] <= 30
    lower, upper = found["noise_ceiling"]["lower"], found["noise_ceiling"]["upper"]
    assert 0 < lower <= upper <= 1
    assert found["variability"] is None and found["dropped"] == {}
    assert found["settings"]["partitions"] == 4 and found["versions"]["rsatoolbox"]
    assert any("one session" in note for note in found["notes"]) and "one session" in err
    assert json.loads((out / "rsa.json").read_text()) == found
    assert sorted(file.name for file in out.iterdir()) == [
        *("dissimilarities.figure.csv", "dissimilarities.png", "dissimilarities.svg", "rsa.json"),
        *("similarity.figure.csv", "similarity.png", "similarity.svg"),
    ]
    assert "decoder/layer_0" in (out / "similarity.svg").read_text()


def test_python_gives_what_the_command_prints(files, capsys):
    assert main(["rsa", *files, *QUICK, "--layer", "latent/mean", "--json"]) == 0
    (printed,) = json.loads(capsys.readouterr().out)["layers"]
    settings = SimilaritySettings(permutations=200, bootstraps=50, splits=3)
    config = RsaConfig(*map(Path, files), layer=("latent/mean",), settings=settings)
    with open_sessions(config) as opened:
        found = compare_sessions(config, opened, layers_of(config, opened))
    (layer,) = found.everyone.layers
    assert (layer.similarity, layer.p) == (printed["similarity"], printed["p"])


def test_command_prints_a_table(files, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    assert main(["rsa", *files, *QUICK, "--layer", "decoder/layer_0"]) == 0
    out, _ = capsys.readouterr()
    assert "6 behaviors: A, B, C, D, E, F; noise ceiling" in out
    assert "decoder/layer_0" in out and "latent/mean" not in out


def test_controls_are_compared_where_they_are_named(files, capsys):
    with h5py.File(files[0], "r+") as file:
        for rollout in file["rollouts"].values():
            rollout["units/control/reference"] = rollout["units/latent/mean"][()]
    found = {}
    for more in ((), ("--layer", "control/reference", "--layer", "latent/mean")):
        assert main(["rsa", *files, *QUICK, *more, "--json"]) == 0
        found[more] = [one["layer"] for one in json.loads(capsys.readouterr().out)["layers"]]
    assert list(found.values()) == [["decoder/layer_0", "latent/mean"], ["control/reference", "latent/mean"]]


def test_command_joins_sessions(files, capsys):
    assert main(["rsa", *files, *QUICK, "--session", *files, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["sessions"]) == 2 and found["further_sessions"] == [list(files)]
    # the same session again is as alike as can be
    assert found["noise_ceiling"]["upper"] == pytest.approx(1)


def test_groups_of_neurons_are_compared_by_themselves(files, tmp_path, capsys):
    recording, spikes = files
    arrays = dict(np.load(spikes))
    regions = np.array(["M1", "DLS/left"] * 12 + ["x"])
    np.savez(tmp_path / "regions.npz", **arrays, **{"units/region": regions})
    options = [*QUICK, "--layer", "decoder/layer_0", "--max-fano", "1000"]
    command = ["rsa", recording, str(tmp_path / "regions.npz"), *options]
    out = tmp_path / "structure"
    assert main([*command, "--group", "region", "--out", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["group_by"] == "region" and found["select"] == []
    assert [one["group"] for one in found["groups"]] == ["DLS/left", "M1"]
    assert [one["sessions"][0]["neurons"] for one in found["groups"]] == [12, 12]
    assert all(one["layers"][0]["similarity"] > 0.6 for one in found["groups"])
    assert "group M1: 12 neurons" in found["notes"]
    assert any(note.startswith("group x is excluded: 1 of 1 neurons vary") for note in found["notes"])
    assert (out / "similarity-1-DLS_left.svg").exists() and (out / "dissimilarities-2-M1.png").exists()
    # a group is what would be found if it were selected
    assert main([*command, "--select", "region=M1", "--json"]) == 0
    alone, group = json.loads(capsys.readouterr().out), found["groups"][1]
    assert alone["layers"] == group["layers"] and alone["neurons"] == group["neurons"]
    assert main([*command, "--group", "region"]) == 0
    printed = capsys.readouterr().out
    assert (
        "neurons of region M1 fill" in printed and "6 behaviors: A, B, C, D, E, F; noise ceiling" in printed
    )
    assert main([*command, "--group", "area"]) == 2
    assert "unknown column 'area' in the units table" in capsys.readouterr().err


def test_epochs_of_a_table_name_behaviors(files, tmp_path, capsys):
    pynwb = pytest.importorskip("pynwb")
    recording, spikes = files
    with h5py.File(recording) as file:
        kinds = [json.loads(rollout.attrs["metadata"])["behavior"] for rollout in file["rollouts"].values()]
    counts = np.load(spikes)["counts"]

    def add(nwb):
        nwb.add_epoch_column("kind", "what it did")
        nwb.add_trial_column("side", "of the reward")
        for i, kind in enumerate(kinds):
            nwb.add_epoch(start_time=6.0 * i, stop_time=6.0 * i + 6, kind=kind, tags=[kind])
            nwb.add_trial(start_time=6.0 * i, stop_time=6.0 * i + 3, side="LR"[i % 2])
        for column in counts.T:
            bins = np.flatnonzero(column)
            times = np.repeat(bins, column[bins]) + np.linspace(0.01, 0.99, column.sum())
            nwb.add_unit(spike_times=np.sort(times) / FPS, obs_intervals=[[0.0, len(counts) / FPS]])

    path = str(Workshop(tmp_path).nwb(add, units=0))
    command = ["rsa", recording, path, *QUICK, "--layer", "decoder/layer_0", "--max-contamination", "1"]
    assert pynwb and main([*command, "--conditions", "session", "--offset", "0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["conditions"] == list("ABCDEF") and found["layers"][0]["similarity"] > 0.8
    assert "epochs are told apart by column kind of table epochs, not by trials" in found["notes"]
    trials = ("--conditions", "session", "--epoch-table", "trials", "--offset", "0")
    assert main([*command, *trials]) == 2
    assert "2 behaviors can be compared: L, R" in capsys.readouterr().err
    assert main([*command, "--epoch-table", "trials"]) == 2
    said = "setting epoch_table is 'trials'; it must be used only with --conditions session"
    assert said in capsys.readouterr().err
    assert main([*command, *trials, "--epoch-column", "sides"]) == 2
    assert "did you mean 'side'" in capsys.readouterr().err


def test_intervals_of_few_behaviors_are_told_of(files, tmp_path, capsys):
    out = tmp_path / "structure"
    assert main(["rsa", *files, *QUICK, "--layer", "latent/mean", "--out", str(out)]) == 0
    told = "intervals over 6 behaviors are rough: 93% hold the truth, where 95 % should"
    assert told in capsys.readouterr().err
    assert any(note.startswith(told) for note in json.loads((out / "rsa.json").read_text())["notes"])


def test_kinematics_name_behaviors_too(files, capsys):
    # the rat of these recordings lies at the origin
    assert main(["rsa", *files, *QUICK, "--conditions", "kinematics"]) == 2
    assert "1 behaviors can be compared: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--layer", "decoder/layr_0"), "did you mean 'decoder/layer_0'"),
        (("--partitions", "5"), "0 behaviors can be compared"),
        (("--partitions", "1"), "setting partitions is 1"),
        (("--rollout", "A_0"), "0 behaviors can be compared"),
        (("--bin-seconds", "0.3"), "no whole number of bins of 0.3 s"),
        (("--session", "nothing.h5", "nothing.npz"), "no such file: nothing.h5"),
        (("--out", "nowhere/there"), "cannot write nowhere/there"),
        (("--out", __file__), "it is a file, and a folder is expected"),
    ],
)
def test_wrong_options_exit_with_2(files, arguments, message, capsys):
    extra = ("--offset", "0") if "--rollout" in arguments else ()
    assert main(["rsa", *files, *QUICK, *arguments, *extra, "--json"]) == 2
    out, err = capsys.readouterr()
    assert not out and message in err


def test_clips_without_behaviors_are_refused(files, capsys):
    with h5py.File(files[0], "r+") as file:
        for rollout in file["rollouts"].values():
            rollout.attrs["metadata"] = "{}"
    assert main(["rsa", *files, *QUICK]) == 2
    err = capsys.readouterr().err
    assert f"{files[0]}: the clips of this recording have no behavior" in err
