"""What a run's card says, config.json, and how old cards are read."""

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
"""Settings that have another name than in version 3, by their place in the configuration."""


def from_3(card: Card) -> Card:
    """Version 3 named some settings otherwise, and not the kinds of body, task and network: there was one."""
    config = card.get("config")
    return card | {"config": _renamed(config, "")} if isinstance(config, Mapping) else card


def new_name(place: str) -> str | None:
    """The present name of a setting that was renamed, such as `dream.rats`; None for any other."""
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
