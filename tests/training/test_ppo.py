"""PPO's pieces: the latent's prior, the sampler, the split, one update that improves its objective."""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rodent.body import NU
from rodent.errors import InputError
from rodent.motion.sway import swaying_clips
from rodent.policy.networks import ActorCritic, Carry, PolicyOutput, initial_carry
from rodent.policy.sizes import NetworkConfig
from rodent.tasks.imitation import Observation
from rodent.tasks.reference import build_reference
from training.collect import Act, Experience, Outcome
from training.config import PPOConfig, SamplerConfig, TrainConfig
from training.ppo import latent_kl, new_learner, unrolled, update
from training.sampler import new_sampler, refreshed, sample_starts, updated
from training.split import split_clips


def _output(mean, logvar):
    empty = jnp.zeros((*mean.shape[:-1], 0))
    return PolicyOutput(empty, empty, mean, logvar, mean, Carry(mean, empty, empty))


def test_latent_kl_is_that_of_two_normals(rng):
    """Against a Monte Carlo estimate of E_q[log q - log p]."""
    mean, logvar, before = (jnp.asarray(rng.normal(size=(1, 3))) for _ in range(3))
    for fresh, center, variance in ((False, 0.95 * before, 1 - 0.95**2), (True, 0 * before, 1.0)):
        exact = latent_kl(_output(mean, logvar), before, jnp.array([fresh]), 0.95)
        z = mean + jnp.exp(0.5 * logvar) * rng.normal(size=(400_000, 3))
        log_q = -0.5 * ((z - mean) ** 2 / jnp.exp(logvar) + logvar)
        log_p = -0.5 * ((z - center) ** 2 / variance + jnp.log(variance))
        assert float(exact[0]) == pytest.approx(float((log_q - log_p).sum(1).mean()), rel=0.02)


def test_latent_kl_is_nought_on_the_prior():
    before = jnp.ones((2, 4))
    output = _output(0.95 * before, jnp.full((2, 4), jnp.log(1 - 0.95**2)))
    np.testing.assert_allclose(latent_kl(output, before, jnp.array([False, False]), 0.95), 0, atol=1e-5)


@pytest.fixture(scope="module")
def reference(body):
    return build_reference(swaying_clips(body), body)


def test_episodes_begin_anywhere_but_at_a_last_frame(reference):
    sampler = new_sampler(SamplerConfig(first=0.0, failing=0.0), reference)
    starts = np.asarray(sample_starts(sampler, jax.random.PRNGKey(0), 20_000))
    assert set(starts) == set(range(120)) - {59, 119}


def test_episodes_begin_before_failures_in_the_same_clip(reference):
    config = SamplerConfig(first=0.0, failing=1.0, before=10)
    sampler = new_sampler(config, reference)
    sampler = updated(sampler, jnp.array([64, 64, 30]), jnp.array([True, True, False]))
    starts = np.asarray(sample_starts(refreshed(config, sampler, reference), jax.random.PRNGKey(0), 5000))
    assert set(starts) == {60, 61, 62, 63}


def test_failures_fade(reference):
    config = SamplerConfig(memory=0.5)
    sampler = updated(new_sampler(config, reference), jnp.array([5]), jnp.array([True]))
    for _ in range(3):
        sampler = refreshed(config, sampler, reference)
    assert float(sampler.failures[5]) == pytest.approx(0.125)


