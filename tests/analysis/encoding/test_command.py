import csv
import datetime
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from pynwb import NWBHDF5IO, NWBFile

from analysis.encoding.config import EncodeConfig
from analysis.encoding.sessions.encode import encode_sessions
from analysis.encoding.sessions.models import models_of
from analysis.encoding.settings import EncodingSettings
from analysis.multiple_testing import holm
from analysis.session import open_sessions
from rodent.cli import main
from rodent.recording import Header, RecordingWriter
from rodent.recording.channels import OUTCOMES
from rodent.scene_config import SceneConfig

FRAMES = 3000


@pytest.fixture
def files(write_recording, smooth, tmp_path):
    """A recording of two rollouts and the spikes of a session in which they came in turn."""
    units = smooth(FRAMES, 20, 0)
    rate = np.exp(0.15 * units[:, :5].sum(1, keepdims=True) - 1) * np.ones(3)
    counts = np.random.default_rng(0).poisson(rate)
    counts[:, 1] = 0
    np.savez(tmp_path / "spikes.npz", counts=counts, fps=10.0, names=["MC-1", "MC-2", "DLS-1"])
    layers = {"decoder/layer_0": units, "latent/mean": smooth(FRAMES, 20, 1)}
    halves = {"walk": slice(0, 1700), "rear": slice(1700, FRAMES)}
    recording = write_recording(
        {name: {k: v[part] for k, v in layers.items()} for name, part in halves.items()}
    )
    return str(recording), str(tmp_path / "spikes.npz")


POISSON = ("--max-contamination", "1")
FAST = ("--strengths", "0.01", "--shifts", "2")


