"""Which modules of a network are layers, and their addresses: one list for probes and interventions."""

import flax.linen as nn

from rodent.policy.networks import Layer

_BEGINS = {"policy": (), "critic": ("value",)}  # of an address, by the first part of a path


def is_layer(module: nn.Module, method: str) -> bool:
    """Whether calling a method of a module returns the activations of a layer."""
    kinds = (Layer, nn.Dense, nn.OptimizedLSTMCell)
    inside_cell = any("lstm" in part for part in module.path[:-1])
    return method == "__call__" and isinstance(module, kinds) and not inside_cell


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


def weights_name(layer: str) -> str:
    """The address of the weights of a layer, which interventions act on.

    >>> weights_name("decoder/layer_0.pre"), weights_name("latent/mean")
    ('decoder/layer_0.weights', 'latent/mean.weights')
    """
    return layer.removesuffix(".pre") + ".weights"
