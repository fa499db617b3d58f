"""Dreams: they better what they dream of, leave alone what is not theirs, and survive a resumed run."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.policy.sizes import NetworkConfig
from tests.physics.test_device import SmallBody
from tests.training.dreaming import in_a_row
from tests.training.test_device import small_clips
from training.collect import Move
from training.config import DreamConfig, PPOConfig, TrainConfig
from training.learner import normalizer_of
from training.trainer import Trainer

CONFIG = TrainConfig(
    ppo=PPOConfig(num_envs=64, minibatches=2, epochs=1, unroll=8),
    network=NetworkConfig(latent=4, encoder=(16,), decoder=(16,), value=(8,)),
    dream=DreamConfig(
        begin=0, study=1500, updates=4, rats=64, horizon=6, world=(32, 32), world_batch=64, world_rate=5e-3
    ),
)


def _trainer(config: TrainConfig = CONFIG) -> Trainer:
    body = SmallBody()
    return Trainer(config, body, small_clips(body, 40))


def _moves(trainer: Trainer) -> Move:
    """What one more unroll gives, which the trainer learns from too."""
    kept = {}
    study = trainer._study

    def keeping(dreamer, moves):
        found = study(dreamer, moves)
        kept["moves"] = found[1]
        return found

    trainer._study = keeping
    trainer.iterate()
    trainer._study = study
    return kept["moves"]


@pytest.fixture(scope="module")
def trained():
    trainer = _trainer()
    figures = [trainer.iterate() for _ in range(12)]
    return trainer, figures, _moves(trainer)


def test_rats_are_dreamt_of_once_enough_is_studied(trained):
    _, figures, _ = trained
    dreamt = ["dreamt_return" in row for row in figures]
    # 512 steps an unroll: the third makes 1536
    assert dreamt == [False, False] + [True] * 10
    assert figures[-1]["world_missed"] < 0.7 * figures[0]["world_missed"]


def test_dreams_better_what_is_dreamt(trained):
    trainer, _, moves = trained
    dreams, learner, dreamer = trainer._dreams, trainer.learner, trainer.dreamer
    first = in_a_row(moves)
    worth = jax.jit(
        lambda params: jnp.mean(
            dreams.returns(
                params,
                dreamer.world,
                normalizer_of(learner.statistics),
                first,
                trainer._reference,
                0.0,
                jax.random.PRNGKey(5),
            )
        )
    )
    before = worth(learner.params)
    better = learner
    for _ in range(5):
        better, dreamer_after, _ = trainer._dream(better, dreamer, moves, trainer._reference)
        dreamer = dataclasses.replace(dreamer_after, world=dreamer.world)
    assert worth(better.params) > before + 1e-4
    # the value network is PPO's to teach, and so is how much noise there is
    for part in (lambda p: p["critic"], lambda p: p["policy"]["decoder"]["log_std"]):
        for kept, was in zip(*(jax.tree.leaves(part(x.params)) for x in (better, learner)), strict=True):
            np.testing.assert_array_equal(kept, was)


def test_what_lies_beyond_a_clip_is_no_concern(trained):
    trainer, _, moves = trained
    first = in_a_row(moves)
    last = int(trainer._reference.last[0])
    over = first._replace(frame=jnp.full_like(first.frame, last))
    worth = trainer._dreams.returns(
        trainer.learner.params,
        trainer.dreamer.world,
        normalizer_of(trainer.learner.statistics),
        over,
        trainer._reference,
        0.0,
        jax.random.PRNGKey(0),
    )
    np.testing.assert_array_equal(worth, 0)


def test_from_then_on_dreams_alone_lead_the_policy():
    still = dataclasses.replace(CONFIG.dream, rate=0.0)
    trainer = _trainer(dataclasses.replace(CONFIG, dream=still))
    for _ in range(3):
        assert "kl" in trainer.iterate()
    before = jax.tree.map(np.array, trainer.learner.params)
    figures = trainer.iterate()
    assert "kl" not in figures and "value_loss" in figures
    after = trainer.learner.params
    for a, b in zip(jax.tree.leaves(before["policy"]), jax.tree.leaves(after["policy"]), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(jax.tree.leaves(before["critic"]), jax.tree.leaves(after["critic"]), strict=True):
        assert (a != b).any()


def test_an_intention_far_from_its_prior_costs(trained):
    trainer, _, moves = trained
    first = in_a_row(moves)
    learner, dreamer = trainer.learner, trainer.dreamer
    worth = [
        trainer._dreams.returns(
            learner.params,
            dreamer.world,
            normalizer_of(learner.statistics),
            first,
            trainer._reference,
            cost,
            jax.random.PRNGKey(0),
        )
        for cost in (0.0, 1e-3)
    ]
    assert (worth[1] <= worth[0]).all() and worth[1].mean() < worth[0].mean()


def test_no_updates_no_study():
    trainer = _trainer(dataclasses.replace(CONFIG, dream=dataclasses.replace(CONFIG.dream, updates=0)))
    figures = trainer.iterate()
    assert "world_missed" not in figures and int(trainer.dreamer.studied) == 0


def test_dreams_go_on_where_they_stopped(trained):
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
