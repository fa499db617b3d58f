"""Control layers: the policy's architecture with random weights, with a memory of its own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.policy.agent import Noise
from rodent.policy.controls import control_units
from rodent.policy.intention import IntentionAgent
from rodent.policy.sizes import NetworkConfig
from rodent.recording.controls import control_layers, random_layer

N, ACTIONS = 3, 5


def _made(kind):
    config = NetworkConfig(latent=6, encoder=(8, 7), decoder=(9, 5), value=(4,), decoder_kind=kind)
    keys = jax.random.split(jax.random.PRNGKey(1), 3)
    observation = {
        "proprioception": jax.random.normal(keys[0], (N, 20)),
        "reference": jax.random.normal(keys[1], (N, 30)),
    }
    noise = Noise(jax.random.normal(keys[2], (N, config.latent)), jnp.zeros((N, ACTIONS)))
    agent = IntentionAgent(config, ACTIONS)
    return agent, observation, agent.initial_memory(N), noise


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_every_layer_has_its_control(kind):
    agent, observation, memory, noise = _made(kind)
    trained, random = (agent.init(jax.random.PRNGKey(seed), observation) for seed in (0, 1))
    _, layers = agent.probe(trained, memory, observation, noise)
    units, _ = control_units(agent, random, observation, jnp.ones((N, 4)), memory, noise)
    assert set(units) == set(control_layers(layers))
    for layer, values in layers.items():
        control = units[random_layer(layer)]
        assert control.shape == values.shape and not np.allclose(control, values, atol=1e-6), layer
    np.testing.assert_array_equal(units["control/encoder_input"], observation["reference"])
    np.testing.assert_array_equal(units["control/reference"], np.ones((N, 4)))


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_with_the_policys_weights_the_control_is_the_policy(kind):
    """Over several steps: so it receives the same, and its memory runs on by itself."""
    agent, observation, memory, noise = _made(kind)
    trained = agent.init(jax.random.PRNGKey(0), observation)
    own = memory
    for step in range(4):
        seen = jax.tree.map(lambda x, scale=step + 1.0: scale * x, observation)
        output, layers = agent.probe(trained, memory, seen, noise)
        units, own = control_units(agent, trained, seen, seen["reference"], own, noise)
        memory = output.memory
        for layer, values in layers.items():
            np.testing.assert_array_equal(units[random_layer(layer)], values)


def test_a_control_has_no_control():
    named = control_layers(["latent/mean", "latent/mean", "control/random/latent/mean"])
    assert named == ("control/random/latent/mean", "control/encoder_input", "control/reference")
    assert control_layers(["control/reference"]) == ("control/encoder_input", "control/reference")