def test_command_prints_one_json_object(files, capsys):
    layers = ("--layer", "decoder/layer_0", "--layer", "latent/mean")
    assert main(["encode", *files, *layers, *FAST, "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["schema"], found["version"]) == ("virtual-rodent/encoding", 2)
    assert [layer["layer"] for layer in found["layers"]] == ["decoder/layer_0", "latent/mean"]
    first = found["layers"][0]
    assert (first["units"], first["components"], first["bins"]) == (20, 20, FRAMES)
    assert [neuron["name"] for neuron in first["neurons"]] == ["MC-1", "DLS-1"]
    neuron = first["neurons"][0]
    assert neuron["bits_per_spike"] - neuron["null_bits_per_spike"] == pytest.approx(
        neuron["corrected_bits_per_spike"]
    )
    assert neuron["p"] == first["p"] == pytest.approx(1 / 3)  # the least with two shifts
    assert first["share_significant"] == 0
    assert neuron["strengths"] == [0.01] * 5
    assert neuron["corrected_bits_per_spike"] > 0.05
    assert found["layers"][1]["mean_corrected_bits_per_spike"] < 0.02
    assert found["dropped"] == [{"name": "MC-2", "reason": "no spikes in the bins used"}]
    assert found["rollouts"] == ["walk", "rear"]
    assert found["settings"]["shifts"] == 2 and found["settings"]["lags"] == [0.0]
    assert found["starts_seconds"] is None and found["select"] == []
    assert found["bin_seconds"] == 0.1 and found["versions"]["himalaya"]
    assert "in this order: walk, rear" in err and "MC-2 is excluded" in err


def test_python_gives_what_the_command_prints(files, capsys):
    assert main(["encode", *files, "--layer", "latent/mean", *FAST, "--json"]) == 0
    (printed,) = json.loads(capsys.readouterr().out)["layers"]
    settings = EncodingSettings(strengths=(0.01,), shifts=2)
    config = EncodeConfig(*map(Path, files), layer=("latent/mean",), settings=settings)
    with open_sessions(config) as opened:
        found = encode_sessions(config, opened, models_of(config, opened))
    assert found.p(0) == printed["p"]
    bits = [neuron["bits_per_spike"] for neuron in printed["neurons"]]
    np.testing.assert_array_equal(found.results(0)[0].bits_per_spike, bits)


def test_command_prints_a_table_with_the_best_neuron_first(files, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["encode", *files, "--layer", "decoder/layer_0", *FAST, "--neurons"]) == 0
    out, _ = capsys.readouterr()
    assert "means over 2 neurons, 95 % over blocks" in out
    assert "decoder/layer_0: 20 units, 20 components" in out
    rows = [line.split() for line in out.splitlines() if line.strip().startswith(("MC", "DLS"))]
    assert {row[0] for row in rows} == {"MC-1", "DLS-1"}
    assert float(rows[0][-3]) >= float(rows[1][-3])
    assert {row[-1] for row in rows} == {row[-2] for row in rows} == {"0.33"}
    words = " ".join(out.split())
    assert "rank of the score among 2 time shifts" in words and " 0/2" in words
    assert "no result without its p" in words and "With 2 shifts, p is never 0.05 or less" in words


def test_command_takes_chosen_rollouts(files, capsys):
    shorter = ("--shift-seconds", "10", "--offset", "0", "--rollout", "walk")
    assert main(["encode", *files, "--layer", "latent/mean", *FAST, *shorter, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["layers"][0]["bins"] == 1700
    later = ("--rollout", "rear", "--offset", "170", "--shift-seconds", "10", "--json")
    assert main(["encode", *files, "--layer", "decoder/layer_0", *FAST, *later]) == 0
    assert json.loads(capsys.readouterr().out)["layers"][0]["mean_corrected_bits_per_spike"] > 0.05


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "neither --layer nor --features is given"),
        (("--unique", "--features", "joints"), "--unique requires a layer; give at least one --layer"),
        (("--controls", "--features", "joints"), "--controls requires a layer; give at least one --layer"),
        (
            ("--controls", "--layer", "latent/mean"),
            "has no control/random/latent/mean; record with: rodent rollout --controls",
        ),
        (("--features", "joint"), "unknown band 'joint'"),
        (("--features", "joints,joints"), "named twice in the model joints+joints"),
        (("--features", "joints"), "all 67 columns of band 'joints' are constant"),
        (("--features", "history", "--model", "banded-ridge"), "history is each neuron's own"),
        (("--layer", "latent/mean", "--min-rate", "100"), "none of 3 neurons is good enough"),
        (("--layer", "latent/mean", "--band-lags", "joints"), "joints=0,0.1"),
        (("--layer", "decoder/layr_0"), "did you mean 'decoder/layer_0'"),
        (("--layer", "latent/mean", "--rollout", "rare"), "unknown rollout 'rare'"),
        (("--layer", "latent/mean", "--rollout", "walk", "--rollout", "walk"), "'walk' is given twice"),
        (("--layer", "latent/mean", "--bin-seconds", "0.15"), "not a whole number of frames"),
        (("--layer", "latent/mean", "--offset", "9999"), "do not overlap"),
        (("--layer", "latent/mean", "--lags", "0.05"), "no multiple of a bin"),
        (("--layer", "latent/mean", "--shift-seconds", "60"), "needs 360 s, six times the least shift"),
        (("--layer", "latent/mean", "--out", "no/there"), "the folder no does not exist; create it first"),
        (("--partition", "latent/mean"), "given 1 times; expected 2 to 5 sets"),
        (("--partition", "latent/mean", "--partition", "history,latent/mean"), "'latent/mean' twice"),
        (("--layer", "latent/mean", "--lag-scan", "0:1"), "such as -0.5:0.5:0.1"),
        (("--features", "history", "--lag-scan", "0:1:0.1"), "cannot shift the band history"),
        (("--layer", "latent/mean", "--tables", "csv"), "requires --out, the folder for the tables"),
        (("--layer", "latent/mean", "--nwb-out", "x.nwb"), ", expected an NWB file"),
        (("--layer", "latent/mean", "--out", __file__), "it is a file, and a folder is expected"),
    ],
)
def test_wrong_options_exit_with_2(files, arguments, message, capsys):
    assert main(["encode", *files, *arguments, "--json"]) == 2
    out, err = capsys.readouterr()
    assert not out and message in err


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("--layer", "latent/mean"), "has no layer 'latent/mean': it was recorded with --record states"),
        (("--features", "latent/mean"), "has no layer 'latent/mean': it was recorded with --record states"),
        (("--features", "joint"), "unknown band 'joint'"),
        (("--features", "contacts"), "has no contact: its body has no sensors"),
    ],
)
def test_what_was_not_recorded_is_told_with_the_option(files, asked, message, capsys):
    with h5py.File(files[0], "r+") as file:
        file.attrs["content"] = "states"
        for rollout in file["rollouts"].values():
            del rollout["units"]
    assert main(["encode", *files, *asked, *FAST]) == 2
    assert message in capsys.readouterr().err


