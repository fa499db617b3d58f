"""The commands on files: fit with a page and a saved model, compare, and input that is refused."""

import json
import shlex

import numpy as np
import pytest

from rodent.cli import main
from tests.analysis.dynamics.conftest import HERTZ

SMALL = shlex.split(
    "--window-seconds 0.6 --overlap-seconds 0.1 --forecast-seconds 0.1 --shifts 9 --dimensions 2"
)


@pytest.fixture
def spikes(truth, tmp_path):
    """Counts of a minute of neurons."""
    path = tmp_path / "spikes.npz"
    np.savez(path, counts=truth.activity.values[:1500], bin_seconds=0.02)
    return path


@pytest.fixture
def recording(truth, write_recording):
    """A recording at rest, whose layer follows the latents."""
    weights = np.random.default_rng(0).normal(size=(2, 6))
    return write_recording({"a": {"layer": truth.latents[:1500] @ weights}}, fps=50.0)


def test_fit_of_spikes(spikes, tmp_path, capsys):
    page, model = tmp_path / "page.html", tmp_path / "model.safetensors"
    words = ["dynamics", "fit", str(spikes), "--model", "pca", *SMALL]
    assert main([*words, "--out", str(page), "--save", str(model), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["dimensions"] == 2 and found["bits_per_spike"] > 0.1 and found["r2"] is None
    # noise of the latents makes a rotation seem slower
    assert 0.4 * HERTZ < found["rotations"]["hertz"][0] < HERTZ
    assert model.stat().st_size > 1000
    text = page.read_text()
    assert text.count("<svg") == 4 and "A rotation explains" in text
    assert main(words) == 0
    assert "co-smoothing" in capsys.readouterr().out


def test_fit_of_a_recording_and_its_lesion(recording, tmp_path, capsys):
    page = tmp_path / "page.html"
    words = ["dynamics", "fit", str(recording), "--layer", "layer", "--perturbed", str(recording)]
    assert main([*words, "--model", "fa", *SMALL, "--out", str(page), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kind"] == "units" and found["bits_per_spike"] is None and found["r2"] > 0.8
    assert found["perturbed"]["response_r2"] is None
    assert "Under a perturbation" in page.read_text()


def test_compare(recording, spikes, tmp_path, capsys):
    page = tmp_path / "page.html"
    words = ["dynamics", "compare", str(recording), str(spikes), "--model", "pca", *SMALL, "--out", str(page)]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (layer,) = found["layers"]
    assert layer["correlation"] > 0.7 > layer["null"] + 0.3 and layer["p_holm"] == pytest.approx(0.1)
    assert "Neurons and layers" in page.read_text()
    assert main(words) == 0
    assert "DSA of two halves" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--window-seconds 20", "{spikes} has 2 windows of 20 s; expected 4 at least"),
        ("--dimensions 0", "dynamics setting dimensions is 0; it must be at least 1"),
        ("--bin-seconds 0.03", "--bin-seconds 0.03 is none"),
        ("--perturbed {recording}", "{spikes} has spikes, {recording} has units; expected the same"),
    ],
)
def test_refused(words, message, spikes, recording, capsys):
    names = {"spikes": spikes, "recording": recording}
    line = ["dynamics", "fit", str(spikes), "--model", "pca", "--layer", "layer", "--dimensions", "2"]
    assert main([*line, *words.format(**names).split()]) == 2
    assert message.format(**names) in capsys.readouterr().err


def test_other_rates_are_refused(recording, truth, write_recording, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    fast = recording.rename(other / "fast.h5")
    slow = write_recording({"a": {"layer": np.random.default_rng(0).normal(size=(300, 6))}}, fps=25.0)
    line = ["dynamics", "fit", str(fast), "--layer", "layer", "--perturbed", str(slow)]
    assert main([*line, "--model", "pca", *SMALL]) == 2
    assert "has bins of 0.04 s" in capsys.readouterr().err
