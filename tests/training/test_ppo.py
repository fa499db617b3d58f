"""PPO's pieces: the latent's prior, the sampler, the split, one update that improves its objective."""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rodent.errors import InputError
from rodent.loop import Outcome
from rodent.loop.state import Ended
from rodent.policy.agent import AgentOutput
from rodent.policy.intention import IntentionAgent
from rodent.policy.sizes import NetworkConfig
from rodent.synthesis.stance import stance_clips
from rodent.tasks.settings import ImitationConfig
from training.config import PPOConfig, SamplerConfig, TrainConfig
from training.experience import ActionSample, Experience
from training.hyperparameters import Hyperparameters
from training.latent import latent_kl
from training.learner import new_learner
from training.ppo import POLICY_METRICS, std_ceiling, unrolled, update, update_value
from training.sampler import new_sampler, updated_sampler
from training.split import split_clips

NU = 38


def _output(mean, logvar):
    empty = jnp.zeros((*mean.shape[:-1], 0))
    return AgentOutput(empty, empty, empty, mean, logvar, mean, None)


def test_latent_kl_is_that_of_two_normals(rng):
    """Against a Monte Carlo estimate of E_q[log q - log p]."""
    mean, logvar, before = (jnp.asarray(rng.normal(size=(1, 3))) for _ in range(3))
    for is_first, center, variance in ((False, 0.95 * before, 1 - 0.95**2), (True, 0 * before, 1.0)):
        exact = latent_kl(_output(mean, logvar), before, jnp.array([is_first]), 0.95)
        z = mean + jnp.exp(0.5 * logvar) * rng.normal(size=(400_000, 3))
        log_q = -0.5 * ((z - mean) ** 2 / jnp.exp(logvar) + logvar)
        log_p = -0.5 * ((z - center) ** 2 / variance + jnp.log(variance))
        assert float(exact[0]) == pytest.approx(float((log_q - log_p).sum(1).mean()), rel=0.02)


def test_latent_kl_is_nought_on_the_prior():
    before = jnp.ones((2, 4))
    output = _output(0.95 * before, jnp.full((2, 4), jnp.log(1 - 0.95**2)))
    np.testing.assert_allclose(latent_kl(output, before, jnp.array([False, False]), 0.95), 0, atol=1e-5)


def test_latent_kl_to_a_prior_of_the_network_is_that_of_two_normals(rng):
    mean, logvar, center, spread = (jnp.asarray(rng.normal(size=(1, 3))) for _ in range(4))
    output = _output(mean, logvar)._replace(prior=(center, spread))
    for is_first in (False, True):
        exact = latent_kl(output, mean, jnp.array([is_first]), 0.95)
        by_hand = 0.5 * (spread - logvar + (jnp.exp(logvar) + (mean - center) ** 2) / jnp.exp(spread) - 1)
        np.testing.assert_allclose(exact, by_hand.sum(1), rtol=1e-5)
    same = _output(mean, logvar)._replace(prior=(mean, logvar))
    np.testing.assert_allclose(latent_kl(same, center, jnp.array([False]), 0.95), 0, atol=1e-6)


@pytest.fixture(scope="module")
def starts(body):
    return ImitationConfig().build(body, stance_clips(body)).starts


def test_episodes_begin_anywhere_but_at_a_last_frame(starts):
    sampler = new_sampler(SamplerConfig(first=0.0, failing=0.0), starts)
    drawn = np.asarray(sampler.draw(jax.random.PRNGKey(0), 20_000))
    assert set(drawn) == set(range(120)) - {59, 119}


def test_episodes_begin_where_rats_soon_fail_and_at_first_frames(starts):
    config = SamplerConfig(first=0.25, failing=0.75, neighbours=2)
    begun = jnp.repeat(jnp.arange(120), 50)
    hard = begun == 61  # the second clip's second frame: its neighbours lie in the same clip
    n = len(begun)
    sampler = new_sampler(config, starts)
    sampler = sampler.counted(Ended(jnp.ones(n, bool), begun, jnp.ones(n), hard), begun)
    drawn = np.asarray(updated_sampler(sampler, starts).draw(jax.random.PRNGKey(0), 20_000))
    share = np.bincount(drawn, minlength=120) / len(drawn)
    assert share[60] > 0.125 and share[0] > 0.125  # first frames of the two clips
    assert share[61:64].sum() + share[60] - 0.125 > 0.4
    assert share[58] < 0.01 and share[64:].max() < 0.01


