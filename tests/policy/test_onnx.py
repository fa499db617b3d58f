"""Policies as ONNX compute what flax computes, over several steps, or are refused by name."""

import dataclasses
import json

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from rodent.errors import InputError
from rodent.policy.agent import no_noise
from rodent.policy.networks import Layer
from rodent.policy.onnx import NEXT, named_memory, onnx_model, write_onnx
from rodent.policy.policy import Normalizer, Policy, load_policy
from rodent.policy.sizes import NetworkConfig, PrimitivesConfig, ReferenceConfig
from rodent.scene_config import SceneConfig
from rodent.tasks.settings import ImitationConfig

CONTROLS, STEPS = 7, 3
SIZES = {"latent": 5, "encoder": (4,), "decoder": (6, 4), "value": (3,)}
LOW = NetworkConfig(**SIZES, prior=(4,), decoder_kind="lstm")


class Normalised(Layer):
    units: int

    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.LayerNorm()(nn.Dense(self.units, name="pre")(x)))
        pool = jnp.sum(jnp.sqrt(x), -1, keepdims=True)
        return jnp.where(pool > 1, x / pool, jnp.abs(x - pool**3))


@dataclasses.dataclass(frozen=True)
class NormalisedConfig(NetworkConfig):
    def hidden_layer(self, units, name):
        return Normalised(units, name=name)


NETWORKS = {
    "hidden layers of its own": NormalisedConfig(**SIZES),
    "lstm high level": PrimitivesConfig(**SIZES, decoder_kind="lstm", low=LOW),
    "both levels learn": PrimitivesConfig(**SIZES, low=LOW, learns=True),
    "a single layer before the LSTM": NetworkConfig(**SIZES | {"decoder": (6,)}, decoder_kind="lstm"),
}


def untrained(config):
    """A policy with random parameters, whose normaliser is not nothing."""
    sizes = {"proprioception": 9, "command": 2}
    observation = {name: jnp.zeros((1, size)) for name, size in sizes.items()}
    shapes = jax.eval_shape(config.agent(CONTROLS).init, jax.random.PRNGKey(0), observation)
    rng = np.random.default_rng(1)
    params = jax.tree.map(lambda x: np.float32(0.3 * rng.standard_normal(x.shape)), shapes)
    mean, std = ({name: jnp.full(size, x) for name, size in sizes.items()} for x in (0.3, 0.5))
    return Policy(SceneConfig(), ImitationConfig(), config, params, Normalizer(mean, std))


def both(policy):
    """What flax and ONNX compute in each of some steps, by the names of the outputs of ONNX."""
    model = onnx_model(policy)
    onnx.checker.check_model(model, full_check=True)
    session = ReferenceEvaluator(model)
    memories = [name for name in session.input_names if name not in policy.normalizer.mean]
    agent, rng = policy.agent, np.random.default_rng(0)
    act = jax.jit(lambda m, x: agent.act(policy.params, m, policy.normalizer(x), no_noise(agent, 1)))
    memory = agent.initial_memory(1)
    kept = {name: np.asarray(named_memory(memory)[name]) for name in memories}
    for _ in range(STEPS):
        # 12 standard deviations now and then, beyond where the normaliser clips
        senses = {
            name: np.float32(mean + policy.normalizer.std[name] * 4 * rng.standard_normal(mean.shape))[None]
            for name, mean in policy.normalizer.mean.items()
        }
        values = session.run(None, senses | kept)
        found = dict(zip(session.output_names, values, strict=True))
        kept = {name: found[NEXT + name] for name in memories}
        output = act(memory, senses)
        memory = output.memory
        expected = {"action": output.mean, "latent": output.latent_mean, "low_action": output.command}
        expected |= {NEXT + name: x for name, x in named_memory(memory).items()}
        yield found, expected


@pytest.mark.parametrize("name", ["rat-position", "rat-lstm", "rat-primitives", "rat-joystick"])
def test_a_built_in_policy_computes_the_same(name):
    policy = load_policy(name)
    for found, expected in both(policy):
        assert ("low_action" in found) == (expected["low_action"] is not None)
        assert ("next_memory_hidden" in found) == (name == "rat-lstm")
        for output, values in found.items():
            np.testing.assert_allclose(values, expected[output], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("config", NETWORKS.values(), ids=NETWORKS.keys())
def test_other_networks_compute_the_same(config):
    for found, expected in both(untrained(config)):
        assert any(name.startswith(NEXT) for name in found) == (type(config) is not NormalisedConfig)
        for output, values in found.items():
            np.testing.assert_allclose(values, expected[output], rtol=1e-5, atol=1e-6)


def test_the_graph_has_what_the_mean_action_needs_and_nothing_else():
    """No memory of an MLP, no log variance of the latent, no noise, no value network."""
    model = onnx_model(load_policy("rat-position"))
    assert [one.name for one in model.graph.input] == ["proprioception", "reference"]
    assert [one.name for one in model.graph.output] == ["action", "latent"]
    assert [node.op_type for node in model.graph.node].count("MatMul") == 6
    assert "Exp" not in {node.op_type for node in model.graph.node}


def test_the_file_says_what_it_is_of(tmp_path):
    policy = load_policy("rat-position")
    write_onnx(policy, tmp_path / "rat.onnx", "It cannot fly.")
    model = onnx.load(tmp_path / "rat.onnx")
    stated = {one.key: one.value for one in model.metadata_props}
    assert model.doc_string == "It cannot fly."
    assert stated["digest"] == policy.digest()
    assert json.loads(stated["observation"])["proprioception"][0] == {
        "name": "joint_angles",
        "size": 67,
        "unit": "rad",
    }


def test_what_cannot_be_converted_is_refused(tmp_path):
    gait = untrained(ReferenceConfig(**SIZES))
    with pytest.raises(InputError, match=r"computes '.*' of JAX, which cannot be written as ONNX"):
        onnx_model(gait)
    with pytest.raises(InputError, match=r"rat\.pb has the suffix '\.pb'; expected \.onnx"):
        write_onnx(gait, tmp_path / "rat.pb")
    named = dataclasses.replace(
        gait, normalizer=Normalizer({"action": jnp.zeros(2)}, {"action": jnp.ones(2)})
    )
    with pytest.raises(InputError, match="a group 'action', which is the name of an output"):
        onnx_model(named)
