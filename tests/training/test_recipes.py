"""The recipes of the built-in policies, and the benchmark of a generalist, as scripts at tiny size."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rodent.clips import write_clips
from rodent.policy.policy import load_policy
from rodent.synthesis.stance import stance_clips
from tests.training.test_train import TINY

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "training" / "recipes"
SHRUNK = [*TINY, "--steps", "64", "--motion.pieces", "2"]
SETTINGS = {
    "rat-position": {"setpoint": "reference", "window": "body"},
    "rat-neutral": {"setpoint": "neutral", "window": "body"},
    "rat-primitives": {"setpoint": "neutral", "window": "reference"},
    "rat-lstm": {"setpoint": "reference", "window": "body"},
    "rat-torque": {"window": "body"},
}


def _validation() -> list[str]:
    found = re.search(r'validation="(.*)"', (RECIPES / "settings.sh").read_text())
    assert found is not None
    return found[1].split()


@pytest.fixture(scope="module")
def folder(body, tmp_path_factory) -> Path:
    """Motion with the names that the recipes hold out, and others to train on."""
    out = tmp_path_factory.mktemp("motion")
    names = [*_validation(), "sway_0", "sway_1"]
    clips = stance_clips(body, frames=30, n=len(names))
    named = [dataclasses.replace(clip, name=name) for clip, name in zip(clips, names, strict=True)]
    for file in ("motion.h5", "rat7m.h5"):
        write_clips(dataclasses.replace(clips, clips=tuple(named)), out / file)
    return out


# a `rodent` that reads the command line of a training and writes its configuration, instead of training
SHIM = f"""#!{sys.executable}
import json, sys
from rodent.cli.train import parsed
from rodent.configs import to_json
command = parsed(sys.argv[2:])
print(json.dumps({{"out": str(command.out), "minutes": command.minutes, "config": to_json(command.config)}}))
"""


def _run(script: Path, *words: object, first: Path = Path(sys.executable).parent) -> str:
    """Run a script with `rodent` from a folder; what it prints."""
    path = os.pathsep.join([str(first), os.environ["PATH"]])
    done = subprocess.run(
        ["sh", str(script), *map(str, words)],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture
def shim(tmp_path, monkeypatch) -> Path:
    """A folder with the `rodent` that tells what it was asked."""
    (tmp_path / "rodent").write_text(SHIM)
    (tmp_path / "rodent").chmod(0o755)
    monkeypatch.setenv("RODENT_DATA", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", SETTINGS)
def test_a_recipe_is_a_training_of_its_policy(folder, shim, name):
    *_, last = _run(RECIPES / f"{name}.sh", folder, "--minutes", "3", first=shim).splitlines()
    found = json.loads(last)
    config = found["config"]
    assert (found["out"], found["minutes"]) == (str(folder / name), 3)
    assert {key: config["task"][key] for key in SETTINGS[name]} == SETTINGS[name]
    assert config["validation_clips"] == _validation()
    assert config["motion"]["pieces"] > 0
    assert config["randomisation"]["friction"][0] < 0.5
    assert bool(config["network"]["prior"]) == (name == "rat-primitives")
    assert (config["network"]["decoder_kind"] == "lstm") == (name == "rat-lstm")
    assert (config["body"]["actuation"] == "torque") == (name == "rat-torque")


def test_foraging_is_learnt_on_primitives_and_then_by_ppo_alone(tmp_path, shim):
    first, last = map(
        json.loads, _run(RECIPES / "rat-forage.sh", tmp_path, "--seed", "3", first=shim).splitlines()
    )
    assert (first["config"]["primitives"], last["config"]["start_from"]) == ("rat-primitives", first["out"])
    assert last["config"]["model_based"]["updates"] == 0 and last["config"]["seed"] == 3
    assert {found["config"]["task"]["name"] for found in (first, last)} == {"forage"}


def test_every_recipe_is_here():
    others = {"settings", "motion", "figures"}
    assert {file.stem for file in RECIPES.glob("*.sh")} - others == {*SETTINGS, "rat-forage"}


def test_the_benchmark_of_a_generalist(folder):
    _run(ROOT / "benchmarks" / "generalist.sh", folder, *SHRUNK, "--device", "cpu")
    assert load_policy(folder / "generalist").provenance["trained_on"] == ["sway_0", "sway_1"]
