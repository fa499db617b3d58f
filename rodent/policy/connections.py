"""Connections between layers: which units the inputs of a layer are, and its weights.

    found = connections(agent, parts)["decoder/layer_0"]
    found[0]                                     # Source("latent/sample", 0, 60): the first 60 inputs
    kernel_of(params, "decoder/layer_0")         # shape (inputs, units)

Layers have the addresses of `rodent.policy.taps`, parts of the observation begin with `observation/`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from rodent.errors import InputError
from rodent.policy.agent import Agent, Params
from rodent.policy.gates import lstm_weights
from rodent.policy.networks import is_recurrent
from rodent.policy.primitives import LOW, PrimitivesAgent
from rodent.policy.reference import ReferenceAgent
from rodent.policy.sizes import NetworkConfig
from rodent.policy.taps import taps
from rodent.recording.gates import GATES
from rodent.tasks.task import PROPRIOCEPTION, VISION

Places = Mapping[str, tuple[str, int, int]]
"""Group and columns of each part of the observation, by address."""


class Source(NamedTuple):
    """Inputs of a layer that are the units of another, or a part of the observation.

    Attributes:
        site: its address; empty for inputs that have none.
        begin, end: its columns among the inputs.
    """

    site: str
    begin: int
    end: int


def connections(agent: Agent, places: Places) -> dict[str, tuple[Source, ...]]:
    """The sources of every layer with weights that acts.

    An LSTM is a source of itself. Convolutional layers have no sources, nor do layers of agents that are not
    made of `rodent.policy.networks`.

    Args:
        agent: the agent.
        places: of the parts of its observation.
    """
    config = getattr(agent, "config", None)
    if not isinstance(config, NetworkConfig):
        return {}
    sizes = taps(agent)
    senses = _group(places, PROPRIOCEPTION)
    groups = {group: _group(places, group) for group in {group for group, _, _ in places.values()}}
    if config.image:
        groups[VISION] = _whole(f"vision/layer_{len(config.convolution) - 1}", sizes)
    goals = _joined(groups[group] for group in sorted(groups) if group != PROPRIOCEPTION)
    found = _chain("encoder", config.encoder, goals, sizes)
    last = _whole(f"encoder/layer_{len(config.encoder) - 1}", sizes)
    found |= {"latent/mean": last, "latent/logvar": last}
    found |= _decoder("", config, _whole("latent/sample", sizes), senses, sizes)
    if isinstance(agent, PrimitivesAgent):
        low = agent.config.low
        found |= _chain(f"{LOW}/prior", low.prior, senses, sizes)
        last = _whole(f"{LOW}/prior/layer_{len(low.prior) - 1}", sizes)
        found |= {f"{LOW}/prior/mean": last, f"{LOW}/prior/logvar": last}
        found |= _decoder(f"{LOW}/", low, (Source("", 0, low.latent),), senses, sizes)
    if isinstance(agent, ReferenceAgent):
        low = agent.config.low
        window = (Source("", 0, agent.config.horizon * agent.config.frame_size),)
        found |= _chain(f"{LOW}/encoder", low.encoder, window, sizes)
        last = _whole(f"{LOW}/encoder/layer_{len(low.encoder) - 1}", sizes)
        found |= {f"{LOW}/latent/mean": last, f"{LOW}/latent/logvar": last}
        found |= _decoder(f"{LOW}/", low, _whole(f"{LOW}/latent/sample", sizes), senses, sizes)
    return found


def kernel_of(params: Params, layer: str) -> np.ndarray:
    """Weights of a layer, shape (inputs, units).

    Those of an LSTM are of its input and its hidden state, and of its four gates in the order of
    `rodent.policy.gates.lstm_weights`: shape (inputs + cells, 4 cells).

    Raises:
        InputError: the layer has no weights.
    """
    found = parameters_of(params, layer)
    if found is not None:
        inner = found.get("pre", found)
        if "kernel" in inner:
            return np.asarray(inner["kernel"])
        if "hi" in inner:
            return np.asarray(lstm_weights(inner)[0])
    raise InputError(f"{layer} has no incoming weights; expected a layer of the network")


def with_kernel(params: Params, layer: str, kernel: np.ndarray) -> Params:
    """Parameters in which a layer has other weights, in the shape of `kernel_of`."""
    found = parameters_of(params, layer)
    if found is None:
        raise InputError(f"{layer} has no incoming weights; expected a layer of the network")
    if "hi" in found:
        inputs = len(found["ii"]["kernel"])
        columns = np.split(kernel, len(GATES), 1)
        own = dict(found)
        for letter, weights in zip(GATES, columns, strict=True):
            own[f"i{letter}"] = {**found[f"i{letter}"], "kernel": weights[:inputs]}
            own[f"h{letter}"] = {**found[f"h{letter}"], "kernel": weights[inputs:]}
    elif "pre" in found:
        own = {**found, "pre": {**found["pre"], "kernel": kernel}}
    else:
        own = {**found, "kernel": kernel}
    return _with(params, _path(layer), own)


def _with(tree: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A tree with another value at a path."""
    name, *rest = path
    return {**tree, name: _with(tree[name], tuple(rest), value) if rest else value}


def _path(layer: str) -> tuple[str, ...]:
    """Where the parameters of a layer are."""
    words = layer.removesuffix(".pre").removesuffix(".cell").split("/")
    return tuple(words) if words[0] == LOW else ("policy", *words)


def parameters_of(params: Params, layer: str) -> Mapping[str, Any] | None:
    """The parameters of a layer; None where there is none."""
    found: Any = params
    for part in _path(layer):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _chain(
    name: str, layers: tuple[int, ...], given: tuple[Source, ...], sizes: Mapping[str, int]
) -> dict[str, tuple[Source, ...]]:
    """Sources of hidden layers, each of which follows on the one before."""
    found = {}
    for i in range(len(layers)):
        found[f"{name}/layer_{i}"] = given
        given = _whole(f"{name}/layer_{i}", sizes)
    return found


def _decoder(
    level: str,
    config: NetworkConfig,
    latent: tuple[Source, ...],
    senses: tuple[Source, ...],
    sizes: Mapping[str, int],
) -> dict[str, tuple[Source, ...]]:
    """Sources of the layers of a decoder."""
    hidden = config.decoder[:-1] if is_recurrent(config) else config.decoder
    given = _joined([latent, senses])
    found = _chain(f"{level}decoder", hidden, given, sizes)
    if hidden:
        given = _whole(f"{level}decoder/layer_{len(hidden) - 1}", sizes)
    if is_recurrent(config):
        own = _whole(f"{level}decoder/lstm", sizes)
        found[f"{level}decoder/lstm"] = _joined([given, own])
        given = own
    return found | {f"{level}decoder/action_mean": given}


def _whole(site: str, sizes: Mapping[str, int]) -> tuple[Source, ...]:
    return (Source(site, 0, sizes[site]),)


def _group(places: Places, group: str) -> tuple[Source, ...]:
    """The parts of a group of the observation, in order."""
    return tuple(Source(site, begin, end) for site, (its, begin, end) in places.items() if its == group)


def _joined(groups: Iterable[tuple[Source, ...]]) -> tuple[Source, ...]:
    """Sources one after the other."""
    found, begin = list[Source](), 0
    for group in groups:
        found += [Source(one.site, begin + one.begin, begin + one.end) for one in group]
        begin = found[-1].end
    return tuple(found)
