"""Change activations from outside the network, in the same compiled function.

    def halved(layer, values, inputs=None):
        return 0.5 * values

    with tapped(halved, {"decoder/layer_0", "decoder/lstm.forget_gate"}):
        output = agent.act(params, memory, observation, noise)

What follows in the network sees the returned values, and so do probes. The addresses are those of
`rodent.policy.probe` and, for LSTM cells, of `rodent.recording.gates`. Those of `weights_name`, such as
`decoder/layer_0.weights`, are the sums of weighted inputs, with these inputs and the weights.
"""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import flax.linen as nn
import jax
import jax.numpy as jnp

from rodent.policy.agent import Agent
from rodent.policy.gates import gate_sums, gates_of, lstm_weights
from rodent.policy.layers import is_layer, layer_name, weights_name
from rodent.recording.gates import GATES, gate_layer

_WITHOUT_INFLUENCE = ("value/", "prior/")


class Inputs(NamedTuple):
    """What the sums of a layer are computed from: x @ kernel + bias.

    Attributes:
        x: inputs, shape (n, inputs).
        kernel: weights, shape (inputs, units).
        bias: shape (units,).
    """

    x: jax.Array
    kernel: jax.Array
    bias: jax.Array


class Tap(Protocol):
    """Takes the address of a layer and its activations (n, units), and returns those to go on with."""

    def __call__(self, layer: str, values: jax.Array, inputs: Inputs | None = None, /) -> jax.Array:
        """The activations; inputs are given for addresses of weights."""
        ...


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
    the tap returns the values that it was given, the network computes the same bits as without it. Networks
    that the tap itself applies are not tapped.

    Args:
        tap: called for the layers below.
        names: addresses of the layers.
    """
    inside = False

    def changed(layer: str, values: jax.Array, inputs: Inputs | None = None) -> jax.Array:
        nonlocal inside
        if layer not in names:
            return values
        inside = True
        try:
            return tap(layer, values, inputs)
        finally:
            inside = False

    def intercept(
        call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], context: Any
    ) -> Any:
        module = context.module
        if inside or not is_layer(module, context.method_name):
            return call(*args, **kwargs)
        layer = layer_name(module.path)
        if isinstance(module, nn.OptimizedLSTMCell):
            return _cell(module.variables["params"], args, call(*args, **kwargs), layer, changed, names)
        values = call(*args, **kwargs)
        if weights_name(layer) in names and isinstance(module, nn.Dense):
            params = module.variables["params"]
            bias = params.get("bias", jnp.zeros(module.features))
            values = changed(weights_name(layer), values, Inputs(args[0], params["kernel"], bias))
        return changed(layer, values)

    with nn.intercept_methods(intercept):
        yield


def _cell(
    params: Mapping[str, Any],
    args: tuple[Any, ...],
    plain: tuple[tuple[jax.Array, jax.Array], jax.Array],
    layer: str,
    changed: Tap,
    names: Collection[str],
) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
    """The step of an LSTM cell with changed sums, gates, cells and hidden states."""
    (before, hidden_before), x = args
    (cell, hidden), _ = plain
    sums = gate_sums(params, hidden_before, x)
    gates = found = gates_of(sums)
    if (weights := weights_name(layer)) in names:
        inputs = Inputs(jnp.concatenate([x, hidden_before], -1), *lstm_weights(params))
        joined = changed(weights, jnp.concatenate([sums[letter] for letter in GATES], -1), inputs)
        found = gates_of(dict(zip(GATES, jnp.split(joined, len(GATES), -1), strict=True)))
    now = {name: changed(gate_layer(layer, name), values) for name, values in found.items()}
    i, f, g, o = (now[GATES[letter]] for letter in "ifgo")
    moved = jnp.stack([now[name] != gates[name] for name in gates]).any(0)
    after = changed(f"{layer}.cell", jnp.where(moved, f * before + i * g, cell))
    moved |= after != cell
    hidden = changed(layer, jnp.where(moved, o * jnp.tanh(after), hidden))
    return (after, hidden), hidden
