"""Modules of a policy, applied alone: the encoder with its latent, the decoder, or one layer.

    module = module_of(policy.network_config, policy.params, "decoder")
    outputs, memory = module.apply(x, module.initial_memory(n))
    outputs["decoder/action_mean"]                    # shape (n, 38)

The input x is that of the module's first layer, which is its entrance; see `rodent.policy.connections`.
"""

import dataclasses
from collections.abc import Container, Mapping
from typing import Any

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp

from rodent.errors import InputError
from rodent.policy.agent import Params
from rodent.policy.connections import parameters_of
from rodent.policy.networks import Decoder, Encoder, Latent, initial_memory
from rodent.policy.sizes import NetworkConfig

ENCODER, DECODER = "encoder", "decoder"
ModuleMemory = tuple[jax.Array, ...]


class EncoderAlone(nn.Module):
    """Encoder and latent."""

    config: NetworkConfig

    @nn.compact
    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        features = Encoder(self.config, name="encoder")(x)
        noise = jnp.zeros((len(x), self.config.latent))
        mean, logvar, _ = Latent(self.config.latent, name="latent")(features, noise)
        return {"latent/mean": mean, "latent/logvar": logvar}


class DecoderAlone(nn.Module):
    """Decoder, whose input is the latent and what the body senses."""

    config: NetworkConfig
    num_actions: int

    @nn.compact
    def __call__(
        self, x: jax.Array, cell: jax.Array, hidden: jax.Array
    ) -> tuple[dict[str, jax.Array], jax.Array, jax.Array]:
        latent, senses = jnp.split(x, [self.config.latent], -1)
        decoder = Decoder(self.config, self.num_actions, name="decoder")
        mean, _, cell, hidden = decoder(latent, senses, cell, hidden)
        return {"decoder/action_mean": mean}, cell, hidden


@dataclasses.dataclass(frozen=True)
class Alone:
    """What computes a module; hashable.

    Attributes:
        name: of the module.
        network: its flax module.
        config: of the whole network.
    """

    name: str
    network: nn.Module
    config: NetworkConfig

    def initial_memory(self, n: int) -> ModuleMemory:
        """Of n environments at the start of an episode, arrays (n, cells); empty without memory."""
        if self.name != DECODER:
            return ()
        memory = initial_memory(self.config, n)
        return memory.cell, memory.hidden

    def __call__(
        self, params: Params, x: jax.Array, memory: ModuleMemory
    ) -> tuple[Mapping[str, jax.Array], ModuleMemory]:
        """Activations by layer, and the memory for the next step.

        Args:
            params: of the module.
            x: input, shape (n, size).
            memory: of the step before.
        """
        found: Any = self.network.apply({"params": params}, x, *memory)
        if self.name == DECODER:
            return found[0], found[1:]
        return (found if self.name == ENCODER else {self.name: found}), memory


@flax.struct.dataclass
class Module:
    """A module with its parameters.

    Attributes:
        alone: what computes it.
        params: its own.
    """

    alone: Alone = flax.struct.field(pytree_node=False)
    params: Params


def entrance(layers: Container[str], module: str) -> str:
    """The layer of a network whose input is that of a module.

    Args:
        layers: with weights, of the network.
        module: `encoder`, `decoder`, or a layer.
    """
    if module == ENCODER:
        return "encoder/layer_0"
    if module == DECODER:
        return "decoder/layer_0" if "decoder/layer_0" in layers else "decoder/lstm"
    return module


def module_of(config: NetworkConfig, params: Params, name: str) -> Module:
    """A module of a network.

    Args:
        config, params: of the network.
        name: `encoder`, `decoder`, or the address of a layer.

    Raises:
        InputError: there is no such layer, or it is an LSTM, which has a memory of its own.
    """
    if name == ENCODER:
        own = {part: params["policy"][part] for part in ("encoder", "latent")}
        return Module(Alone(name, EncoderAlone(config), config), own)
    if name == DECODER:
        own = {"decoder": params["policy"]["decoder"]}
        actions = len(own["decoder"]["log_std"])
        return Module(Alone(name, DecoderAlone(config, actions), config), own)
    own = parameters_of(params, name)
    if own is None or "hi" in own:
        raise InputError(f"{name} cannot be taken from a network alone; expected encoder, decoder or a layer")
    if "kernel" in own:
        return Module(Alone(name, nn.Dense(own["kernel"].shape[1]), config), own)
    units = own["pre"]["kernel"].shape[1] if "pre" in own else 0
    return Module(Alone(name, config.hidden_layer(units, name.rpartition("/")[2]), config), own)
