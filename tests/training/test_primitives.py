"""Training on motor primitives: the low level stays as it was, and what does not fit is refused."""

import dataclasses

import jax
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.policy.policy import Policy, load_policy, save_policy
from rodent.policy.sizes import PrimitivesConfig, ReferenceConfig
from rodent.synthesis.steady import SteadyGaits
from rodent.tasks.goal_settings import GoToConfig, JoystickConfig
from rodent.tasks.settings import ImitationConfig
from rodent.tasks.stance import standing
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


def test_primitives_that_learn_move_and_frozen_ones_are_theirs_at_first(folder, low, tmp_path):
    run = new_run(tmp_path / "run", _config(folder, primitives_train=True))
    assert run.config.network.learns and "low" not in run.config.ppo.optimizer.frozen
    trainer = trainer_of(run)
    trainer.act_through(load_policy(run.primitives))
    decoder = trainer.train_state.learner.params["low"]["decoder"]
    jax.tree.map(np.testing.assert_array_equal, decoder, low.params["policy"]["decoder"])
    before = jax.tree.map(np.array, decoder)
    trainer.iterate()
    after = trainer.train_state.learner.params["low"]["decoder"]
    assert max(jax.tree.leaves(jax.tree.map(lambda a, b: np.abs(a - b).max(), before, after))) > 0


@pytest.fixture(scope="module")
def tracking(body, tmp_path_factory):
    """A policy that has learnt to imitate with the setpoint and the window of the default."""
    path = tmp_path_factory.mktemp("policies") / "tracking"
    save_policy(untrained_policy(body), path)
    return path


def test_a_gait_is_commanded_and_what_tracks_it_stays_as_it_was(tracking, body, tmp_path, monkeypatch):
    pose = np.asarray(standing(body).qpos, float)

    def still(scene, speeds, turns, phases):
        shape = (len(speeds), len(turns))
        return SteadyGaits(np.tile(pose, (*shape, phases, 1)), np.zeros(shape), np.zeros((*shape, 2)))

    monkeypatch.setattr("rodent.policy.gait_arrays.steady_gaits", still)
    run = new_run(tmp_path / "run", _config(tracking, interface="reference"))
    network = run.config.network
    assert isinstance(network, ReferenceConfig)
    assert (network.horizon, network.lag, network.bodies) == (5, 3, 15)
    trainer = trainer_of(run)
    trainer.act_through(load_policy(run.primitives))
    before = jax.tree.map(np.array, trainer.train_state.learner.params["low"])
    own = load_policy(run.primitives).params["policy"]
    for part in ("encoder", "latent", "decoder"):
        jax.tree.map(np.testing.assert_array_equal, before[part], own[part])
    trainer.iterate()
    policy = trainer.policy({})
    jax.tree.map(np.testing.assert_array_equal, policy.params["low"], before)
    save_policy(policy, tmp_path / "saved")
    assert load_policy(tmp_path / "saved").agent == policy.agent


def test_interfaces_that_do_not_fit_are_refused(tracking, folder):
    with pytest.raises(InputError, match="or command a gait that it follows: --interface reference"):
        primitives_of(_config(tracking))
    with pytest.raises(InputError, match="cannot follow a gait: it needs servos"):
        primitives_of(_config(folder, interface="reference"))
    with pytest.raises(InputError, match="unknown interface 'joystick'"):
        _config(folder, interface="joystick")
    with pytest.raises(InputError, match="no primitives; give them: --primitives rat-position"):
        TrainConfig(interface="reference")
    for words in ({}, {"primitives": str(tracking), "interface": "reference"}):
        with pytest.raises(InputError, match="leave out --primitives-train"):
            TrainConfig(primitives_train=True, **words)
