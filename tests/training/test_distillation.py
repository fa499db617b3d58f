"""Learning from a teacher: the same controls from other setpoints, in the states that the learner visits."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.policy.policy import load_policy, save_policy
from rodent.synthesis.stance import stance_clips
from rodent.tasks.goal_settings import JoystickConfig
from rodent.tasks.settings import ImitationConfig
from tests.policies import TINY, untrained_policy
from training.config import DistillationConfig, ModelBasedConfig, PPOConfig, TrainConfig
from training.distillation import DISTILLATION_METRICS, teaching_policy
from training.train import new_run, trainer_of
from training.update import DISTILLATION

PPO = PPOConfig(num_envs=8, minibatches=2, epochs=1, unroll=4)
PER_UNROLL = PPO.num_envs * PPO.unroll
NEUTRAL = ImitationConfig(setpoint="neutral")


@pytest.fixture(scope="module")
def teacher(body):
    """A policy that pushes every actuator by half its unit, in whatever state."""
    policy = untrained_policy(body)
    params = jax.tree.map(jnp.asarray, dict(policy.params))
    params["policy"]["decoder"]["action_mean"]["bias"] += 0.5
    return dataclasses.replace(policy, params=params)


@pytest.fixture(scope="module")
def folder(teacher, tmp_path_factory):
    path = tmp_path_factory.mktemp("policies") / "teacher"
    save_policy(teacher, path)
    return path


def _config(folder, steps: int, **changes) -> TrainConfig:
    sizes = {
        "network": TINY,
        "ppo": PPO,
        "model_based": ModelBasedConfig(updates=0),
        "distillation": DistillationConfig(steps=steps, updates=32, minibatches=2, learning_rate=0.003),
    }
    return TrainConfig(**{**sizes, "task": NEUTRAL, "teacher": str(folder), **changes})


@pytest.mark.parametrize("setpoint", ["neutral", "reference"])
def test_an_action_for_controls_has_these_controls(body, setpoint):
    task = ImitationConfig(setpoint=setpoint).build(body, stance_clips(body, frames=10))
    state = task.initial_state(jnp.int32(2), jax.random.PRNGKey(0))
    action = jnp.asarray(np.random.default_rng(0).normal(0, 0.05, body.model.nu), jnp.float32)
    again = task.action_for(state, task.control(state, action))
    np.testing.assert_allclose(task.control(state, again), task.control(state, action), atol=1e-6)


def test_the_learner_comes_to_act_as_its_teacher_and_then_learns_from_rewards(folder, tmp_path):
    task = dataclasses.replace(NEUTRAL, window="reference")
    config = _config(folder, steps=12 * PER_UNROLL, task=task)
    run = new_run(tmp_path / "run", config, "gaits")
    trainer = trainer_of(run)
    assert trainer.phase == DISTILLATION
    metrics = [trainer.iterate() for _ in range(12)]
    assert set(DISTILLATION_METRICS) <= set(metrics[0])
    assert "policy_loss" not in metrics[0]
    assert metrics[-1]["distillation_error"] < 0.5 * metrics[0]["distillation_error"]
    assert trainer.phase == "PPO"
    later = trainer.iterate()
    assert "policy_loss" in later
    assert not set(DISTILLATION_METRICS) & set(later)


def test_a_run_keeps_its_teacher_and_policies_name_it(folder, teacher, tmp_path):
    from training.callback import Until
    from training.train import train

    run = new_run(tmp_path / "run", _config(folder, steps=PER_UNROLL, evaluate_every=10_000), "gaits")
    assert load_policy(run.teacher).digest() == teacher.digest()
    train(run, Until(steps=PER_UNROLL))
    assert load_policy(tmp_path / "run" / "policy").provenance["teacher"]["digest"] == teacher.digest()


@pytest.mark.parametrize(
    ("changes", "config", "message"),
    [
        ({}, {"task": JoystickConfig()}, "must both imitate clips"),
        ({}, {"body": BodyConfig(strength=1.5)}, "with other settings than the body here"),
        ({"network_config": dataclasses.replace(TINY, decoder_kind="lstm")}, {}, "its decoder has a memory"),
        ({"provenance": {"trained_on": ["Walk_1"]}}, {}, "trained on 'Walk_1_mirrored', which is held out"),
        (
            {"provenance": {"trained_on": [], "teacher": {"trained_on": ["Walk_1"]}}},
            {},
            "trained on 'Walk_1_mirrored', which is held out",
        ),
    ],
)
def test_teachers_that_do_not_fit_are_refused(teacher, monkeypatch, folder, changes, config, message):
    policy = dataclasses.replace(teacher, **changes)
    monkeypatch.setattr("training.distillation.load_policy", lambda name: policy)
    with pytest.raises(InputError, match=message):
        teaching_policy(_config(folder, 1, **config), held_out=["Walk_1_mirrored"])


def test_settings_without_meaning_are_refused():
    with pytest.raises(InputError, match="distillation updates is 0; it must be at least 1"):
        DistillationConfig(updates=0)
    with pytest.raises(InputError, match="learning_rate is 0; it must be positive"):
        DistillationConfig(learning_rate=0.0)
