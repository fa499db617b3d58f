"""One step of a policy as ONNX, for programs without JAX.

    write_onnx(load_policy("rat-lstm"), Path("rat-lstm.onnx"))

    session = onnxruntime.InferenceSession("rat-lstm.onnx")
    outputs = ("action", "latent", "next_memory_cell", "next_memory_hidden")
    action, latent, cell, hidden = session.run(outputs, inputs)

Inputs are the groups of the observation, not normalised, and the memory, which is zero at the start of an
episode. Outputs are `action` and `latent`, their means; `low_action`, the action of the low level, in a
policy of two levels; and the memory for the next step. Each array is of one environment, shape (1, size).
The metadata of the file have the digest of the policy, and the parts of the observation with sizes and units.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from rodent.errors import InputError
from rodent.files import atomic_path
from rodent.policy.agent import no_noise
from rodent.policy.policy import Policy
from rodent.versions import versions

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

NEXT = "next_"
"""Begins the names of outputs that are inputs of the next step: `next_memory_cell` is `memory_cell` there."""

_OUTPUTS = frozenset({"action", "latent", "low_action"})


def write_onnx(policy: Policy, path: Path, note: str = "") -> None:
    """Write one step of a policy as an ONNX file.

    Args:
        policy: whose network is of dense layers, LSTMs and motor primitives.
        path: of the file, which ends in .onnx.
        note: text for the file, for example the limits of the policy.

    Raises:
        InputError: onnx is missing, the suffix is another, the network has an operation that is not
            converted, or the file cannot be written there.
        WorkError: the disk is full.
    """
    if path.suffix != ".onnx":
        raise InputError(f"{path} has the suffix {path.suffix!r}; expected .onnx")
    model = onnx_model(policy, note)
    with atomic_path(path) as temporary:
        temporary.write_bytes(model.SerializeToString())


def onnx_model(policy: Policy, note: str = "") -> "ModelProto":
    """One step of a policy as a model of ONNX; inputs and outputs are described in the module.

    Raises:
        InputError: onnx is missing, or the network has an operation that is not converted.
    """
    try:
        from onnx import helper
    except ImportError:
        raise InputError("ONNX needs onnx: pip install 'virtual-rodent[onnx]'") from None
    from rodent.policy.onnx_graph import OPSET

    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(
        _graph(policy),
        producer_name="virtual-rodent",
        producer_version=versions()["virtual-rodent"],
        doc_string=note,
        opset_imports=[opset],
        ir_version=helper.find_min_ir_version_for([opset]),
    )
    parts = {group: [part._asdict() for part in parts] for group, parts in policy.observation.items()}
    helper.set_model_props(model, {"digest": policy.digest(), "observation": json.dumps(parts)})
    return model


def named_memory(memory: Any) -> dict[str, jax.Array]:
    """The arrays of a memory by the names of inputs, such as `memory_cell`."""
    leaves = jax.tree.leaves_with_path(memory)
    return {f"memory_{jax.tree_util.keystr(path, simple=True, separator='_')}": x for path, x in leaves}


def _graph(policy: Policy) -> "GraphProto":
    """The graph of a step."""
    from rodent.policy.onnx_graph import traced

    agent = policy.agent
    params, initial = jax.tree.map(jnp.asarray, policy.params), agent.initial_memory(1)
    observation = {group: mean[None] for group, mean in policy.normalizer.mean.items()}
    for group in _OUTPUTS & observation.keys():
        raise InputError(f"the observation has a group {group!r}, which is the name of an output; rename it")
    memory = {name: x for name, x in named_memory(initial).items() if x.size}

    def step(inputs: Mapping[str, jax.Array]) -> dict[str, jax.Array]:
        senses = {group: inputs[group] for group in observation}
        before = [inputs.get(name, x) for name, x in named_memory(initial).items()]
        before = jax.tree.unflatten(jax.tree.structure(initial), before)
        found = agent.act(params, before, policy.normalizer(senses), no_noise(agent, 1))
        low = {} if found.command is None else {"low_action": found.command}
        after = {NEXT + name: x for name, x in named_memory(found.memory).items() if name in inputs}
        return {"action": found.mean, "latent": found.latent_mean, **low, **after}

    # what no step reads, such as the last latent, is no memory here
    read = {one.name for one in traced(step, observation | memory, "policy").input}
    return traced(step, observation | {name: x for name, x in memory.items() if name in read}, "policy")
