"""Convolutional layers for what the eyes see: sizes, records, changes from outside, and their sources."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.policy.agent import no_noise
from rodent.policy.connections import connections
from rodent.policy.intention import IntentionAgent
from rodent.policy.sizes import NetworkConfig
from rodent.policy.taps import tapped, taps
from rodent.sensing.eyes import EyesConfig

EYES = EyesConfig(width=8, height=6)
CONFIG = NetworkConfig(
    latent=4, encoder=(8,), decoder=(8,), value=(8,), convolution=(3, 5), image=EYES.shape, action_std=0.1
)
SIZES = {"vision/layer_0": 2 * 3 * 4 * 3, "vision/layer_1": 2 * 2 * 2 * 5}


@pytest.fixture(scope="module")
def agent():
    return IntentionAgent(CONFIG, 3)


@pytest.fixture(scope="module")
def observation():
    keys = jax.random.split(jax.random.PRNGKey(1))
    shape = {"proprioception": (2, 7), "vision": (2, EYES.size)}
    return {name: jax.random.normal(key, shape[name]) for name, key in zip(shape, keys, strict=True)}


@pytest.fixture(scope="module")
def params(agent, observation):
    return agent.init(jax.random.PRNGKey(0), observation)


def test_layers_of_vision_are_recorded_and_act(agent, params, observation):
    memory, noise = agent.initial_memory(2), no_noise(agent, 2)
    output, units = agent.probe(params, memory, observation, noise)
    np.testing.assert_allclose(output.action, agent.act(params, memory, observation, noise).action, atol=1e-6)
    for name, size in SIZES.items():
        assert units[name].shape == (2, size) == units[f"value/{name}"].shape
        assert (agent.units()[name], taps(agent)[name]) == (size, size)

    def silenced(layer, values, inputs=None):
        return 0.0 * values

    with tapped(silenced, {"vision/layer_1"}):
        blind = agent.act(params, memory, observation, noise).latent_mean
        other = agent.act(params, memory, {**observation, "vision": -observation["vision"]}, noise)
    assert np.abs(output.latent_mean - blind).max() > 1e-3
    np.testing.assert_array_equal(blind, other.latent_mean)


def test_both_eyes_have_the_same_weights(agent, params, observation):
    memory, noise = agent.initial_memory(2), no_noise(agent, 2)
    both = observation["vision"].reshape(2, 2, -1)
    swapped = {**observation, "vision": both[:, ::-1].reshape(2, -1)}
    first, second = (agent.probe(params, memory, seen, noise)[1] for seen in (observation, swapped))
    left, right = np.split(np.asarray(first["vision/layer_0"]), 2, 1)
    np.testing.assert_allclose(second["vision/layer_0"], np.concatenate([right, left], 1), atol=1e-6)


def test_what_is_seen_reaches_the_encoder_through_the_last_convolution(agent):
    places = {"touch": ("proprioception", 0, 7), "vision": ("vision", 0, EYES.size)}
    (source,) = connections(agent, places)["encoder/layer_0"]
    assert (source.site, source.begin, source.end) == ("vision/layer_1", 0, SIZES["vision/layer_1"])


def test_a_network_without_images_has_no_such_layers():
    blind = IntentionAgent(dataclasses.replace(CONFIG, image=()), 3)
    assert not any("vision" in name for name in blind.units())
    goal = {"proprioception": jnp.zeros((1, 7)), "targets": jnp.zeros((1, 6))}
    assert "vision" not in blind.init(jax.random.PRNGKey(0), goal)["policy"]


@pytest.mark.parametrize("changes", [{"convolution": ()}, {"image": (2, 8, 16)}])
def test_sizes_that_make_no_sense_are_refused(changes):
    with pytest.raises(InputError, match="expected layers of at least one channel"):
        NetworkConfig(**changes)
