"""A network with hidden layers of its own: recorded by name, stored by name, and gone on from."""

import dataclasses

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.parts import NETWORKS
from rodent.policy.agent import no_noise
from rodent.policy.intention import IntentionAgent
from rodent.policy.networks import Layer
from rodent.policy.policy import load_policy, save_policy
from rodent.policy.sizes import NetworkConfig
from tests.policies import TINY, untrained_policy
from training.config import TrainConfig
from training.start import with_policy_settings

SIZES = {"latent": 8, "encoder": (16,), "decoder": (12, 10), "value": (6,)}


class Squared(Layer):
    units: int
    gain: float

    @nn.compact
    def __call__(self, x):
        return self.gain * jnp.square(nn.Dense(self.units, name="pre")(x))


@dataclasses.dataclass(frozen=True)
class SquaredConfig(NetworkConfig):
    gain: float = 3.0

    def hidden_layer(self, units, name):
        return Squared(units, self.gain, name=name)


@pytest.fixture
def squared(body, monkeypatch):
    """A policy of such a network, registered for the test alone."""
    monkeypatch.setattr(NETWORKS, "_registered", {"squared": SquaredConfig})
    return untrained_policy(body, SquaredConfig(**SIZES))


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_its_layers_have_the_names_of_the_usual_ones(kind):
    own, usual = (
        IntentionAgent(config(**SIZES, decoder_kind=kind), 38).units()
        for config in (SquaredConfig, NetworkConfig)
    )
    assert own == usual


def test_its_layers_are_recorded_as_they_are(squared):
    agent = squared.agent
    mean = squared.normalizer.mean
    observation = {name: jnp.full((3, *values.shape), 0.1) for name, values in mean.items()}
    _, units = agent.probe(squared.params, agent.initial_memory(3), observation, no_noise(agent, 3))
    for layer in ("encoder/layer_0", "decoder/layer_1", "value/layer_0"):
        np.testing.assert_allclose(units[layer], 3 * units[f"{layer}.pre"] ** 2, rtol=1e-5, err_msg=layer)


def test_a_policy_names_its_network(squared, tmp_path, monkeypatch):
    save_policy(squared, tmp_path / "policy")
    assert load_policy(tmp_path / "policy").network_config == SquaredConfig(**SIZES)
    monkeypatch.setattr(NETWORKS, "_registered", {})
    with pytest.raises(
        InputError, match=r"unknown network 'squared' in .*policy\.json.*intention \(built in\)"
    ):
        load_policy(tmp_path / "policy")


def test_training_goes_on_with_its_network(squared):
    config = TrainConfig(start_from="squared")
    assert with_policy_settings(config, squared).network == squared.network_config
    again = dataclasses.replace(config, network=squared.network_config)
    assert with_policy_settings(again, squared) == again
    with pytest.raises(
        InputError, match=r"its network\.gain is 3\.0, here it is 2; leave out --network\.gain"
    ):
        with_policy_settings(dataclasses.replace(config, network=SquaredConfig(**SIZES, gain=2)), squared)
    with pytest.raises(
        InputError, match="its network is 'squared', here it is 'intention'; leave out --network"
    ):
        with_policy_settings(dataclasses.replace(config, network=TINY), squared)
