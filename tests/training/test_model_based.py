"""Imagined rollouts: they improve the policy, leave alone what is not theirs, and survive a resumed run."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import training.update
from rodent.policy.agent import flattened
from rodent.policy.sizes import NetworkConfig
from rodent.rollouts import clip_episodes
from rodent.tasks.imitation import ImitationState
from tests.bodies import hopper
from tests.training.test_device import small_clips
from training.config import ModelBasedConfig, PPOConfig, TrainConfig
from training.experience import DynamicsSample
from training.hyperparameters import Hyperparameters
from training.learner import normalizer_of
from training.model_based import Imagination, fit, improve
from training.trainer import Trainer

CONFIG = TrainConfig(
    ppo=PPOConfig(num_envs=64, minibatches=2, epochs=1, unroll=8),
    network=NetworkConfig(latent=4, encoder=(16,), decoder=(16,), value=(8,)),
    model_based=ModelBasedConfig(
        begin=0,
        warmup=1500,
        updates=4,
        rollouts=64,
        horizon=6,
        dynamics_layers=(32, 32),
        dynamics_batch=64,
        dynamics_learning_rate=5e-3,
    ),
)


def _trainer(config: TrainConfig = CONFIG) -> Trainer:
    body = hopper()
    clips = small_clips(body, 40)
    return Trainer(config, config.task.build(body, clips), clip_episodes(clips))


def _samples(trainer: Trainer, monkeypatch) -> DynamicsSample:
    """What one more unroll gives, which the trainer learns from too."""
    found = []

    def keeping(model_based, hyper, state, samples):
        found.append(samples)
        return fit(model_based, hyper, state, samples)

    with monkeypatch.context() as patch:
        patch.setattr(training.update, "fit", keeping)
        trainer.iterate()
    return found[0]


@pytest.fixture(scope="module")
def trained():
    trainer = _trainer()
    metrics = [trainer.iterate() for _ in range(12)]
    with pytest.MonkeyPatch.context() as monkeypatch:
        return trainer, metrics, _samples(trainer, monkeypatch)


def _returns(trainer: Trainer, params, first: DynamicsSample, weight: float = 0.0, seed: int = 0):
    """Returns of imagined rollouts of a policy, shape (n,)."""
    state = trainer.train_state
    hyper = Hyperparameters.of(trainer.config)
    normalizer = normalizer_of(state.learner.statistics)
    imagination = Imagination(params, state.model_based.dynamics, normalizer, hyper, weight)
    returns = jax.jit(trainer.algorithm.model_based.returns)
    return returns(trainer.task, imagination, first, jax.random.PRNGKey(seed))


def test_rollouts_are_imagined_once_the_dynamics_model_is_fitted(trained):
    _, metrics, _ = trained
    imagined = ["imagined_return" in row for row in metrics]
    # 512 steps an unroll: the third makes 1536
    assert imagined == [False, False] + [True] * 10
    unexplained = [row["dynamics_unexplained_variance"] for row in metrics]
    assert unexplained[-1] < 0.7 * unexplained[0]


def test_they_improve_the_policy(trained):
    trainer, _, samples = trained
    state, hyper = trainer.train_state, Hyperparameters.of(trainer.config)
    first = flattened(samples, samples.is_first.shape)
    before = _returns(trainer, state.learner.params, first, seed=5).mean()
    better, model_based = state.learner, state.model_based
    for _ in range(5):
        better, after, _ = improve(
            trainer.algorithm.model_based, trainer.task, hyper, better, model_based, samples
        )
        model_based = dataclasses.replace(after, dynamics=model_based.dynamics)
    assert _returns(trainer, better.params, first, seed=5).mean() > before + 1e-4
    # the value network is PPO's to teach, and so is how much noise there is
    for part in (lambda p: p["critic"], lambda p: p["policy"]["decoder"]["log_std"]):
        both = (jax.tree.leaves(part(x.params)) for x in (better, state.learner))
        for kept, was in zip(*both, strict=True):
            np.testing.assert_array_equal(kept, was)


def test_what_lies_beyond_a_clip_counts_for_nothing(trained):
    trainer, _, samples = trained
    first = flattened(samples, samples.is_first.shape)
    last = int(trainer.task.reference.last[0])
    over = first._replace(task=ImitationState(jnp.full_like(first.task.frame, last)))
    np.testing.assert_array_equal(_returns(trainer, trainer.train_state.learner.params, over), 0)


def test_from_then_on_they_alone_improve_the_policy():
    still = dataclasses.replace(CONFIG.model_based, learning_rate=0.0)
    trainer = _trainer(dataclasses.replace(CONFIG, model_based=still))
    for _ in range(3):
        assert "kl" in trainer.iterate()
    before = jax.tree.map(np.array, trainer.train_state.learner.params)
    metrics = trainer.iterate()
    assert "kl" not in metrics and "value_loss" in metrics
    after = trainer.train_state.learner.params
    for a, b in zip(jax.tree.leaves(before["policy"]), jax.tree.leaves(after["policy"]), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(jax.tree.leaves(before["critic"]), jax.tree.leaves(after["critic"]), strict=True):
        assert (a != b).any()


def test_an_intention_far_from_its_prior_costs(trained):
    trainer, _, samples = trained
    params, first = trainer.train_state.learner.params, flattened(samples, samples.is_first.shape)
    free, costly = (_returns(trainer, params, first, weight) for weight in (0.0, 1e-3))
    assert (costly <= free).all() and costly.mean() < free.mean()


def test_without_updates_no_dynamics_model_is_fitted():
    trainer = _trainer(
        dataclasses.replace(CONFIG, model_based=dataclasses.replace(CONFIG.model_based, updates=0))
    )
    metrics = trainer.iterate()
    assert "dynamics_unexplained_variance" not in metrics
    assert int(trainer.train_state.model_based.fitted_steps) == 0


def test_training_goes_on_where_it_stopped(trained):
    straight, halted = _trainer(), _trainer()
    for _ in range(3):
        halted.iterate()
    resumed = _trainer()
    resumed.set_state(jax.tree.map(np.array, halted.state()))
    resumed.iterate()
    for _ in range(4):
        straight.iterate()
    for a, b in zip(*(jax.tree.leaves(t.state()) for t in (straight, resumed)), strict=True):
        np.testing.assert_array_equal(a, b)
