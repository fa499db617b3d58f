"""Record any unit of the network without changes to the network.

    output, value, units = probe(network, variables, observation, memory, noise)
    units["encoder/layer_0"]            # shape (n, 256)

It uses flax's `capture_intermediates`, which is traced only in jitted functions that need the units and costs
nothing in others.
"""

from collections.abc import Mapping
from typing import Any

import jax

from rodent.policy.layers import is_layer, layer_name
from rodent.policy.networks import ActorCritic, Memory, PolicyOutput
from rodent.tasks.task import Observation


def probe(
    network: ActorCritic,
    variables: Mapping[str, Any],
    observation: Observation,
    memory: Memory,
    noise: jax.Array,
) -> tuple[PolicyOutput, jax.Array, dict[str, jax.Array]]:
    """Apply the network and return its outputs and every unit of every layer.

    Args:
        network, variables: of the policy.
        observation: normalised.
        memory: from the step before.
        noise: standard normal for the latent, shape (n, latent); zero gives the mean.

    Returns:
        the policy's output, the value, and activations by layer name, each (n, units).
    """
    (output, value), captured = network.apply(
        variables, observation, memory, noise, capture_intermediates=is_layer, mutable=["intermediates"]
    )
    units: dict[str, jax.Array] = {}
    _collect(captured["intermediates"], (), units)
    return output, value, units


def _collect(tree: Mapping[str, Any], path: tuple[str, ...], units: dict[str, jax.Array]) -> None:
    for name, value in tree.items():
        if name != "__call__":
            _collect(value, (*path, name), units)
            continue
        layer = layer_name(path)
        (out,) = value
        if isinstance(out, tuple) and path[-1] == "lstm":
            (cell, hidden), _ = out
            units[f"{layer}.cell"], units[layer] = cell, hidden
        else:
            units[layer] = out
