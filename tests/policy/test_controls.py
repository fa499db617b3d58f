"""Control layers: the policy's architecture with random weights, with a memory of its own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.body import NU
from rodent.policy.controls import control_units, random_variables
from rodent.policy.networks import ActorCritic, initial_carry
from rodent.policy.probe import probe
from rodent.policy.sizes import NetworkConfig
from rodent.recording.controls import control_layers, random_layer
from rodent.tasks.imitation import Observation

N = 3


def _made(kind):
    config = NetworkConfig(latent=6, encoder=(8, 7), decoder=(9, 5), value=(4,), decoder_kind=kind)
    keys = jax.random.split(jax.random.PRNGKey(1), 3)
    observation = Observation(jax.random.normal(keys[0], (N, 20)), jax.random.normal(keys[1], (N, 30)))
    carry, noise = initial_carry(config, N), jax.random.normal(keys[2], (N, config.latent))
    return ActorCritic(config, NU), observation, carry, noise


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_every_layer_has_its_control(kind):
    network, observation, carry, noise = _made(kind)
    trained = network.init(jax.random.PRNGKey(0), observation, carry, noise)
    variables = random_variables(network, observation, carry, jax.random.PRNGKey(1))
    _, _, layers = probe(network, trained, observation, carry, noise)
    units, _ = control_units(network, variables, observation, jnp.ones((N, 4)), carry, noise)
    assert set(units) == set(control_layers(layers))
    for layer, values in layers.items():
        control = units[random_layer(layer)]
        assert control.shape == values.shape and not np.allclose(control, values, atol=1e-6), layer
    np.testing.assert_array_equal(units["control/encoder_input"], observation.reference)
    np.testing.assert_array_equal(units["control/reference"], np.ones((N, 4)))


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_with_the_policys_weights_the_control_is_the_policy(kind):
    """Over several steps: so it receives the same, and its memory runs on by itself."""
    network, observation, carry, noise = _made(kind)
    trained = network.init(jax.random.PRNGKey(0), observation, carry, noise)
    own = carry
    for step in range(4):
        seen = jax.tree.map(lambda x, scale=step + 1.0: scale * x, observation)
        output, _, layers = probe(network, trained, seen, carry, noise)
        units, own = control_units(network, trained, seen, seen.reference, own, noise)
        carry = output.carry
        for layer, values in layers.items():
            np.testing.assert_array_equal(units[random_layer(layer)], values)


def test_weights_follow_their_key():
    network, observation, carry, _ = _made("lstm")
    one, same, other = (
        jax.tree.leaves(random_variables(network, observation, carry, jax.random.PRNGKey(seed)))
        for seed in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_control_has_no_control():
    named = control_layers(["latent/mean", "latent/mean", "control/random/latent/mean"])
    assert named == ("control/random/latent/mean", "control/encoder_input", "control/reference")
    assert control_layers(["control/reference"]) == ("control/encoder_input", "control/reference")
