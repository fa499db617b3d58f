"""The format of a run's config.json, and the migration of earlier versions."""

from collections.abc import Mapping
from typing import Any

from rodent.configs import Card, Format

RENAMED = {
    "dream": "model_based",
    "dream.study": "model_based.warmup",
    "dream.rats": "model_based.rollouts",
    "dream.rate": "model_based.learning_rate",
    "dream.world": "model_based.dynamics_layers",
    "dream.world_epochs": "model_based.dynamics_epochs",
    "dream.world_batch": "model_based.dynamics_batch",
    "dream.world_rate": "model_based.dynamics_learning_rate",
    "ppo.average": "ppo.polyak",
}
"""New names of settings that were renamed after version 3, by their former names."""


def from_3(card: Card) -> Card:
    """Migrate version 3, which has other names of some settings, and no names of body, task and network."""
    config = card.get("config")
    return card | {"config": _renamed(config, "")} if isinstance(config, Mapping) else card


def new_name(place: str) -> str | None:
    """The new name of a renamed setting, such as `dream.rats`; None for other settings."""
    part, _, rest = place.partition(".")
    if place in RENAMED:
        return RENAMED[place]
    return f"{RENAMED[part]}.{rest}" if rest and part in RENAMED else None


def _renamed(values: Mapping[str, Any], place: str) -> dict[str, Any]:
    found = {}
    for name, value in values.items():
        here = f"{place}.{name}" if place else name
        short = RENAMED.get(here, here).rpartition(".")[2]
        found[short] = _renamed(value, here) if isinstance(value, Mapping) else value
    return found


RUN = Format("run", "virtual-rodent/run", 4, {3: from_3})
