"""Optimisers by name, and parts of an agent that stay what they are, to the bit."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
import pytest

from rodent.cli import main
from rodent.errors import InputError
from rodent.policy.intention import IntentionAgent
from rodent.policy.sizes import NetworkConfig
from rodent.tasks.task import Observation
from tests.training.test_ppo import _experience, _hyper
from training.config import OptimizerConfig, PPOConfig
from training.optimizer import make_model_based_optimizer, make_optimizer, require_parts, unchanged
from training.ppo import _bounded, update

AGENT = IntentionAgent(NetworkConfig(latent=4, encoder=(8, 8), decoder=(8,), value=(8,)), 38)


def changed(before, after) -> set[str]:
    """Paths of the leaves that are not what they were."""
    pairs = zip(*(jax.tree_util.tree_leaves_with_path(x) for x in (before, after)), strict=True)
    return {
        "/".join(str(key.key) for key in path)
        for (path, a), (_, b) in pairs
        if not np.array_equal(np.asarray(a), np.asarray(b))
    }


def test_a_frozen_part_stays_and_all_others_learn():
    """In an update of PPO, that bounds noise too: of a frozen decoder it does not."""
    frozen = ("policy/decoder", "policy/encoder/layer_0")
    config = PPOConfig(
        num_envs=16,
        minibatches=2,
        epochs=1,
        optimizer=OptimizerConfig(frozen=frozen),
        final_std=0.2,
        final_std_steps=(0, 64),
    )
    before, experience = _experience(config, AGENT, jax.random.PRNGKey(0))
    after, _ = update(config, AGENT, _hyper(config), before, experience)
    moved = changed(before.params, after.params) | changed(before.average, after.average)
    assert not {path for path in moved if path.startswith(frozen)}
    learn = {"policy/encoder/layer_1", "policy/latent/mean", "critic/layer_0", "critic/expected_return"}
    assert learn <= {"/".join(path.split("/")[:n]) for path in moved for n in (2, 3)}


@pytest.mark.parametrize("name", ["muon", "adam"])
def test_weights_that_are_cut_do_not_grow_again(name):
    config = PPOConfig(
        num_envs=16, minibatches=2, epochs=1, optimizer=OptimizerConfig(name=name, keep_zeros=True)
    )
    before, experience = _experience(config, AGENT, jax.random.PRNGKey(0))

    def cut(params):
        return jax.tree.map(lambda x: x.at[::2].set(0.0) if x.ndim > 1 else x, params)

    before = dataclasses.replace(before, params=cut(before.params), average=cut(before.average))
    after, _ = update(config, AGENT, _hyper(config), before, experience)
    for params in (after.params, after.average):
        for leaf in jax.tree.leaves(params):
            if leaf.ndim > 1:
                assert (leaf[::2] == 0).all() and (leaf[1::2] != 0).any()
    moved = changed(before.params, after.params)
    assert {"policy/decoder/layer_0/pre/kernel", "policy/decoder/layer_0/pre/bias"} <= moved


def test_a_name_is_of_whole_words():
    agent = IntentionAgent(NetworkConfig(encoder=(8,) * 11, decoder=(8,)), 2)
    require_parts(OptimizerConfig(frozen=("policy/encoder/layer_1",)), agent)
    tree = {"policy": {"encoder": {"layer_1": jnp.zeros(1), "layer_10": jnp.zeros(1)}}}
    after = jax.tree.map(lambda x: x + 1, tree)
    kept = unchanged(OptimizerConfig(frozen=("policy/encoder/layer_1",)), tree, after)["policy"]["encoder"]
    assert (float(kept["layer_1"][0]), float(kept["layer_10"][0])) == (0, 1)


@pytest.mark.parametrize("make", [make_optimizer, make_model_based_optimizer])
@pytest.mark.parametrize("name", ["muon", "adam"])
def test_optimisers_leave_frozen_parts_alone(name, make):
    params = AGENT.init(jax.random.PRNGKey(0), _observation())["policy"]
    ones = jax.tree.map(jnp.ones_like, params)
    for frozen, learn in (
        ("policy/decoder", {"encoder", "latent"}),
        ("policy", set()),
        ("critic", set(params)),
    ):
        optimizer = make(OptimizerConfig(name, (frozen,)), "policy")
        steps, _ = optimizer.update(ones, optimizer.init(params), params)
        moved = changed(jax.tree.map(jnp.zeros_like, steps), steps)
        assert {path.split("/")[0] for path in moved} == learn


def test_the_norm_that_is_bounded_is_that_of_what_learns():
    gradient = {"policy": {"decoder": jnp.full(4, 30.0), "encoder": jnp.array([3.0, 4.0])}}
    config = PPOConfig(optimizer=OptimizerConfig(frozen=("policy/decoder",)), max_grad_norm=1.0)
    bounded, norm = _bounded(config, _hyper(config), gradient)
    assert float(norm) == 5
    np.testing.assert_allclose(bounded["policy"]["encoder"], [0.6, 0.8], rtol=1e-5)
    np.testing.assert_array_equal(bounded["policy"]["decoder"], 0)


def test_the_default_state_has_the_leaves_it_always_had():
    """So that checkpoints of runs without frozen parts are gone on from."""
    params = AGENT.init(jax.random.PRNGKey(0), _observation())["policy"]
    plain, frozen = (make_optimizer(OptimizerConfig(frozen=f), "policy") for f in ((), ("policy/decoder",)))
    usual = jax.tree.structure(optax.contrib.muon(1.0, consistent_rms=0.2).init(params))
    assert jax.tree.structure(plain.init(params)) == usual != jax.tree.structure(frozen.init(params))


def _observation() -> Observation:
    return {"proprioception": jnp.zeros((1, 5)), "reference": jnp.zeros((1, 6))}


def test_an_unknown_part_is_told_with_the_known_ones():
    with pytest.raises(InputError) as error:
        require_parts(OptimizerConfig(frozen=("policy/decodr",)), AGENT)
    assert str(error.value) == (
        "unknown part of the agent 'policy/decodr' in ppo.optimizer.frozen; did you mean 'policy/decoder'? "
        "There are: critic, critic/expected_return, critic/layer_0, policy, policy/decoder, policy/encoder, "
        "policy/latent"
    )
    with pytest.raises(InputError, match="unknown optimizer 'sgd'"):
        OptimizerConfig("sgd")


def test_an_unknown_part_is_refused_before_anything_is_written(clip_file, tmp_path, capsys):
    words = ["train", "--clips", str(clip_file), "--out", str(tmp_path / "run"), "--steps", "64"]
    assert main([*words, "--ppo.optimizer.frozen", "policy/wings"]) == 2
    assert "unknown part of the agent 'policy/wings'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