def test_late_failures_and_old_ones_count_less(starts):
    config = SamplerConfig(soon=10.0, memory=0.5)
    sampler = new_sampler(config, starts)
    start, yes = jnp.array([5, 70]), jnp.ones(2, bool)
    sampler = sampler.counted(Ended(yes, start, jnp.array([0, 20]), yes), start)
    np.testing.assert_allclose(sampler.failed[start], [1, np.exp(-2)], rtol=1e-6)
    sampler = updated_sampler(updated_sampler(sampler, starts), starts)
    np.testing.assert_allclose(sampler.failed[start], [0.25, 0.25 * np.exp(-2)], rtol=1e-6)


def _hyper(config: PPOConfig) -> Hyperparameters:
    return Hyperparameters.of(TrainConfig(ppo=config))


def _experience(config, agent, key, unroll=4):
    n = config.num_envs
    keys = jax.random.split(key, 4)
    observation = {
        "proprioception": jax.random.normal(keys[0], (unroll, n, 5)),
        "reference": jax.random.normal(keys[1], (unroll, n, 6)),
    }
    memory = jax.tree.map(lambda x: jnp.broadcast_to(x, (unroll, *x.shape)), agent.initial_memory(n))
    noise = jnp.zeros_like(memory.latent)
    flags = jnp.zeros((unroll, n), bool)
    blank = ActionSample(
        observation, memory, noise, jnp.zeros((unroll, n, NU)), *[jnp.zeros((unroll, n, NU))] * 2, flags
    )
    learner = new_learner(config, agent, jax.tree.map(lambda x: x[0], observation), keys[2])
    output, _ = unrolled(agent, learner.params, blank)
    action = output.mean + output.std * jax.random.normal(keys[3], output.mean.shape)
    act = blank._replace(action=action, mean=output.mean, std=output.std)
    # large beside what a fresh value network says
    reward = -30 * jnp.mean(jnp.square(action - 0.5), -1)
    outcome = Outcome({"all": reward}, reward, reward, flags, flags, flags, {})
    return learner, Experience(act, outcome, jax.tree.map(lambda x: x[-1], observation))


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_an_update_makes_rewarded_actions_likelier(kind):
    rates = {"learning_rate": 3e-3, "learning_rate_range": (3e-3, 3e-3)}
    config = PPOConfig(
        num_envs=64, minibatches=2, epochs=4, discount=0.0, clip=5.0, max_grad_norm=100.0, **rates
    )
    agent = IntentionAgent(
        NetworkConfig(latent=4, encoder=(8,), decoder=(16, 8), value=(8,), decoder_kind=kind), NU
    )
    learner, experience = _experience(config, agent, jax.random.PRNGKey(0))
    before = unrolled(agent, learner.params, experience.actions)[0].mean.mean()
    hyper = _hyper(config)
    step = partial(update, config, agent, hyper)
    for _ in range(5):
        learner, metrics = step(learner, experience)
    after = unrolled(agent, learner.params, experience.actions)[0].mean.mean()
    assert after > before + 0.005
    assert all(np.isfinite(float(v)) for v in metrics.values())
    assert int(learner.steps) == 5 * 4 * 64


def test_the_value_network_learns_alone():
    config = PPOConfig(num_envs=16, minibatches=2, discount=0.0, learning_rate=2e-2)
    agent = IntentionAgent(NetworkConfig(latent=4, encoder=(8,), decoder=(8,), value=(8,)), NU)
    learner, experience = _experience(config, agent, jax.random.PRNGKey(0))
    both = update(config, agent, _hyper(config), learner, experience)[1]
    before, losses = learner.params["policy"], []
    for _ in range(20):
        learner, metrics = update_value(config, agent, _hyper(config), learner, experience)
        losses.append(float(metrics["value_loss"]))
    assert losses[-1] < 0.5 * losses[0]
    assert losses[0] == pytest.approx(float(both["value_loss"]), rel=0.1)
    assert both.keys() - metrics.keys() == set(POLICY_METRICS) and metrics.keys() < both.keys()
    for a, b in zip(jax.tree.leaves(learner.params["policy"]), jax.tree.leaves(before), strict=True):
        np.testing.assert_array_equal(a, b)
    assert int(learner.steps) == 20 * 4 * 16


