"""Recordings of the policies that a run has kept across learning."""

import json

import numpy as np
import pytest

from rodent.cli import main
from rodent.errors import InputError
from rodent.policy.policy import save_policy
from rodent.recording import open_recording
from rodent.tasks.goal_settings import GoToConfig
from tests.policies import TINY, untrained_on_task
from training.config import TrainConfig
from training.runs import begin_run, checkpoints_of

TASK = GoToConfig(seconds=0.2)


@pytest.fixture
def run(body, tmp_path):
    """A run with two policies, kept after 0 and 64 steps."""
    run = begin_run(tmp_path / "run", TrainConfig(task=TASK, network=TINY), None, {"train": [], "test": []})
    for seed, steps in enumerate((0, 64)):
        run.keep(untrained_on_task(body, TASK, seed=seed), steps)
    save_policy(untrained_on_task(body, TASK), run.folder / "policy")
    return run


def test_every_kept_policy_has_a_recording(run, tmp_path, capsys):
    out = tmp_path / "course"
    words = ["rollout", str(run.folder), "--checkpoints", "all", "--episodes", "2", "--out", str(out)]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["checkpoints"]
    assert [one["steps"] for one in found] == [0, 64]
    assert sorted(path.name for path in out.iterdir()) == ["0000000000.h5", "0000000064.h5"]
    units, targets = [], []
    for path in sorted(out.iterdir()):
        with open_recording(path) as recording:
            rollout = recording.rollouts["episode_1"]
            units.append(rollout.units("decoder/layer_0"))
            targets.append(rollout["target"][0])
    # the same episodes, by other networks
    np.testing.assert_array_equal(*targets)
    assert np.abs(units[0] - units[1]).max() > 0.01


def test_some_are_chosen_by_their_steps_and_others_are_refused(run, tmp_path, capsys):
    assert list(checkpoints_of(run.folder, ["64"])) == [64]
    with pytest.raises(InputError, match="unknown checkpoint '32'"):
        checkpoints_of(run.folder, ["32"])
    plain = begin_run(tmp_path / "plain", TrainConfig(), None, {"train": [], "test": []})
    with pytest.raises(InputError, match="--keep-every STEPS"):
        checkpoints_of(plain.folder, ["all"])
    (tmp_path / "there").mkdir()
    words = ["rollout", str(run.folder), "--checkpoints", "all", "--out", str(tmp_path / "there")]
    assert main(words) == 2
    assert "exists already" in capsys.readouterr().err
    with pytest.raises(InputError, match="keep_every is -1"):
        TrainConfig(keep_every=-1)
