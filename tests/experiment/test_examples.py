"""The files in examples/experiments: they are read, and the pages show them as they are."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from rodent.experiment import Inputs, read_executor, read_experiment
from rodent.experiment.subject import subjects_of

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "experiments"


@pytest.mark.parametrize(("page", "name"), [("experiments", "lesions"), ("slurm", "slurm"), ("ray", "ray")])
def test_pages_show_the_files(page, name):
    text = (ROOT / "docs" / "pages" / "how-to" / f"{page}.md").read_text()
    assert f"```toml\n{(EXAMPLES / f'{name}.toml').read_text()}```" in text


def test_the_specification_makes_sense():
    config = read_experiment(EXAMPLES / "lesions.toml")
    inputs = Inputs.of(config)
    (subject,) = subjects_of(config, inputs)
    treatments = 2 * 4 * 8 + 60 + 2 * 128 + 3
    assert subject.rollouts == len(inputs.clips) * 4 * (treatments + 1)


def test_the_executors_have_these_settings(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    assert read_executor(str(EXAMPLES / "slurm.toml")).threads == 8
    assert read_executor(str(EXAMPLES / "ray.toml")).threads == 4
