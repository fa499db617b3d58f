"""A study: its folder, its commands, and the page that joins its results."""

import json
import shutil
import subprocess

import pytest

import training.pages.shared
from rodent.cli import main
from rodent.clips import write_clips
from rodent.errors import InputError
from rodent.experiment import read_experiment
from rodent.policy.policy import save_policy
from rodent.render import NoOpenGLError
from rodent.study import is_study, new_study, read_study
from rodent.synthesis.stance import stance_clips
from tests.experiments import SPEC
from tests.policies import untrained_policy
from training.population.draw import member_config
from training.population.spec import read_population

LESIONS = SPEC[: SPEC.index('\n[[arm]]\nname = "unit')].replace('"policy"', '"runs/policy"')


@pytest.fixture
def study(tmp_path):
    new_study(tmp_path / "walking")
    return tmp_path / "walking"


def test_a_new_study_has_commands_that_exist(study):
    assert is_study(study) and read_study(study).config.title == "walking"
    assert "{name}" not in "".join(path.read_text() for path in study.iterdir())
    if shutil.which("make"):
        shown = subprocess.run(
            ["make", "-n", "SPIKES=spikes.nwb"], cwd=study, capture_output=True, text=True, check=False
        )
        assert "spikes.nwb" in shown.stderr  # which does not exist
        shown = subprocess.run(["make", "-n"], cwd=study, capture_output=True, text=True, check=True)
        words = [line.split() for line in shown.stdout.splitlines()]
        commands = [line[1] for line in words if line[0] == "rodent"]
        assert commands == ["train", "rollout", "experiment", "report"]
    (study / "runs").mkdir()
    assert len(read_experiment(study / "lesions.toml").arm) == 1
    population = read_population(study / "population.toml")
    assert member_config(population, 0).task.setpoint == "neutral"


def test_the_page_joins_what_there_is_and_names_what_there_is_not(study, body, capsys, monkeypatch):
    def without_opengl(*_):
        raise NoOpenGLError("not here")

    monkeypatch.setattr(training.pages.shared, "film_subject", without_opengl)
    (study / "runs").mkdir()
    save_policy(untrained_policy(body), study / "runs" / "policy")
    write_clips(stance_clips(body, frames=10), study / "clips.h5")
    spec = study / "study.toml"
    spec.write_text(spec.read_text().replace('question = ""', 'question = "Why?"\nclips = "clips.h5"'))
    (study / "lesions.toml").write_text(LESIONS)
    (study / "results").mkdir()
    lesions = study / "results" / "lesions"
    assert main(["experiment", "run", str(study / "lesions.toml"), "--out", str(lesions)]) == 0
    assert main(["report", str(study), "--out", str(study / "report.html")]) == 0
    capsys.readouterr()
    assert main(["study", "status", str(study), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["present"] == ["runs/policy", "results/lesions"]
    assert found["missing"] == ["results/encoding", "results/rsa", "results/population"]
    page = (study / "report.html").read_text()
    for text in (
        "<h1>walking",
        "Why?",
        "lesions: Effects on frames tracked",
        "results/population",
        "Tracking",
    ):
        assert text in page
    capsys.readouterr()
    assert main(["report", str(study), "rat-neutral", "--out", str(study / "other.html")]) == 2
    assert "leave out other runs" in capsys.readouterr().err


def test_a_study_without_results_says_how_they_are_made(study, tmp_path, capsys):
    assert main(["report", str(study), "--out", str(tmp_path / "page.html")]) == 2
    assert f"train it with: make -C {study}" in capsys.readouterr().err
    assert main(["study", "new", str(study)]) == 2
    (study / "study.toml").write_text("title = 3")
    with pytest.raises(InputError, match="title"):
        read_study(study)
