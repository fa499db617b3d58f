"""The gates of an LSTM, computed beside the cell."""

import flax.linen as nn
import jax
import numpy as np
import pytest

from rodent.policy.agent import Noise, no_noise
from rodent.policy.gates import capture_gates, lstm_gates
from rodent.policy.intention import IntentionAgent
from rodent.policy.sizes import NetworkConfig
from rodent.recording.gates import GATES, gate_layer


def _normal(seed, *shape):
    return jax.random.normal(jax.random.PRNGKey(seed), shape)


def test_gates_recompute_what_the_cell_does():
    cell, n, size = nn.OptimizedLSTMCell(6), 5, 4
    c, h, x = _normal(0, n, 6), _normal(1, n, 6), _normal(2, n, size)
    params = cell.init(jax.random.PRNGKey(3), (c, h), x)["params"]
    # biases begin at nought, and would not be seen
    params = jax.tree.map(lambda p: p + 0.3 * _normal(4, *p.shape), params)
    (c_next, h_next), _ = cell.apply({"params": params}, (c, h), x)
    gates = lstm_gates(params, h, x)
    i, f, g, o = (gates[GATES[letter]] for letter in "ifgo")
    np.testing.assert_allclose(f * c + i * g, c_next, atol=1e-6)
    np.testing.assert_allclose(o * np.tanh(c_next), h_next, atol=1e-6)
    assert not np.allclose(i, f, atol=0.1) and not np.allclose(i, o, atol=0.1)


@pytest.mark.parametrize("decoder", [(7,), (8, 7), (9, 8, 7)])
def test_gates_of_a_decoder_of_any_depth_are_those_of_its_cell(decoder):
    config = NetworkConfig(latent=3, encoder=(4,), decoder=decoder, value=(2,), decoder_kind="lstm")
    agent = IntentionAgent(config, 2)
    observation = {"proprioception": _normal(0, 5, 6), "reference": _normal(1, 5, 8)}
    params = agent.init(jax.random.PRNGKey(2), observation)
    memory = jax.tree.map(lambda x: x + 0.5, agent.initial_memory(5))
    noise = Noise(*(_normal(size, 5, size) for size in agent.noise_sizes()))

    @jax.jit
    def step(params):
        with capture_gates() as gates:
            output, units = agent.probe(params, memory, observation, noise)
        return output, units, gates

    output, units, gates = step(params)
    plain, plain_units = jax.jit(lambda p: agent.probe(p, memory, observation, noise))(params)
    assert set(gates) == {gate_layer("decoder/lstm", gate) for gate in GATES.values()}
    i, f, g, o = (gates[gate_layer("decoder/lstm", GATES[letter])] for letter in "ifgo")
    np.testing.assert_allclose(f * memory.cell + i * g, units["decoder/lstm.cell"], atol=1e-6)
    np.testing.assert_allclose(o * np.tanh(output.memory.cell), units["decoder/lstm"], atol=1e-6)
    # the network does what it does without
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), output, plain)
    assert units.keys() == plain_units.keys()


def test_an_mlp_has_no_gates():
    agent = IntentionAgent(NetworkConfig(latent=3, encoder=(4,), decoder=(5,), value=(2,)), 2)
    observation = {"proprioception": _normal(0, 5, 6), "reference": _normal(1, 5, 8)}
    params = agent.init(jax.random.PRNGKey(2), observation)
    with capture_gates() as gates:
        agent.probe(params, agent.initial_memory(5), observation, no_noise(agent, 5))
    assert gates == {}
