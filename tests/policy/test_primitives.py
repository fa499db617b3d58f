"""A high level on motor primitives: what it commands, what it leaves alone, and what is recorded."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.policy.agent import Noise, no_noise
from rodent.policy.intention import IntentionAgent
from rodent.policy.primitives import PrimitivesAgent
from rodent.policy.sizes import NetworkConfig, PrimitivesConfig

CONTROLS, N = 7, 3
SIZES = {"latent": 5, "encoder": (4,), "decoder": (6,), "value": (3,), "prior": (4,)}
HIGH = {"latent": 4, "encoder": (8,), "decoder": (8,), "value": (6,)}
OBSERVATION = {
    "proprioception": jax.random.normal(jax.random.PRNGKey(1), (N, 9)),
    "command": jax.random.normal(jax.random.PRNGKey(2), (N, 2)),
}


def _made(kind="mlp", high="mlp"):
    low = NetworkConfig(**SIZES, decoder_kind=kind)
    config = PrimitivesConfig(**HIGH, decoder_kind=high, low=low)
    agent = config.agent(CONTROLS)
    assert isinstance(agent, PrimitivesAgent)
    return agent, agent.init(jax.random.PRNGKey(0), OBSERVATION), agent.initial_memory(N)


def test_doing_nothing_is_the_mean_of_the_prior():
    """The low level alone, with latents from its prior, commands the same."""
    agent, params, memory = _made()
    action = params["policy"]["decoder"]["action_mean"]
    params["policy"]["decoder"]["action_mean"] = jax.tree.map(jnp.zeros_like, action)
    output = agent.act(params, memory, OBSERVATION, no_noise(agent, N))
    np.testing.assert_array_equal(output.action, 0)
    low = IntentionAgent(NetworkConfig(**SIZES), CONTROLS, source="prior")
    alone = low.init(jax.random.PRNGKey(3), OBSERVATION)
    alone = {**alone, "policy": {**alone["policy"], **params["low"]}}
    by_itself = low.act(alone, low.initial_memory(N), OBSERVATION, no_noise(low, N))
    np.testing.assert_allclose(output.command, by_itself.action, rtol=1e-5, atol=1e-7)


def test_an_action_is_a_bounded_deviation_in_widths_of_the_prior():
    agent, params, memory = _made()

    def command(action):
        bias = {
            "kernel": 0 * params["policy"]["decoder"]["action_mean"]["kernel"],
            "bias": jnp.full(5, action),
        }
        decoder = {**params["policy"]["decoder"], "action_mean": bias}
        given = {**params, "policy": {**params["policy"], "decoder": decoder}}
        return agent.act(given, memory, OBSERVATION, no_noise(agent, N)).command

    # far actions are all the same, near ones are not
    np.testing.assert_allclose(command(100.0), command(1000.0), rtol=1e-5, atol=1e-8)
    assert np.abs(command(1.0) - command(0.0)).max() > 1e-7
    assert np.abs(command(1.0) - command(2.0)).max() > 1e-7


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_both_levels_are_recorded_and_nothing_changes_by_it(kind):
    agent, params, memory = _made(kind)
    noise = Noise(*(jax.random.normal(jax.random.PRNGKey(4), (N, size)) for size in agent.noise_sizes()))
    plain = agent.act(params, memory, OBSERVATION, noise)
    recorded, units = agent.probe(params, memory, OBSERVATION, noise)
    jax.tree.map(np.testing.assert_array_equal, plain, recorded)
    assert {"encoder/layer_0", "decoder/action_mean", "low/prior/mean", "low/decoder/action_mean"} <= set(
        units
    )
    np.testing.assert_array_equal(units["low/decoder/action_mean"], plain.command)
    assert agent.units() == {name: units[name].shape[1] for name in sorted(units)}
    again = agent.act(params, plain.memory, OBSERVATION, noise)
    assert np.allclose(again.command, plain.command, atol=1e-9) == (kind == "mlp")


def test_unrolling_is_acting_step_by_step():
    agent, params, memory = _made(high="lstm")
    steps = 4
    observations = jax.tree.map(lambda x: jnp.stack([x * (1 + i) for i in range(steps)]), OBSERVATION)
    sizes = agent.noise_sizes()
    noise = Noise(*(jax.random.normal(jax.random.PRNGKey(5), (steps, N, size)) for size in sizes))
    is_first = jnp.zeros((steps, N), bool).at[2, 1].set(True)
    together = agent.unroll(params, memory, observations, noise, is_first)
    for i in range(steps):
        fresh = jax.tree.map(lambda m, i=i: jnp.where(is_first[i][:, None], 0, m), memory)
        one = agent.act(params, fresh, *jax.tree.map(lambda x, i=i: x[i], (observations, noise)))
        np.testing.assert_allclose(together.mean[i], one.mean, rtol=1e-5, atol=1e-6)
        memory = one.memory


def test_networks_that_cannot_be_primitives_are_refused():
    with pytest.raises(InputError, match="need a network with a prior"):
        PrimitivesConfig(low=NetworkConfig())
    with pytest.raises(InputError, match="bound is 0"):
        PrimitivesConfig(bound=0.0)


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_a_low_level_that_learns_draws_controls_and_has_a_gradient(kind):
    config = PrimitivesConfig(**HIGH, low=NetworkConfig(**SIZES, decoder_kind=kind), learns=True)
    agent, frozen = config.agent(CONTROLS), dataclasses.replace(config, learns=False).agent(CONTROLS)
    params, memory = agent.init(jax.random.PRNGKey(0), OBSERVATION), agent.initial_memory(N)
    assert agent.action_size == CONTROLS
    still, quiet = (one.act(params, memory, OBSERVATION, no_noise(one, N)) for one in (agent, frozen))
    # without noise, both command the same
    np.testing.assert_allclose(still.action, quiet.command, rtol=1e-6)
    assert still.command is None
    drawn = agent.act(
        params, memory, OBSERVATION, no_noise(agent, N)._replace(action=jnp.ones((N, CONTROLS)))
    )
    np.testing.assert_allclose(drawn.action - still.action, still.std, rtol=1e-4)

    def likelihood(params):
        noise = Noise(*(jnp.zeros((2, N, size)) for size in agent.noise_sizes()))
        steps = jax.tree.map(lambda x: jnp.stack([x, 2 * x]), OBSERVATION)
        output = agent.unroll(params, memory, steps, noise, jnp.zeros((2, N), bool))
        return jnp.square(output.mean - 1.0).sum()

    gradient = jax.grad(likelihood)(params)
    for part in (gradient["low"]["decoder"], gradient["policy"]["encoder"]):
        assert max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(part)) > 0
    smaller = agent.bound_std(params, jnp.float32(0.1))
    np.testing.assert_allclose(jnp.exp(smaller["low"]["decoder"]["log_std"]), 0.1, rtol=1e-5)
    recorded, units = agent.probe(params, memory, OBSERVATION, no_noise(agent, N))
    np.testing.assert_array_equal(recorded.action, still.action)
    assert agent.units() == {name: units[name].shape[1] for name in sorted(units)}
