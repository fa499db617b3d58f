"""Record any unit of the network without changes to the network.

    output, value, units = probe(network, variables, observation, memory, noise)
    units["encoder/layer_0"]            # shape (n, 256)

It uses flax's `capture_intermediates`, which is traced only in jitted functions that need the units and costs
nothing in others.
"""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from rodent.policy.agent import Agent, Noise
from rodent.policy.networks import ActorCritic, Layer, Memory, PolicyOutput
from rodent.tasks.task import PROPRIOCEPTION, Observation

_BEGINS = {"policy": (), "critic": ("value",)}  # of an address, by the first part of a path


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
    (output, value), units = captured(network, variables, observation, memory, noise)
    return output, value, units


def captured(
    network: nn.Module, variables: Mapping[str, Any], *given: Any
) -> tuple[Any, dict[str, jax.Array]]:
    """Apply a network, and return what it returns and every unit of every layer, each (n, units)."""
    output, found = network.apply(
        variables, *given, capture_intermediates=_is_layer, mutable=["intermediates"]
    )
    units: dict[str, jax.Array] = {}
    _collect(found["intermediates"], (), units)
    return output, units


def units_of(agent: Agent) -> dict[str, int]:
    """Number of units of each layer of an agent, in alphabetical order of the layers."""
    # numbers of units do not depend on the observation
    observation = {PROPRIOCEPTION: jnp.zeros((1, 1)), "goal": jnp.zeros((1, 1))}
    noise = Noise(*(jnp.zeros((1, size)) for size in agent.noise_sizes()))

    def all_units(key: jax.Array) -> dict[str, jax.Array]:
        params = agent.init(key, observation)
        return agent.probe(params, agent.initial_memory(1), observation, noise)[1]

    shapes = jax.eval_shape(all_units, jax.random.PRNGKey(0))
    return {name: shapes[name].shape[-1] for name in sorted(shapes)}


def _is_layer(module: nn.Module, method: str) -> bool:
    kinds = (Layer, nn.Dense, nn.OptimizedLSTMCell)
    inside_cell = any("lstm" in part for part in module.path[:-1])
    return method == "__call__" and isinstance(module, kinds) and not inside_cell


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


def layer_name(path: tuple[str, ...]) -> str:
    """The address of the module at a flax path.

    >>> layer_name(("policy", "encoder", "layer_0", "pre"))
    'encoder/layer_0.pre'
    >>> layer_name(("critic", "layer_1"))
    'value/layer_1'
    >>> layer_name(("low", "decoder", "action_mean"))
    'low/decoder/action_mean'
    """
    parts = [*_BEGINS.get(path[0], path[:1]), *path[1:]]
    name = "/".join(parts)
    return name.removesuffix("/pre") + ".pre" if parts[-1] == "pre" else name
