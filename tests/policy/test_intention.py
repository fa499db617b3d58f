"""The agent: what it does step by step it does in an unroll, its memory begins anew, its units are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.policy.agent import Noise, no_noise, reset_memory
from rodent.policy.intention import IntentionAgent
from rodent.policy.sizes import NetworkConfig
from rodent.tasks.task import Observation

STEPS, N, ACTIONS = 5, 3, 4
KINDS = ("mlp", "lstm")


def made(kind: str) -> tuple[IntentionAgent, dict, Observation]:
    """An agent, parameters, and observations of STEPS steps."""
    config = NetworkConfig(latent=6, encoder=(8,), decoder=(9, 5), value=(4,), decoder_kind=kind)
    agent, keys = IntentionAgent(config, ACTIONS), jax.random.split(jax.random.PRNGKey(0), 3)
    observations = {
        "proprioception": jax.random.normal(keys[0], (STEPS, N, 7)),
        "reference": jax.random.normal(keys[1], (STEPS, N, 6)),
    }
    params = agent.init(keys[2], jax.tree.map(lambda x: x[0], observations))
    # fresh actions are nearly nought: these are not
    return agent, jax.tree.map(lambda x: x + 0.1, params), observations


def noises(agent: IntentionAgent) -> Noise:
    latent, action = agent.noise_sizes()
    keys = jax.random.split(jax.random.PRNGKey(9))
    return Noise(
        jax.random.normal(keys[0], (STEPS, N, latent)), jax.random.normal(keys[1], (STEPS, N, action))
    )


@pytest.mark.parametrize("kind", KINDS)
def test_an_unroll_is_its_steps_one_after_the_other(kind):
    agent, params, observations = made(kind)
    noise, memory = noises(agent), agent.initial_memory(N)
    is_first = jnp.zeros((STEPS, N), bool).at[0].set(True).at[3, 1].set(True)
    unrolled = agent.unroll(params, memory, observations, noise, is_first)
    for i in range(STEPS):
        observation, draw = jax.tree.map(lambda x, i=i: x[i], (observations, noise))
        output = agent.act(params, reset_memory(agent, memory, is_first[i]), observation, draw)
        memory = output.memory
        for a, b in zip(output, jax.tree.map(lambda x, i=i: x[i], unrolled), strict=True):
            jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, atol=1e-6), a, b)


def test_memory_matters_and_begins_anew_where_an_episode_does():
    agent, params, observations = made("lstm")
    observation, quiet = jax.tree.map(lambda x: x[0], observations), no_noise(agent, N)
    first = agent.act(params, agent.initial_memory(N), observation, quiet)
    second = agent.act(params, first.memory, observation, quiet)
    assert not np.allclose(first.action, second.action, atol=1e-4)
    cleared = reset_memory(agent, first.memory, jnp.array([True, False, True]))
    again = agent.act(params, cleared, observation, quiet)
    np.testing.assert_allclose(again.action[::2], first.action[::2], rtol=1e-6)
    np.testing.assert_allclose(again.action[1], second.action[1], rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_its_units_are_known_before_it_acts(kind):
    agent, params, observations = made(kind)
    observation, quiet = jax.tree.map(lambda x: x[0], observations), no_noise(agent, N)
    output, units = agent.probe(params, agent.initial_memory(N), observation, quiet)
    assert {name: values.shape[1] for name, values in units.items()} == agent.units()
    assert list(agent.units()) == sorted(agent.units())
    plain = agent.act(params, agent.initial_memory(N), observation, quiet)
    jax.tree.map(np.testing.assert_array_equal, output, plain)


def test_without_noise_it_plays_its_mean_and_with_noise_around_it():
    agent, params, observations = made("mlp")
    observation, memory = jax.tree.map(lambda x: x[0], observations), agent.initial_memory(N)
    mean = agent.act(params, memory, observation, no_noise(agent, N))
    np.testing.assert_array_equal(mean.action, mean.mean)
    noise = no_noise(agent, N)._replace(action=jnp.full((N, ACTIONS), 2.0))
    for scale in (1.0, 0.5):
        drawn = agent.act(params, memory, observation, noise, scale)
        np.testing.assert_allclose(drawn.action - mean.mean, 2 * scale * mean.std, rtol=1e-5)


def test_the_action_teaches_nothing_about_how_much_to_explore():
    agent, params, observations = made("mlp")
    observation, memory = jax.tree.map(lambda x: x[0], observations), agent.initial_memory(N)
    noise = jax.tree.map(jnp.ones_like, no_noise(agent, N))
    gradient = jax.grad(lambda p: agent.act(p, memory, observation, noise).action.sum())(params)
    np.testing.assert_array_equal(gradient["policy"]["decoder"]["log_std"], 0)
    assert np.abs(gradient["policy"]["encoder"]["layer_0"]["pre"]["kernel"]).max() > 0


def test_its_noise_is_held_under_a_bound():
    agent, params, observations = made("mlp")
    bounded = agent.bound_std(params, jnp.float32(0.2))
    observation = jax.tree.map(lambda x: x[0], observations)
    output = agent.act(bounded, agent.initial_memory(N), observation, no_noise(agent, N))
    np.testing.assert_allclose(output.std, 0.2, rtol=1e-6)
    assert agent.initial_std == 0.8


def test_equal_agents_share_what_is_compiled():
    a, b = made("mlp")[0], made("mlp")[0]
    assert a == b and hash(a) == hash(b) and a is not b
    assert a != made("lstm")[0]
