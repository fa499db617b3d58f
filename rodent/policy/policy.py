"""A policy for use: the network, its normaliser, and its scene and task.

    policy = load_policy("runs/walk")          # a policy folder, or a run folder that holds one
    output = policy.agent.act(policy.params, memory, policy.normalizer(observation), noise)

A policy folder has `policy.json` (its description) and `params.safetensors` (its parameters). It contains no
code.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flax.struct
import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np

from rodent.configs import from_json, to_json
from rodent.errors import InputError, one_line
from rodent.files import atomic_path, existing_file, read_json
from rodent.parts import TASKS
from rodent.policy.agent import Agent
from rodent.policy.card import POLICY, PolicyConfig
from rodent.policy.catalogue import policy_path
from rodent.policy.sizes import NetworkConfig
from rodent.scene_config import SceneConfig
from rodent.tasks.observation import Parts
from rodent.tasks.task import Observation, Part
from rodent.versions import versions

LIMIT = 10.0
"""Standard deviations at which normalised observations are clipped."""


@flax.struct.dataclass
class Normalizer:
    """Mean and standard deviation of each part of the observation in training."""

    mean: Observation
    std: Observation

    def __call__(self, observation: Observation) -> Observation:
        """Standardised observations, clipped to ten standard deviations."""
        return jax.tree.map(
            lambda x, m, s: jnp.clip((x - m) / s, -LIMIT, LIMIT), observation, self.mean, self.std
        )


@dataclasses.dataclass(frozen=True)
class Policy:
    """A trained policy with everything that is needed to use it.

    Attributes:
        scene, task, network_config: scene and task of its training, and its network.
        params: parameters of the agent, nested by layer name.
        normalizer: of its observations.
        provenance: clips, steps, seed and versions of its training.
        observation: the parts of its observation; empty for policies that were saved without them.
    """

    scene: SceneConfig
    task: Any
    network_config: NetworkConfig
    params: Mapping[str, Any]
    normalizer: Normalizer
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    observation: Parts = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        task = TASKS.name_of(type(self.task))
        return f"Policy({task}, {self.scene.describe()}, {self.network_config.describe()})"

    @property
    def body(self) -> Any:
        """The body's configuration."""
        return self.scene.body

    @property
    def agent(self) -> Agent:
        """The agent of the parameters."""
        level = self.params.get("low", self.params["policy"])
        return self.network_config.agent(len(level["decoder"]["log_std"]))

    def digest(self) -> str:
        """A hash of the parameters and the normaliser, which identifies the policy."""
        sha = hashlib.sha256()
        for name, value in sorted(_flat(self).items()):
            sha.update(name.encode())
            sha.update(np.ascontiguousarray(value).tobytes())
        return sha.hexdigest()[:16]


def save_policy(policy: Policy, folder: Path) -> None:
    """Write a policy folder atomically."""
    from safetensors.numpy import save

    tensors = _flat(policy)
    config = PolicyConfig(policy.scene, policy.task, policy.network_config)
    card = {
        **POLICY.head(),
        **to_json(config),
        "shapes": {name: list(value.shape) for name, value in tensors.items()},
        "digest": policy.digest(),
        "versions": versions(),
        "provenance": dict(policy.provenance),
        "observation": {
            group: [part._asdict() for part in parts] for group, parts in policy.observation.items()
        },
    }
    with atomic_path(Path(folder)) as temporary:
        temporary.mkdir()
        # save_file would write files that only their owner may read
        (temporary / "params.safetensors").write_bytes(save(tensors))
        (temporary / "policy.json").write_text(json.dumps(card, indent=2) + "\n")


def load_policy(folder: Path | str) -> Policy:
    """Read a policy folder, the policy of a run folder, or by its name one that is built in or published.

    Raises:
        InputError: there is no policy, it has an unsupported version, or its files do not match.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    folder = _policy_folder(policy_path(folder))
    path = folder / "policy.json"
    card = POLICY.upgraded(read_json(path), path)
    parts = [field.name for field in dataclasses.fields(PolicyConfig)]
    missing = [k for k in (*parts, "shapes", "digest") if k not in card]
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}")
    weights = existing_file(folder / "params.safetensors")
    try:
        tensors = load_file(weights)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{weights} is truncated or damaged: {error}") from error
    shapes = {name: list(value.shape) for name, value in tensors.items()}
    if shapes != card["shapes"]:
        wrong = sorted(
            k for k in shapes.keys() | card["shapes"].keys() if shapes.get(k) != card["shapes"].get(k)
        )
        raise InputError(
            f"{weights} does not match policy.json: {wrong[0]} has shape {shapes.get(wrong[0])}, "
            f"expected {card['shapes'].get(wrong[0])}"
        )
    if not all(np.isfinite(value).all() for value in tensors.values()):
        raise InputError(f"{weights} has values that are not finite")
    tree = flax.traverse_util.unflatten_dict(tensors, sep="/")
    config = from_json(PolicyConfig, {name: card[name] for name in parts}, path, "policy")
    policy = Policy(
        scene=config.scene,
        task=config.task,
        network_config=config.network,
        params=tree["params"],
        normalizer=Normalizer(tree["mean"], tree["std"]),
        provenance=card.get("provenance", {}),
        observation=_stated_parts(card.get("observation", {}), path),
    )
    if policy.digest() != card["digest"]:
        raise InputError(f"{weights} was changed: its digest is {policy.digest()}, expected {card['digest']}")
    return policy


def _stated_parts(groups: Any, path: Path) -> dict[str, tuple[Part, ...]]:
    """The parts of an observation in a card."""
    try:
        return {
            group: tuple(Part(str(part["name"]), int(part["size"]), str(part["unit"])) for part in parts)
            for group, parts in groups.items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: observation is damaged ({one_line(error)}); expected lists of objects with name, size "
            "and unit, by group"
        ) from error


def _policy_folder(folder: Path) -> Path:
    if not folder.exists():
        raise InputError(f"no such policy or run folder: {folder}")
    if (folder / "policy.json").is_file():
        return folder
    if (folder / "policy" / "policy.json").is_file():
        return folder / "policy"
    raise InputError(f"{folder} is neither a policy folder nor a run with one: it holds no policy.json")


def _flat(policy: Policy) -> dict[str, np.ndarray]:
    tree = {
        "params": policy.params,
        "mean": dict(policy.normalizer.mean),
        "std": dict(policy.normalizer.std),
    }
    # safetensors writes the memory of an array, in which parts of another one are not in order
    return {k: np.asarray(v, order="C") for k, v in flax.traverse_util.flatten_dict(tree, sep="/").items()}