def test_the_learning_rate_follows_the_kl():
    agent = IntentionAgent(NetworkConfig(latent=4, encoder=(8,), decoder=(8,), value=(8,)), NU)
    for target, compare in ((1e-9, np.less), (10.0, np.greater)):
        config = PPOConfig(num_envs=16, minibatches=2, target_kl=target)
        learner, experience = _experience(config, agent, jax.random.PRNGKey(0))
        learner, metrics = update(config, agent, _hyper(config), learner, experience)
        assert compare(float(metrics["learning_rate"]), config.learning_rate)
        low, high = np.float32(config.learning_rate_range)
        assert low <= np.float32(learner.learning_rate) <= high


def test_noise_falls_under_its_ceiling():
    config = PPOConfig(num_envs=16, minibatches=2, final_std=0.2, final_std_steps=(32, 96))
    ceilings = std_ceiling(config, _hyper(config), 0.8, jnp.array([32, 64, 96, 5000]))
    np.testing.assert_allclose(ceilings, [0.8, 0.4, 0.2, 0.2], rtol=1e-5)
    agent = IntentionAgent(NetworkConfig(latent=4, encoder=(8,), decoder=(8,), value=(8,)), NU)
    learner, experience = _experience(config, agent, jax.random.PRNGKey(0))  # of 64 steps
    learner, _ = update(config, agent, _hyper(config), learner, experience)
    assert float(jnp.exp(learner.params["policy"]["decoder"]["log_std"]).max()) == pytest.approx(
        0.4, rel=1e-5
    )


def test_what_is_saved_is_an_average_over_updates():
    config = PPOConfig(num_envs=16, minibatches=2, polyak=0.5)
    agent = IntentionAgent(NetworkConfig(latent=4, encoder=(8,), decoder=(8,), value=(8,)), NU)
    learner, experience = _experience(config, agent, jax.random.PRNGKey(0))
    for kept in (1 / 11, 2 / 12):  # at first less is kept than will be
        before = learner.average
        learner, _ = update(config, agent, _hyper(config), learner, experience)
        expected = jax.tree.map(lambda a, b, k=kept: k * a + (1 - k) * b, before, learner.params)
        for a, b in zip(jax.tree.leaves(learner.average), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_a_clips_end_teaches_nothing():
    """Steps that end a clip have no advantage: other rewards there change no parameter of the policy."""
    config = PPOConfig(num_envs=16, minibatches=2, value_weight=0.0)
    agent = IntentionAgent(NetworkConfig(latent=4, encoder=(8,), decoder=(8,), value=(8,)), NU)
    learner, experience = _experience(config, agent, jax.random.PRNGKey(0))
    ended = jnp.zeros((4, 16), bool).at[2, :8].set(True)

    def learnt(reward):
        outcomes = experience.outcomes._replace(truncated=ended, reward=reward)
        return update(config, agent, _hyper(config), learner, experience._replace(outcomes=outcomes))[
            0
        ].params["policy"]

    reward = experience.outcomes.reward
    other = jnp.where(ended, 1e3, reward)
    for a, b in zip(jax.tree.leaves(learnt(reward)), jax.tree.leaves(learnt(other)), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-7)


@given(fraction=st.floats(0, 0.9), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_split_keeps_sessions_whole(body, fraction, seed):
    clips = stance_clips(body, frames=3, n=8)
    clips = dataclasses.replace(
        clips, clips=tuple(dataclasses.replace(c, session=f"s{i // 2}") for i, c in enumerate(clips))
    )
    if np.ceil(fraction * 4) >= 4:
        with pytest.raises(InputError, match="leaves no clips for training"):
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
        (SamplerConfig, "soon", 0),
        (PPOConfig, "final_std", 0.0),
        (PPOConfig, "final_std_steps", (5, 5)),
    ],
)
def test_senseless_settings_are_refused(kind, field, value):
    with pytest.raises(InputError):
        kind(**{field: value})


def test_the_default_config_survives_json():
    from rodent.configs import from_json, to_json

    assert from_json(TrainConfig, to_json(TrainConfig()), "config.json", "config") == TrainConfig()
