"""Change activations from outside the network, in the same compiled function.

    def halved(layer, values):
        return 0.5 * values

    with tapped(halved, {"decoder/layer_0", "decoder/lstm.forget_gate"}):
        output = agent.act(params, memory, observation, noise)

What follows in the network sees the returned values, and so do probes. The addresses are those of
`rodent.policy.probe` and, for LSTM cells, of `rodent.recording.gates`.
"""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from rodent.policy.agent import Agent
from rodent.policy.gates import lstm_gates
from rodent.policy.layers import is_layer, layer_name
from rodent.recording.gates import GATES, gate_layer

Tap = Callable[[str, jax.Array], jax.Array]
"""Takes the address of a layer and its activations (n, units), and returns those to go on with."""

_WITHOUT_INFLUENCE = ("value/", "prior/")


def taps(agent: Agent) -> dict[str, int]:
    """Number of units by address: every layer that acts, and the gates of LSTM cells.

    Layers of the value network and of the prior are not among them: they do not influence the action.
    """
    found = {name: size for name, size in agent.units().items() if not name.startswith(_WITHOUT_INFLUENCE)}
    cells = [name.removesuffix(".cell") for name in found if name.endswith(".cell")]
    return found | {gate_layer(cell, gate): found[cell] for cell in cells for gate in GATES.values()}


@contextlib.contextmanager
def tapped(tap: Tap, names: Collection[str]) -> Iterator[None]:
    """Replace activations by what a function makes of them, in every network applied in the block.

    Cells and hidden states of an LSTM follow from changed gates, and hidden states from changed cells. Where
    the tap returns the values that it was given, the network computes the same bits as without it.

    Args:
        tap: called for the layers below.
        names: addresses of the layers.
    """

    def intercept(
        call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], context: Any
    ) -> Any:
        module = context.module
        if not is_layer(module, context.method_name):
            return call(*args, **kwargs)
        layer = layer_name(module.path)
        if isinstance(module, nn.OptimizedLSTMCell):
            return _cell(module.variables["params"], args, call(*args, **kwargs), layer, tap, names)
        values = call(*args, **kwargs)
        return tap(layer, values) if layer in names else values

    with nn.intercept_methods(intercept):
        yield


def _cell(
    params: Mapping[str, Any],
    args: tuple[Any, ...],
    plain: tuple[tuple[jax.Array, jax.Array], jax.Array],
    layer: str,
    tap: Tap,
    names: Collection[str],
) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
    """The step of an LSTM cell with changed gates, cells and hidden states."""

    def changed(name: str, values: jax.Array) -> jax.Array:
        return tap(name, values) if name in names else values

    (before, hidden_before), x = args
    (cell, hidden), _ = plain
    gates = lstm_gates(params, hidden_before, x)
    now = {name: changed(gate_layer(layer, name), values) for name, values in gates.items()}
    i, f, g, o = (now[GATES[letter]] for letter in "ifgo")
    moved = jnp.stack([now[name] != gates[name] for name in gates]).any(0)
    found = changed(f"{layer}.cell", jnp.where(moved, f * before + i * g, cell))
    moved |= found != cell
    hidden = changed(layer, jnp.where(moved, o * jnp.tanh(found), hidden))
    return (found, hidden), hidden
