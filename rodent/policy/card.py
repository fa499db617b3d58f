"""The format of policy.json: configurations of the parts, and migration of earlier versions."""

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
    """Scene, task and network of a policy."""

    scene: SceneConfig
    task: Annotated[TaskKind, Tagged(TASKS, ImitationConfig)]
    network: Annotated[NetworkConfig, Tagged(NETWORKS)]


def from_2(card: Card) -> Card:
    """Migrate version 2, which has one arena, body, task and network, without names."""
    scene = {"arena": {TAG: "floor"}, "body": _named("rat", card.get("body"))}
    parts = {name: _named(tag, card[name]) for name, tag in _NAMES_IN_2.items() if name in card}
    scenes = {"scene": scene} if "body" in card else {}
    return {key: value for key, value in card.items() if key != "body"} | parts | scenes


_NAMES_IN_2 = {"task": "imitation", "network": "intention"}


def _named(name: str, values: Any) -> Any:
    """A part's values with its name; values that are not objects are refused later."""
    return {TAG: name, **values} if isinstance(values, Mapping) else values


POLICY = Format("policy", "virtual-rodent/policy", 3, {2: from_2})
