"""A package that is installed beside this one adds a task, and nothing else need change."""

import json
import shutil
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from rodent.cli import main
from rodent.parts import TASKS
from rodent.policy.policy import load_policy
from tests.bodies import HOPPER

PACKAGE = Path(__file__).parents[1] / "examples" / "velocity"
NETWORK = ["--network.encoder", "32", "--network.decoder", "32", "32", "--network.value", "32"]
WORDS = [
    *("--task", "velocity", "--body", "mjcf", "--body.path", HOPPER.path, "--arena", "none"),
    *("--ppo.num-envs", "128", "--model-based.updates", "0", "--ppo.final-std-steps", "50000", "200000"),
    *("--evaluate-every", "60000", *NETWORK),
]
MARGIN = 0.2
"""Reward per control step, of at most 1, by which a trained policy is better than an untrained one."""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The example package, as an installer leaves it."""
    folder = tmp_path / "site"
    info = folder / "rodent_velocity-0.1.0.dist-info"
    info.mkdir(parents=True)
    shutil.copy(PACKAGE / "rodent_velocity.py", folder)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rodent-velocity\nVersion: 0.1.0\n")
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    ((group, points),) = project["entry-points"].items()
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(folder))
    yield
    sys.modules.pop("rodent_velocity", None)


def test_its_task_is_short_and_known_by_its_package(installed):
    assert len((PACKAGE / "rodent_velocity.py").read_text().splitlines()) <= 60
    assert TASKS.origins()["velocity"] == "package rodent-velocity 0.1.0"


def test_a_policy_learns_its_task(installed, tmp_path, capsys):
    rewards = {}
    for name, steps in (("untrained", 4096), ("trained", 250_000)):
        run = tmp_path / name
        assert main(["train", *WORDS, "--out", str(run), "--steps", str(steps)]) == 0
        rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        rewards[name] = np.mean([row["reward/velocity"] for row in rows[-5:]])
        assert load_policy(run).task == TASKS.config("velocity")()
    assert rewards["trained"] > rewards["untrained"] + MARGIN, rewards


def test_without_the_package_its_policies_say_what_is_missing(installed, tmp_path, monkeypatch, capsys):
    run = tmp_path / "run"
    assert main(["train", *WORDS, "--out", str(run), "--steps", "4096"]) == 0
    monkeypatch.setattr(sys, "path", sys.path[1:])
    capsys.readouterr()
    assert main(["evaluate", str(run)]) == 2
    assert "unknown task 'velocity'" in capsys.readouterr().err