def _experience(config, network, key, unroll=4):
    n = config.num_envs
    keys = jax.random.split(key, 4)
    observation = Observation(
        jax.random.normal(keys[0], (unroll, n, 5)), jax.random.normal(keys[1], (unroll, n, 6))
    )
    carry = initial_carry(network.config, n)
    carry = jax.tree.map(lambda x: jnp.broadcast_to(x, (unroll, *x.shape)), carry)
    noise = jnp.zeros_like(carry.latent)
    flags = jnp.zeros((unroll, n), bool)
    blank = Act(
        observation, carry, noise, jnp.zeros((unroll, n, NU)), *[jnp.zeros((unroll, n, NU))] * 2, flags
    )
    first = jax.tree.map(lambda x: x[0], blank)
    learner = new_learner(config, network, first.observation, first.carry, keys[2])
    output, _ = unrolled(network, learner.params, blank)
    action = output.action_mean + output.action_std * jax.random.normal(keys[3], output.action_mean.shape)
    act = blank._replace(action=action, mean=output.action_mean, std=output.action_std)
    # large beside what a fresh value network says
    reward = -30 * jnp.mean(jnp.square(action - 0.5), -1)
    outcome = Outcome(reward, flags, flags, flags, {"all": reward})
    return learner, Experience(act, outcome, jax.tree.map(lambda x: x[-1], observation))


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_an_update_makes_rewarded_actions_likelier(kind):
    rates = {"learning_rate": 3e-3, "learning_rate_range": (3e-3, 3e-3)}
    config = PPOConfig(
        num_envs=64, minibatches=2, epochs=4, discount=0.0, clip=5.0, max_grad_norm=100.0, **rates
    )
    network = ActorCritic(
        NetworkConfig(latent=4, encoder=(8,), decoder=(16, 8), value=(8,), decoder_kind=kind), NU
    )
    learner, experience = _experience(config, network, jax.random.PRNGKey(0))
    before = unrolled(network, learner.params, experience.acts)[0].action_mean.mean()
    step = jax.jit(partial(update, config, network))
    for _ in range(5):
        learner, figures = step(learner, experience)
    after = unrolled(network, learner.params, experience.acts)[0].action_mean.mean()
    assert after > before + 0.005
    assert all(np.isfinite(float(v)) for v in figures.values())
    assert int(learner.steps) == 5 * 4 * 64


def test_the_learning_rate_follows_the_kl():
    network = ActorCritic(NetworkConfig(latent=4, encoder=(8,), decoder=(8,), value=(8,)), NU)
    for target, compare in ((1e-9, np.less), (10.0, np.greater)):
        config = PPOConfig(num_envs=16, minibatches=2, target_kl=target)
        learner, experience = _experience(config, network, jax.random.PRNGKey(0))
        learner, figures = update(config, network, learner, experience)
        assert compare(float(figures["learning_rate"]), config.learning_rate)
        low, high = np.float32(config.learning_rate_range)
        assert low <= np.float32(learner.learning_rate) <= high


def test_a_clips_end_teaches_nothing():
    """Steps that end a clip have no advantage: other rewards there change no parameter of the policy."""
    config = PPOConfig(num_envs=16, minibatches=2, value_weight=0.0)
    network = ActorCritic(NetworkConfig(latent=4, encoder=(8,), decoder=(8,), value=(8,)), NU)
    learner, experience = _experience(config, network, jax.random.PRNGKey(0))
    ended = jnp.zeros((4, 16), bool).at[2, :8].set(True)

    def learnt(reward):
        outcomes = experience.outcomes._replace(ended=ended, reward=reward)
        return update(config, network, learner, experience._replace(outcomes=outcomes))[0].params["policy"]

    reward = experience.outcomes.reward
    other = jnp.where(ended, 1e3, reward)
    for a, b in zip(jax.tree.leaves(learnt(reward)), jax.tree.leaves(learnt(other)), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-7)


@given(fraction=st.floats(0, 0.9), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_split_keeps_sessions_whole(body, fraction, seed):
    clips = swaying_clips(body, frames=3, n=8)
    clips = dataclasses.replace(
        clips, clips=tuple(dataclasses.replace(c, session=f"s{i // 2}") for i, c in enumerate(clips))
    )
    if np.ceil(fraction * 4) >= 4:
        with pytest.raises(InputError, match="leaves none to train on"):
            split_clips(clips, fraction, seed)
        return
    split = split_clips(clips, fraction, seed)
    assert sorted(split["train"] + split["test"]) == sorted(clips.names)
    sessions = {part: {clips[name].session for name in split[part]} for part in split}
    assert not sessions["train"] & sessions["test"]
    assert split == split_clips(clips, fraction, seed)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (PPOConfig, "num_envs", 0),
        (PPOConfig, "minibatches", 7),
        (PPOConfig, "discount", 1.0),
        (PPOConfig, "epochs", -1),
        (SamplerConfig, "first", 0.9),
        (SamplerConfig, "before", 0),
    ],
)
def test_senseless_settings_are_refused(kind, field, value):
    with pytest.raises(InputError):
        kind(**{field: value})


def test_the_default_config_survives_json():
    from rodent.configs import from_json, to_json

    assert from_json(TrainConfig, to_json(TrainConfig()), "config.json", "config") == TrainConfig()
