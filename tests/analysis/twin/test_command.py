"""The commands on files: recordings of rats at rest but for their joints, and planted spikes."""

import itertools
import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from rodent.cli import main
from rodent.scene import Scene
from tests.analysis.twin.rats import write_rat

SMALL = [
    "--channels",
    "3",
    "--hidden",
    "4",
    "--steps",
    "2",
    "--chunk-seconds",
    "2",
    "--chunks",
    "1",
    "--core",
    "linear",
]
MINUTES = shlex.split("--minutes 0.4 0.5 --test-minutes 0.3 --components 4 --strengths 1")


@pytest.fixture
def rats(body: Scene, tmp_path) -> list[list[str]]:
    """Recording and spikes of three rats, as words of a command line."""
    return [[str(path) for path in write_rat(body, tmp_path, f"rat{seed}", seed)] for seed in range(3)]


def test_fit_adapt_and_score(rats, tmp_path, capsys):
    twin, readouts, page = (str(tmp_path / name) for name in ("twin", "rat2.safetensors", "score.html"))
    fit = ["twin", "fit", *rats[0], "--session", *rats[1], "--stream", "joints", "--out", twin, *SMALL]
    assert main([*fit, "--source", "simulated", "--json"]) == 0
    digest = json.loads(capsys.readouterr().out)["digest"]

    adapt = ["twin", "adapt", *rats[2], "--twin", twin, "--minutes", "0.5", "--out", readouts]
    assert main([*adapt, "--components", "4", "--strengths", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "out": readouts,
        "neurons": 3,
        "minutes": pytest.approx(0.5),
        "twin": digest,
    }

    score = ["twin", "score", *rats[2], "--twin", twin]
    assert main([*score, *MINUTES, "--json", "--out", page]) == 0
    curves = json.loads(capsys.readouterr().out)["curves"]
    assert [one["model"] for one in curves[::2]] == ["GLM", "linear core", "random core", "shuffled core"]
    assert "Minutes of a new animal" in (tmp_path / "score.html").read_text()
    assert main([*score, "--readouts", readouts]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("linear core  0.5")

    assert main([*score, "--animal", "one", "two"]) == 2
    assert "--animal has 2 names for 1 sessions" in capsys.readouterr().err


def test_calcium_is_read_from_the_file_of_spikes(rats, tmp_path, capsys, rng):
    for recording, spikes in rats:
        with np.load(spikes) as file:
            signals = file["counts"] / 4.0 - 1 + 0.1 * rng.standard_normal(file["counts"].shape)
        np.savez(spikes, signals=signals, fps=20.0)
        assert main(["encode", recording, spikes]) == 2
        assert "holds calcium (signals), and spikes are needed here" in capsys.readouterr().err
    twin, readouts = str(tmp_path / "twin"), str(tmp_path / "rat2.safetensors")
    fit = ["twin", "fit", *rats[0], "--session", *rats[1], "--stream", "joints", "--out", twin, *SMALL]
    assert main(fit) == 2
    assert "values that are no counts of spikes" in capsys.readouterr().err
    assert main([*fit, "--likelihood", "gaussian"]) == 0
    few = ["--components", "4", "--strengths", "1"]
    assert main(["twin", "adapt", *rats[2], "--twin", twin, "--minutes", "0.5", "--out", readouts, *few]) == 0
    score = ["twin", "score", *rats[2], "--twin", twin]
    assert main([*score, *MINUTES, "--json"]) == 0
    first = json.loads(capsys.readouterr().out)["curves"][0]
    assert first["model"] == "GLM" and first["bits_per_spike"]["median"] is None and first["r2"]["median"] < 1
    assert main([*score, "--readouts", readouts]) == 0
    assert "R²" in capsys.readouterr().out.splitlines()[0]
    assert main(["twin", "map", *rats[2], "--twin", twin, "--label", "name", *few]) == 2


def test_a_behavior_is_held_out(rats, tmp_path, capsys):
    twin, page = str(tmp_path / "twin"), tmp_path / "score.html"
    fit = ["twin", "fit", *rats[0], "--session", *rats[1], "--stream", "joints", "--out", twin, *SMALL]
    assert main([*fit, "--hold-out", "Rear"]) == 2
    assert "no bins with and without behavior 'Rear'; it has Still, Walk" in capsys.readouterr().err
    assert main([*fit, "--hold-out", "Walk"]) == 0
    minutes = shlex.split("--minutes 0.35 --test-minutes 0.2 --components 4 --strengths 1")
    score = ["twin", "score", *rats[2], "--twin", twin, *minutes]
    assert main([*score, "--hold-out", "Walk", "--out", str(page), "--json"]) == 0
    unseen = json.loads(capsys.readouterr().out)["unseen"]
    assert list(unseen["models"]) == ["GLM", "linear core", "random core", "shuffled core"]
    assert unseen["behavior"] == "Walk" and "Walk, held out" in page.read_text()
    assert main([*score, "--hold-out", "Walk"]) == 0
    assert "times as far from the fitted minutes as other behaviors" in capsys.readouterr().err
    assert main([*score, "--hold-out", "Still"]) == 2
    assert "fit one with `rodent twin fit --hold-out Still`" in capsys.readouterr().err


def test_wiring(rats, body, tmp_path, capsys):
    twin, readouts, page = (str(tmp_path / name) for name in ("twin", "rat.safetensors", "wiring.html"))
    fit = ["twin", "fit", *rats[0], "--session", *rats[1], "--stream", "joints", "--out", twin, *SMALL]
    assert main([*fit, "--steps", "20"]) == 0
    new = [str(path) for path in write_rat(body, tmp_path, "new", 5, neurons=8)]
    adapt = ["twin", "adapt", *new, "--twin", twin, "--out", readouts, "--components", "6"]
    assert main([*adapt, "--strengths", "1"]) == 0
    table = tmp_path / "pairs.csv"
    rows = [
        f"{pre},{post},{int(i % 3 == 0)}" for i, (pre, post) in enumerate(itertools.permutations(range(8), 2))
    ]
    table.write_text("\n".join(["pre,post,synapses", *rows]))
    capsys.readouterr()
    wiring = ["twin", "wiring", readouts, str(table), "--twin", twin]
    assert main([*wiring, "--out", page, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["similarity"] for one in found["slopes"]] == ["features", "lag", "place"]
    assert found["paired_means"][0]["cells"] == 8 and "Similarity and connection" in Path(page).read_text()
    assert main(wiring) == 0
    assert "connected less close" in capsys.readouterr().out
    table.write_text("pre,post,synapses\n0,1,1\n0,2,0\n")
    assert main(wiring) == 2
    assert "2 pairs of 1 presynaptic neurons are too few for 3 slopes" in capsys.readouterr().err


def test_map(rats, body, tmp_path, capsys):
    twin, page = str(tmp_path / "twin"), tmp_path / "map.html"
    fit = ["twin", "fit", *rats[0], "--session", *rats[1], "--stream", "joints", "--out", twin, *SMALL]
    assert main(fit) == 0
    capsys.readouterr()
    more = [[str(path) for path in write_rat(body, tmp_path, f"rat{seed}", seed)] for seed in (3, 4)]
    sessions = [*rats[2], "--session", *more[0], "--session", *more[1], "--twin", twin]
    few = shlex.split("--components 4 --strengths 1 --permutations 3 --minutes 0.4")
    words = ["twin", "map", *sessions, "--label", "region", "--thirds", "depth", *few]
    assert main([*words, "--json", "--out", str(page)]) == 0
    region, depth = json.loads(capsys.readouterr().out)["labels"]
    assert region["counts"] == {"DLS": 3, "M1": 6} and depth["counts"] == {"high": 3, "low": 3, "middle": 3}
    assert set(region["models"]) == {"rate", "readouts", "GLM weights"} and region["animals"] == 3
    assert "What readouts tell of neurons" in page.read_text()
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("region  DLS 3, M1 6")

    errors = {
        "give 3 animals at least": ["twin", "map", *rats[2], "--twin", twin, "--label", "region", *few],
        "the core was fitted to session": [*words[:2], *rats[0], *words[4:]],
        "'region' is to be cut into thirds": ["twin", "map", *sessions, "--thirds", "region", *few],
        "it must be one column at least": ["twin", "map", *sessions, *few],
    }
    for message, given in errors.items():
        assert main(given) == 2, given
        assert message in capsys.readouterr().err


def test_bad_input_is_one_line(rats, tmp_path, capsys):
    out = str(tmp_path / "twin")
    cases = {
        "there is one only": ["twin", "fit", *rats[0], "--out", out],
        "is no twin": ["twin", "score", *rats[0], "--twin", str(tmp_path)],
        "unknown band 'jonts'": ["twin", "fit", *rats[0], "--stream", "jonts", "--out", out],
        "--stream history": ["twin", "fit", *rats[0], "--stream", "history", "--out", out],
    }
    for message, words in cases.items():
        assert main(words) == 2, words
        error = capsys.readouterr().err.strip().splitlines()
        assert message in error[-1] and error[-1].startswith("rodent: ")
