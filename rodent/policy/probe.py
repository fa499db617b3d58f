"""Record any unit of the network without changes to the network.

    output, value, units = probe(network, variables, observation, memory, noise)
    units["encoder/layer_0"]            # shape (n, 256)

It uses flax's `capture_intermediates`, which is traced only in jitted functions that need the units and costs
nothing in others.
"""

import math
from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from rodent.policy.agent import Agent, Noise
from rodent.policy.layers import is_layer, layer_name
from rodent.policy.networks import ActorCritic, Memory, PolicyOutput
from rodent.tasks.task import PROPRIOCEPTION, VISION, Observation


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
        variables, *given, capture_intermediates=is_layer, mutable=["intermediates"]
    )
    units: dict[str, jax.Array] = {}
    _collect(found["intermediates"], (), units)
    return output, units


def units_of(agent: Agent, image: tuple[int, ...]) -> dict[str, int]:
    """Number of units of each layer of an agent, in alphabetical order of the layers.

    Args:
        agent: the agent.
        image: shape of what it sees; empty for nothing.
    """
    observation = blank_observation(image)
    noise = Noise(*(jnp.zeros((1, size)) for size in agent.noise_sizes()))

    def all_units(key: jax.Array) -> dict[str, jax.Array]:
        params = agent.init(key, observation)
        return agent.probe(params, agent.initial_memory(1), observation, noise)[1]

    shapes = jax.eval_shape(all_units, jax.random.PRNGKey(0))
    return {name: shapes[name].shape[-1] for name in sorted(shapes)}


def blank_observation(image: tuple[int, ...]) -> dict[str, jax.Array]:
    """An observation of one environment, all zero, on which agents have the same layers as on any other.

    Args:
        image: shape of what is seen, on which units depend; empty for nothing.
    """
    observation = {PROPRIOCEPTION: jnp.zeros((1, 1)), "goal": jnp.zeros((1, 1))}
    return observation | ({VISION: jnp.zeros((1, math.prod(image)))} if image else {})


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
