"""Gates of an LSTM, computed in addition to the cell.

    with capture_gates() as gates:
        output, units = agent.probe(params, memory, observation, noise)
    gates["decoder/lstm.forget_gate"]       # shape (n, cells)

With a cell's parameters, its input x, its cell state c and its hidden state h:

    i, f, o = sigmoid(W x + U h + b), each with its own W, U and b       input, forget and output gate
    g = tanh(W x + U h + b)                                              candidate
    c' = f c + i g,  h' = o tanh(c')
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from rodent.policy.layers import layer_name
from rodent.recording.gates import GATES, gate_layer


@contextlib.contextmanager
def capture_gates() -> Iterator[dict[str, jax.Array]]:
    """Capture the gates of every LSTM cell that is called in the block, by layer, each (n, cells).

    The dictionary is empty for networks without such cells. In a jitted function the gates are traced.
    """
    found: dict[str, jax.Array] = {}

    def capture(call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], context: Any) -> Any:
        cell = context.module
        if isinstance(cell, nn.OptimizedLSTMCell) and context.method_name == "__call__":
            (_, hidden), x = args
            layer = layer_name(cell.path)
            gates = lstm_gates(cell.variables["params"], hidden, x)
            found.update({gate_layer(layer, name): values for name, values in gates.items()})
        return call(*args, **kwargs)

    with nn.intercept_methods(capture):
        yield found


def lstm_gates(
    params: Mapping[str, Mapping[str, jax.Array]], hidden: jax.Array, x: jax.Array
) -> dict[str, jax.Array]:
    """The gates of one step of a cell.

    Args:
        params: of flax's LSTM cell: kernels `ii`, `if`, `ig`, `io` of its input, and kernels and biases `hi`,
            `hf`, `hg`, `ho` of its hidden state.
        hidden: hidden state h, shape (n, cells).
        x: input, shape (n, inputs).

    Returns:
        gates by the names of `rodent.recording.gates.GATES`, each (n, cells).
    """
    return gates_of(gate_sums(params, hidden, x))


def gate_sums(
    params: Mapping[str, Mapping[str, jax.Array]], hidden: jax.Array, x: jax.Array
) -> dict[str, jax.Array]:
    """Inputs of the nonlinearities of the gates, by letter, each (n, cells); see `lstm_gates`."""
    return {
        letter: x @ params[f"i{letter}"]["kernel"]
        + hidden @ params[f"h{letter}"]["kernel"]
        + params[f"h{letter}"]["bias"]
        for letter in GATES
    }


def gates_of(sums: Mapping[str, jax.Array]) -> dict[str, jax.Array]:
    """Gates by name from the inputs of their nonlinearities by letter."""
    return {
        name: jnp.tanh(sums[letter]) if letter == "g" else nn.sigmoid(sums[letter])
        for letter, name in GATES.items()
    }


def lstm_weights(params: Mapping[str, Mapping[str, jax.Array]]) -> tuple[jax.Array, jax.Array]:
    """Weights of all gates in the order of `GATES`, as of one layer.

    Args:
        params: see `lstm_gates`.

    Returns:
        the kernel of input and hidden state together, shape (inputs + cells, 4 cells); the biases, shape
        (4 cells,).
    """
    kernels = [[params[f"{of}{letter}"]["kernel"] for letter in GATES] for of in "ih"]
    return jnp.block(kernels), jnp.concatenate([params[f"h{letter}"]["bias"] for letter in GATES])
