"""Training on motor primitives: the low level stays as it was, and what does not fit is refused."""

import dataclasses

import jax
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.policy.policy import Policy, load_policy, save_policy
from rodent.policy.sizes import PrimitivesConfig
from rodent.tasks.goal_settings import GoToConfig, JoystickConfig
from rodent.tasks.settings import ImitationConfig
from tests.policies import TINY, untrained_policy
from training.config import ModelBasedConfig, PPOConfig, TrainConfig
from training.primitives import primitives_of
from training.train import new_run, trainer_of

PPO = PPOConfig(num_envs=8, minibatches=2, epochs=1, unroll=4)
MODEL_BASED = ModelBasedConfig(updates=0)
NEUTRAL = ImitationConfig(setpoint="neutral")


@pytest.fixture(scope="module")
def low(body) -> Policy:
    """Primitives with a normaliser like no fresh one's."""
    plain, rng = untrained_policy(body, dataclasses.replace(TINY, prior=(6,))), np.random.default_rng(0)
    normalizer = jax.tree.map(
        lambda x: rng.uniform(0.5, 2.0, np.shape(x)).astype(np.float32), plain.normalizer
    )
    return dataclasses.replace(plain, task=NEUTRAL, normalizer=normalizer, provenance={"steps": 800})


@pytest.fixture(scope="module")
def folder(low, tmp_path_factory):
    path = tmp_path_factory.mktemp("policies") / "low"
    save_policy(low, path)
    return path


def _config(folder, **changes) -> TrainConfig:
    task = changes.pop("task", JoystickConfig(seconds=4.0))
    sizes = {"network": TINY, "ppo": PPO, "model_based": MODEL_BASED}
    return TrainConfig(**sizes, task=task, primitives=str(folder), **changes)


def test_the_low_level_and_its_normaliser_stay_as_they_were(folder, low, tmp_path):
    run = new_run(tmp_path / "run", _config(folder))
    trainer = trainer_of(run)
    trainer.act_through(load_policy(run.primitives))
    before = jax.tree.map(np.array, trainer.train_state.learner.params)
    for _ in range(4):
        trainer.iterate()
    trainer.evaluate()
    policy = trainer.policy({})
    for part in ("decoder", "prior"):
        jax.tree.map(np.testing.assert_array_equal, policy.params["low"][part], low.params["policy"][part])
    for name in ("mean", "std"):
        ours, its = (getattr(one.normalizer, name)["proprioception"] for one in (policy, low))
        np.testing.assert_allclose(ours, its, rtol=1e-6)
    after = trainer.train_state.learner.params
    moved = jax.tree.map(lambda a, b: np.abs(a - b).max(), before["policy"], after["policy"])
    assert max(jax.tree.leaves(moved)) > 0
    save_policy(policy, tmp_path / "saved")
    again = load_policy(tmp_path / "saved")
    assert again.digest() == policy.digest()
    assert again.agent == policy.agent


@pytest.mark.parametrize(
    ("changes", "config", "message"),
    [
        ({"network_config": TINY}, {}, "has no prior"),
        ({"task": ImitationConfig()}, {}, "around a neutral pose"),
        ({}, {"body": BodyConfig(strength=1.0)}, "other settings than the body here"),
        ({}, {"task": GoToConfig(senses=("gravity",))}, "the senses of the task here are gravity"),
    ],
)
def test_primitives_that_do_not_fit_are_refused(low, tmp_path, changes, config, message):
    policy = dataclasses.replace(low, **changes)
    if "network_config" in changes:
        params = {part: own for part, own in low.params["policy"].items() if part != "prior"}
        policy = dataclasses.replace(policy, params={**low.params, "policy": params})
    save_policy(policy, tmp_path / "low")
    with pytest.raises(InputError, match=message):
        primitives_of(_config(tmp_path / "low", **config))


def test_a_network_of_primitives_needs_them(low, tmp_path, folder):
    network = PrimitivesConfig(low=low.network_config)
    with pytest.raises(InputError, match="give them: --primitives"):
        new_run(tmp_path / "run", TrainConfig(network=network, ppo=PPO, task=JoystickConfig()))
    with pytest.raises(InputError, match="both given"):
        _config(folder, start_from="rat-position")
