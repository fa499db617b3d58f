"""The network: shapes, the latent between encoder and decoder, memory, and every unit recorded."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.policy.networks import ActorCritic, initial_memory
from rodent.policy.probe import probe
from rodent.policy.sizes import NetworkConfig

NU = 38

SMALL = NetworkConfig(latent=6, encoder=(8, 7), decoder=(9, 5), value=(4,))


def _made(config, n=3):
    network = ActorCritic(config, NU)
    observation = {
        "proprioception": jax.random.normal(jax.random.PRNGKey(1), (n, 20)),
        "reference": jnp.ones((n, 30)),
    }
    memory = initial_memory(config, n)
    noise = jnp.zeros((n, config.latent))
    variables = network.init(jax.random.PRNGKey(0), observation, memory, noise)
    return network, variables, observation, memory, noise


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_recording_gives_every_layer_under_its_name(kind):
    config = NetworkConfig(latent=6, encoder=(8, 7), decoder=(9, 5), value=(4,), decoder_kind=kind)
    network, variables, *inputs = _made(config)
    output, value, units = probe(network, variables, *inputs)
    names = {
        *("encoder/layer_0", "encoder/layer_0.pre", "encoder/layer_1", "encoder/layer_1.pre"),
        *("latent/mean", "latent/logvar", "latent/sample", "decoder/layer_0", "decoder/layer_0.pre"),
        *("decoder/action_mean", "value/layer_0", "value/layer_0.pre", "value/expected_return"),
    }
    names |= (
        {"decoder/layer_1", "decoder/layer_1.pre"} if kind == "mlp" else {"decoder/lstm", "decoder/lstm.cell"}
    )
    assert set(units) == names
    assert units["encoder/layer_1"].shape == (3, 7)
    np.testing.assert_array_equal(units["decoder/action_mean"], output.action_mean)
    np.testing.assert_array_equal(units["value/expected_return"][:, 0], value)
    np.testing.assert_allclose(units["encoder/layer_0"], jax.nn.silu(units["encoder/layer_0.pre"]), rtol=1e-6)


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_recording_changes_nothing(kind):
    network, variables, *inputs = _made(
        NetworkConfig(latent=6, encoder=(8,), decoder=(9, 5), decoder_kind=kind)
    )
    plain = network.apply(variables, *inputs, method="act")
    recorded, _, _ = probe(network, variables, *inputs)
    for a, b in zip(jax.tree.leaves(plain), jax.tree.leaves(recorded), strict=True):
        np.testing.assert_array_equal(a, b)


def test_reference_reaches_the_action_through_the_latent_alone():
    network, variables, observation, memory, noise = _made(SMALL)
    other = observation | {"reference": -observation["reference"]}
    a = network.apply(variables, observation, memory, noise, method="act")
    b = network.apply(variables, other, memory, noise, method="act")
    assert not np.allclose(a.latent, b.latent)
    cut = variables["params"]["policy"]["decoder"]["layer_0"]["pre"]["kernel"].at[:6].set(0.0)
    params = jax.tree.map(lambda x: x, variables)
    params["params"]["policy"]["decoder"]["layer_0"]["pre"]["kernel"] = cut
    a = network.apply(params, observation, memory, noise, method="act")
    b = network.apply(params, other, memory, noise, method="act")
    np.testing.assert_array_equal(a.action_mean, b.action_mean)


def test_latent_sample_is_mean_plus_scaled_noise():
    network, variables, observation, memory, _ = _made(SMALL)
    noise = jnp.full((3, 6), 2.0)
    out = network.apply(variables, observation, memory, noise, method="act")
    np.testing.assert_allclose(out.latent, out.latent_mean + 2 * jnp.exp(0.5 * out.latent_logvar), rtol=1e-6)
    np.testing.assert_array_equal(out.memory.latent, out.latent)


def test_lstm_remembers():
    network, variables, observation, memory, noise = _made(
        NetworkConfig(latent=6, encoder=(8,), decoder=(9, 5), decoder_kind="lstm")
    )
    first = network.apply(variables, observation, memory, noise, method="act")
    second = network.apply(variables, observation, first.memory, noise, method="act")
    assert not np.allclose(first.action_mean, second.action_mean, atol=1e-7)


@pytest.mark.parametrize(
    "wrong",
    [
        {"decoder_kind": "gru"},
        {"encoder": ()},
        {"value": (0,)},
        {"latent": 0},
        {"action_std": 0.0},
        {"prior": (0,)},
    ],
)
def test_senseless_networks_are_refused(wrong):
    with pytest.raises(InputError):
        NetworkConfig(**wrong)


WITH_PRIOR = NetworkConfig(latent=6, encoder=(8,), decoder=(9,), value=(4,), prior=(5,))


def test_a_prior_depends_on_the_senses_alone_and_is_recorded():
    network, variables, observation, memory, noise = _made(WITH_PRIOR)
    output, _, units = probe(network, variables, observation, memory, noise)
    assert {"prior/layer_0", "prior/layer_0.pre", "prior/mean", "prior/logvar"} <= set(units)
    np.testing.assert_array_equal(units["prior/mean"], output.prior.mean)
    other = observation | {"reference": -observation["reference"]}
    after = network.apply(variables, other, memory, noise, method="act")
    np.testing.assert_array_equal(after.prior.mean, output.prior.mean)
    moved = observation | {"proprioception": 1 + observation["proprioception"]}
    after = network.apply(variables, moved, memory, noise, method="act")
    assert not np.allclose(after.prior.mean, output.prior.mean)


def test_latents_of_the_prior_ignore_the_goal():
    network, variables, observation, memory, _ = _made(WITH_PRIOR)
    noise = jnp.full((3, 6), 0.5)
    other = observation | {"reference": -observation["reference"]}
    a, b = (
        network.apply(variables, seen, memory, noise, "prior", method="act") for seen in (observation, other)
    )
    np.testing.assert_allclose(a.latent, a.prior.mean + 0.5 * jnp.exp(0.5 * a.prior.logvar), rtol=1e-6)
    np.testing.assert_array_equal(a.action_mean, b.action_mean)
    network, variables, *inputs = _made(SMALL)
    with pytest.raises(InputError, match="has no prior"):
        network.apply(variables, *inputs, "prior", method="act")
