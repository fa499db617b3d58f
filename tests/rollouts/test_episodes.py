"""Recordings of tasks without clips: several episodes in one file."""

import json

import numpy as np
import pytest

from rodent.cli import main
from rodent.errors import InputError
from rodent.policy.policy import save_policy
from rodent.record_config import RecordConfig
from rodent.recording import open_recording
from rodent.rollouts import record
from rodent.tasks.goal_settings import GoToConfig
from tests.policies import untrained_on_task, untrained_policy

STEPS = 20


@pytest.fixture(scope="module")
def policy(body):
    return untrained_on_task(body, GoToConfig(seconds=0.02 * STEPS))


def test_every_episode_is_a_rollout_with_a_target_of_its_own(policy, tmp_path, capsys):
    save_policy(policy, tmp_path / "policy")
    words = ["rollout", str(tmp_path / "policy"), "--episodes", "3", "--out", str(tmp_path / "r.h5")]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rollouts"], found["frames"]) == (3, 3 * STEPS)
    with open_recording(tmp_path / "r.h5") as recording:
        assert list(recording.rollouts) == ["episode_0", "episode_1", "episode_2"]
        targets = np.stack([rollout["target"][0] for rollout in recording.rollouts.values()])
        trials = recording.trials
    assert len(np.unique(targets, axis=0)) == 3
    assert trials["rollout"].tolist() == ["episode_0", "episode_1", "episode_2"]
    assert set(trials["outcome"]) == {"missed"}
    np.testing.assert_allclose(trials["target_x"], targets[:, 0])
    np.testing.assert_allclose(trials["stop"], 0.02 * STEPS)


def test_the_first_episodes_are_the_same_for_any_number(policy, tmp_path):
    for n in (1, 3):
        record(policy, None, tmp_path / f"{n}.h5", RecordConfig(content="states", episodes=n))
    with open_recording(tmp_path / "1.h5") as one, open_recording(tmp_path / "3.h5") as three:
        first = [recording.rollouts["episode_0"]["target"] for recording in (one, three)]
    np.testing.assert_array_equal(*first)


def test_repeats_are_of_clips_and_episodes_of_tasks_without(policy, body, clips, tmp_path):
    with pytest.raises(InputError, match="--episodes 2"):
        record(policy, None, tmp_path / "r.h5", RecordConfig(repeats=2))
    with pytest.raises(InputError, match="--repeats 2"):
        record(untrained_policy(body), clips, tmp_path / "r.h5", RecordConfig(episodes=2))
    with pytest.raises(InputError, match="episodes is 0; it must be at least 1"):
        RecordConfig(episodes=0)
