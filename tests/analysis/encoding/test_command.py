import json

import numpy as np
import pytest

from rodent.cli import main

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
    assert found["bin_seconds"] == 0.1 and found["versions"]["himalaya"]
    assert "in this order: walk, rear" in err and "MC-2 is left out" in err


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
    assert "rank of the score among those of 2 time shifts" in words and " 0/2" in words
    assert "no finding without its p" in words and "With 2 shifts no p can be 0.05" in words


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
        ((), "no --layer is given"),
        (("--unique", "--features", "joints"), "name at least one --layer"),
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
        (("--layer", "latent/mean", "--shift-seconds", "60"), "6 times as long, 360 s"),
        (("--layer", "latent/mean", "--out", "no/there"), "the folder no does not exist; create it first"),
        (("--layer", "latent/mean", "--out", __file__), "it is a file, and a folder is wanted"),
    ],
)
def test_wrong_options_exit_with_2(files, arguments, message, capsys):
    assert main(["encode", *files, *arguments, "--json"]) == 2
    out, err = capsys.readouterr()
    assert not out and message in err


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
            for kind in ("svg", "png")
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
