"""What a policy's card says, policy.json: the configurations of its parts, and how old cards are read."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any

from rodent.configs import TAG, Card, Format, Tagged
from rodent.parts import NETWORKS, TASKS
from rodent.policy.sizes import NetworkConfig
from rodent.scene_config import SceneConfig
from rodent.tasks.settings import ImitationConfig, TaskKind


@dataclasses.dataclass(frozen=True)
class PolicyConfig:
    """What a policy was trained in and for, and how its network is built."""

    scene: SceneConfig
    task: Annotated[TaskKind, Tagged(TASKS, ImitationConfig)]
    network: Annotated[NetworkConfig, Tagged(NETWORKS)]


def from_2(card: Card) -> Card:
    """Version 2 knew one arena, one body, one task and one network, and named none of them."""
    scene = {"arena": {TAG: "floor"}, "body": _named("rat", card.get("body"))}
    parts = {name: _named(usual, card[name]) for name, usual in _USUAL.items() if name in card}
    scenes = {"scene": scene} if "body" in card else {}
    return {key: value for key, value in card.items() if key != "body"} | parts | scenes


_USUAL = {"task": "imitation", "network": "intention"}


def _named(name: str, values: Any) -> Any:
    """A part's values with its name; what is no object is left for the reader to refuse."""
    return {TAG: name, **values} if isinstance(values, Mapping) else values


POLICY = Format("policy", "virtual-rodent/policy", 3, {2: from_2})