def test_a_recording_of_outcomes_has_no_bins(tmp_path, files, capsys):
    names = {"joint_names": ["j"] * 67, "actuator_names": ["a"] * 38}
    path = tmp_path / "outcomes.h5"
    with RecordingWriter(path, Header(fps=10, scene=SceneConfig(), content="outcomes", **names)) as writer:
        writer.rollout("walk").outcomes |= dict.fromkeys(OUTCOMES, 100)
    assert main(["encode", str(path), files[1], "--layer", "latent/mean"]) == 2
    told = "has no alive: it was recorded with --record outcomes; record it with --record states"
    assert told in capsys.readouterr().err


def test_command_refuses_what_is_no_recording(files, capsys):
    assert main(["encode", files[1], files[1], "--layer", "x"]) == 2
    assert "not an HDF5 file" in capsys.readouterr().err


def test_command_scores_what_layers_add(files, capsys, tmp_path):
    out = tmp_path / "found"
    given = ("--layer", "decoder/layer_0", "--unique", "--kinematics", "latent/mean", "--out", str(out))
    assert main(["encode", *files, *given, *FAST, "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert json.loads((out / "encoding.json").read_text()) == page
    assert {path.name for path in out.iterdir()} == {
        "encoding.json",
        *(
            f"{name}.{kind}"
            for name in ("scores", "corrected", "neurons", "unique")
            for kind in ("svg", "png", "figure.csv")
        ),
    }
    layer = page["layers"][0]
    assert page["base"] == "latent/mean+history" and layer["unique"]["base"] == ["latent/mean", "history"]
    # what it adds is nearly all that it has, for the base has nothing
    found = layer["unique"]
    assert found["mean_bits_per_spike"] > 0.05 and found["residual_share"] > 0.8
    assert found["p"] == found["p_holm"] == pytest.approx(1 / 3)
    low, high = found["interval_bits_per_spike"]
    assert low < found["mean_bits_per_spike"] < high
    gains = [neuron["unique_bits_per_spike"] for neuron in layer["neurons"]]
    assert np.mean(gains) == pytest.approx(found["mean_bits_per_spike"])
    assert all(neuron["unique_p"] == pytest.approx(1 / 3) for neuron in layer["neurons"])


def test_sessions_are_tested_by_their_means(files, capsys):
    layers = ("--layer", "decoder/layer_0", "--layer", "latent/mean")
    assert main(["encode", *files, *layers, *FAST, "--session", *files, "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert len(page["sessions"]) == 2 and page["layers"][0]["interval_over"] == "sessions"
    assert [neuron["session"] for neuron in page["layers"][0]["neurons"]] == [0, 0, 1, 1]
    (test,) = page["comparisons"]
    assert test["models"] == ["decoder/layer_0", "latent/mean"]
    ratio = test["log_likelihood_ratio"]
    assert (ratio["over"], ratio["n"]) == ("sessions", 2) and ratio["mean"] > 0.05


def test_the_old_settings_give_the_old_values(write_recording, smooth, tmp_path, capsys):
    """Two rollouts, three lags: one penalty for all bands, 32 components, 19 shifts regressed in full."""
    units = smooth(FRAMES, 20, 0)
    rate = np.exp(0.15 * units[:, :5].sum(1, keepdims=True) - 1) * np.ones(3)
    counts = np.random.default_rng(0).poisson(rate)
    np.savez(tmp_path / "spikes.npz", counts=counts, fps=10.0, names=["MC-1", "MC-2", "DLS-1"])
    layers = {"decoder/layer_0": units @ np.random.default_rng(3).normal(size=(20, 40))}
    halves = {"walk": slice(0, 1700), "rear": slice(1700, FRAMES)}
    recording = write_recording(
        {name: {k: v[part] for k, v in layers.items()} for name, part in halves.items()}
    )
    old = ("--components", "32", "--penalties", "shared", "--shifts", "19", "--lags", "-0.1", "0", "0.1")
    models = ("--layer", "decoder/layer_0", "--features", "decoder/layer_0,history")
    assert main(["encode", str(recording), str(tmp_path / "spikes.npz"), *models, *old, "--json"]) == 0
    alone, past = json.loads(capsys.readouterr().out)["layers"]

    def column(layer, key):
        return [neuron[key] for neuron in layer["neurons"]]

    assert column(alone, "bits_per_spike") == pytest.approx([0.051745, 0.068474, 0.057365], abs=2e-6)
    assert column(alone, "null_bits_per_spike") == pytest.approx([-0.000516, -0.001835, -0.001244], abs=2e-6)
    assert column(past, "bits_per_spike") == pytest.approx([0.050625, 0.066762, 0.057184], abs=2e-6)
    assert column(past, "null_bits_per_spike") == pytest.approx([-0.000271, -0.001648, -0.001371], abs=2e-6)
    assert alone["p"] == past["p"] == 0.05


@pytest.fixture
def regions(files, tmp_path):
    """The same session as NWB: two neurons of MC that follow the layer and one of DLS that does not."""
    counts = np.load(files[1])["counts"]
    random = np.random.default_rng(5)
    counts[:, 1], counts[:, 2] = counts[:, 2], random.poisson(1.0, len(counts))
    when = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    nwb = NWBFile(session_description="a rat", identifier="monday", session_start_time=when)
    nwb.add_unit_column("region", "where")
    for column, region in zip(counts.T, ("MC", "MC", "DLS"), strict=True):
        times = 0.1 * (np.repeat(np.arange(len(counts)), column) + random.uniform(0.01, 0.99, column.sum()))
        nwb.add_unit(spike_times=np.sort(times), region=region, obs_intervals=[[0.0, 300.0]])
    with NWBHDF5IO(tmp_path / "regions.nwb", "w") as io:
        io.write(nwb)
    return files[0], str(tmp_path / "regions.nwb")


def test_groups_of_neurons_are_scored_by_themselves(regions, capsys, monkeypatch):
    given = ("--layer", "decoder/layer_0", "--unique", "--kinematics", "latent/mean", "--group", "region")
    given = (*given, *POISSON)
    assert main(["encode", *regions, *given, *FAST, "--session", *regions, "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert page["group_by"] == "region"
    (dls, mc) = page["groups"]
    assert (dls["group"], dls["neurons"], dls["sessions"]) == ("DLS", 2, 2)
    assert (mc["group"], mc["neurons"], mc["sessions"]) == ("MC", 4, 2)
    layer = page["layers"][0]
    assert [row["group"] for row in layer["neurons"]] == ["MC", "MC", "DLS"] * 2
    for group in (dls, mc):
        rows = [row for row in layer["neurons"] if row["group"] == group["group"]]
        (scored,) = group["layers"]
        mean = np.mean([row["corrected_bits_per_spike"] for row in rows])
        assert scored["mean_corrected_bits_per_spike"] == pytest.approx(mean)
        gain = np.mean([row["unique_bits_per_spike"] for row in rows])
        assert scored["unique"]["mean_bits_per_spike"] == pytest.approx(gain)
    assert mc["layers"][0]["p"] == pytest.approx(1 / 3) and mc["layers"][0]["p_holm"] == pytest.approx(2 / 3)
    assert mc["layers"][0]["mean_corrected_bits_per_spike"] > 0.02
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["encode", *regions, "--layer", "decoder/layer_0", "--group", "region", *FAST, *POISSON]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines if "0/2" in line or "0/1" in line] == ["DLS", "MC"]
    assert main(["encode", *regions, "--layer", "decoder/layer_0", "--group", "area", *FAST]) == 2
    assert "unknown column 'area'" in capsys.readouterr().err


def test_neurons_are_told_which_model_predicts_them_best(files, capsys, monkeypatch):
    layers = ("--layer", "decoder/layer_0", "--layer", "latent/mean")
    quick = ("--strengths", "0.01", "--shifts", "39", "--null", "second-order")
    assert main(["encode", *files, *layers, *quick, "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    counted = {"decoder/layer_0": 2, "latent/mean": 0}
    assert page["best_model"] == {"neurons_by_model": counted, "none": 0}
    assert all(row["best_model"] == "decoder/layer_0" for one in page["layers"] for row in one["neurons"])
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["encode", *files, *layers, *quick]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    (best,) = [line for line in lines if line and line[0].startswith("decoder/")]
    assert best[-2:] == ["2/2", "2"]
    # without significance there is no best model
    assert main(["encode", *files, *layers, *FAST, "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert page["best_model"]["none"] == 2 and page["layers"][0]["neurons"][0]["best_model"] is None


def read_csv(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_tables_hold_what_was_found(regions, capsys, tmp_path):
    out = tmp_path / "found"
    given = ("--layer", "decoder/layer_0", "--features", "latent/mean,history", "--group", "region")
    files = ("--out", str(out), "--tables", "csv")
    assert main(["encode", *regions, *given, *FAST, *POISSON, *files, "--lags", "0", "0.1", "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    neurons = read_csv(out / "neurons.csv")
    assert [(row["model"], row["neuron"], row["group"]) for row in neurons[:4]] == [
        ("decoder/layer_0", "0", "MC"),
        ("decoder/layer_0", "1", "MC"),
        ("decoder/layer_0", "2", "DLS"),
        ("latent/mean+history", "0", "MC"),
    ]
    first = page["layers"][0]["neurons"][0]
    for key in ("corrected_bits_per_spike", "p", "q", "pseudo_r2"):
        assert float(neurons[0][key]) == first[key]
    rates = read_csv(out / "rates.csv")
    assert len(rates) == page["layers"][0]["bins"]
    # on the spikes' clock, without the bin that the lag costs
    assert [float(row["seconds"]) for row in rates[:2]] == pytest.approx([0.1, 0.2])
    spikes = np.array([int(row["spikes/0"]) for row in rates])
    expected = np.array([float(row["hz/decoder/layer_0/0"]) for row in rates]) * 0.1
    assert spikes.sum() == first["spikes"] and expected.sum() == pytest.approx(spikes.sum(), rel=0.05)
    # the score is the likelihood of these rates above that of the mean rate
    gain = (spikes * np.log(expected / spikes.mean()) - expected + spikes.mean()).sum()
    assert gain / spikes.sum() / np.log(2) == pytest.approx(first["bits_per_spike_eval"], abs=1e-4)
    coefficients = read_csv(out / "coefficients.csv")
    assert {
        (row["band"], row["lag_seconds"]) for row in coefficients if row["model"] == "decoder/layer_0"
    } == {
        ("decoder/layer_0", "0.0"),
        ("decoder/layer_0", "0.1"),
        ("constant", "0.0"),
    }
    # five folds, three neurons; the past of 0.2 s has two functions in bins of 0.1 s
    assert len(coefficients) == 5 * 3 * (2 * 20 + 1 + 2 * 20 + 1 + 2)
    # nothing moves in this recording
    assert read_csv(out / "tuning.csv") == []


def test_results_are_written_into_a_copy_of_the_nwb_file(regions, capsys, tmp_path):
    copy, before = tmp_path / "scored.nwb", Path(regions[1]).read_bytes()
    given = ("--layer", "decoder/layer_0", "--unique", "--kinematics", "latent/mean", *FAST, *POISSON)
    assert main(["encode", *regions, *given, "--nwb-out", str(copy), "--json"]) == 0
    (layer,) = json.loads(capsys.readouterr().out)["layers"]
    assert Path(regions[1]).read_bytes() == before
    with NWBHDF5IO(copy, "r") as io:
        units = io.read().units
        for key, column in (
            ("corrected_bits_per_spike", "encode_decoder_layer_0_corrected_bits_per_spike"),
            ("q", "encode_decoder_layer_0_q"),
            ("unique_p", "encode_decoder_layer_0_unique_p"),
        ):
            assert units[column].data[:].tolist() == [row[key] for row in layer["neurons"]]
    assert main(["encode", regions[0], str(copy), *given, "--nwb-out", str(tmp_path / "again.nwb")]) == 2
    assert "has a column 'encode_decoder_layer_0_bits" in capsys.readouterr().err.replace("have", "has")


def test_sets_of_bands_are_partitioned(files, capsys):
    sets = ("--partition", "decoder/layer_0", "--partition", "latent/mean,history")
    assert main(["encode", *files, *sets, *FAST, "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert [layer["layer"] for layer in page["layers"]] == ["decoder/layer_0", "latent/mean+history"]
    found = page["partition"]
    assert found["sets"] == ["decoder/layer_0", "latent/mean+history"]
    assert found["neurons"] == [["MC-1", "DLS-1"]]
    assert [part["kind"] for part in found["parts"]] == ["unique", "unique", "shared"]
    score = {tuple(one["sets"]): one["mean_bits_per_spike"] for one in found["scores"]}
    part = {tuple(one["sets"]): one["mean_bits_per_spike"] for one in found["parts"]}
    assert score["decoder/layer_0",] == pytest.approx(page["layers"][0]["mean_bits_per_spike"], abs=1e-4)
    assert sum(part.values()) == pytest.approx(score["decoder/layer_0", "latent/mean+history"])
    # what the spikes follow is in the first set alone
    assert part["decoder/layer_0",] > 0.05 and abs(part["latent/mean+history",]) < 0.03


def test_lags_are_scanned(files, capsys, tmp_path, monkeypatch):
    out = tmp_path / "found"
    given = ("--layer", "decoder/layer_0", "--lag-scan=-0.2:0.2:0.1", *FAST, "--shifts", "39")
    assert main(["encode", *files, *given, "--json", "--out", str(out), "--tables", "csv"]) == 0
    page = json.loads(capsys.readouterr().out)
    scan = page["lag_scan"]
    assert scan["lags"] == [-0.2, -0.1, 0.0, 0.1, 0.2]
    (model,) = scan["models"]
    # spikes follow the units of the same bin
    assert model["best_lag_seconds"] == 0.0 and model["p"] == model["p_holm"] == pytest.approx(1 / 40)
    assert np.argmax(model["mean_bits_per_spike"]) == 2
    assert [row["best_lag_seconds"] for row in model["neurons"]] == [0.0, 0.0]
    assert page["layers"][0]["bins"] == FRAMES  # the scan takes no bins from the score
    assert len(read_csv(out / "lags.csv")) == 2 * 5
    assert {"lag-scan.svg", "lag-scan.png"} <= {path.name for path in out.iterdir()}
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["encode", *files, *given]) == 0
    assert "corrected for the choice among lags" in " ".join(capsys.readouterr().out.split())


@pytest.fixture
def controlled(write_recording, smooth, tmp_path):
    """Neurons that follow a layer, of which the encoder's input tells a part."""
    units = smooth(FRAMES, 20, 0)
    rate = np.exp(0.15 * units[:, :5].sum(1, keepdims=True) - 1) * np.ones(3)
    np.savez(tmp_path / "spikes.npz", counts=np.random.default_rng(0).poisson(rate), fps=10.0)
    layers = {
        "decoder/layer_0": units,
        "latent/mean": units[:, :5],
        "control/random/decoder/layer_0": smooth(FRAMES, 20, 1),
        "control/random/latent/mean": smooth(FRAMES, 5, 2),
        "control/encoder_input": units[:, :2],
        "control/reference": smooth(FRAMES, 20, 3),
    }
    return str(write_recording({"walk": layers})), str(tmp_path / "spikes.npz")


def test_controls_are_scored_beside_layers(controlled, capsys):
    layers = ("--layer", "latent/mean", "--layer", "decoder/layer_0")
    given = (*layers, "--controls", "--features", "control/reference,control/encoder_input")
    unique = ("--unique", "--kinematics", "control/encoder_input")
    assert main(["encode", *controlled, *given, *unique, *FAST, "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    found = {layer["layer"]: layer for layer in page["layers"]}
    names = ["latent/mean", "decoder/layer_0", "control/random/latent/mean", "control/random/decoder/layer_0"]
    names += ["control/encoder_input", "control/reference"]
    assert list(found) == [*names, "control/reference+control/encoder_input"]
    assert [name for name in found if "unique" in found[name]] == names
    score = {name: found[name]["mean_corrected_bits_per_spike"] for name in names}
    for layer in ("latent/mean", "decoder/layer_0"):
        assert score[layer] > score["control/encoder_input"] > 0.01 > score[f"control/random/{layer}"]
        assert found[layer]["unique"]["mean_bits_per_spike"] > 0.02
    assert found["control/encoder_input"]["unique"]["mean_bits_per_spike"] == pytest.approx(0, abs=0.005)
    pairs = [pair["models"] for pair in page["comparisons"]]
    assert ["decoder/layer_0", "control/random/decoder/layer_0"] in pairs
    # two layers are corrected for two tests, whatever the number of controls
    ours, controls = names[:2], [name for name in found if name.startswith("control")]
    for family in (ours, controls):
        adjusted = holm(np.array([found[name]["p"] for name in family]))
        np.testing.assert_allclose([found[name]["p_holm"] for name in family], adjusted)
    added = holm(np.array([found[name]["unique"]["p"] for name in ours]))
    np.testing.assert_allclose([found[name]["unique"]["p_holm"] for name in ours], added)


def test_controls_stand_under_the_layers(controlled, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "120")
    given = ("--layer", "decoder/layer_0", "--controls", *FAST, "--out", str(tmp_path / "out"))
    assert main(["encode", *controlled, *given]) == 0
    figure = (tmp_path / "out" / "neurons.svg").read_text()
    assert "less control/reference" in figure and "less decoder/layer_0" not in figure
    out = capsys.readouterr().out
    rows = [line.split() for line in out.splitlines() if line.strip().startswith(("decoder", "control/"))]
    controls = ["control/random/decoder/layer_0", "control/encoder_input", "control/reference"]
    assert [row[0] for row in rows[:4]] == ["decoder/layer_0", *controls]
    assert "layers minus their controls: corrected bits per spike, 95 % over blocks" in " ".join(out.split())
    assert [row[:2] for row in rows[4:]] == [["decoder/layer_0", name] for name in controls]
    score = {row[0]: float(row[3]) for row in rows[:4]}
    for _, control, difference, low, _, high in rows[4:]:
        assert float(difference) == pytest.approx(score["decoder/layer_0"] - score[control], abs=0.0021)
        assert float(low) < float(difference) < float(high)
