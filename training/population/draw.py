"""The settings of a member of a population: a pure function of the specification and its number."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rodent.configs import TAG, from_json, to_json
from rodent.errors import naming
from training.config import TrainConfig
from training.population.spec import PopulationConfig


def drawn_values(config: PopulationConfig, number: int) -> dict[str, Any]:
    """The settings in which a member differs, by name.

    A value depends on the seed, the number of the member and the place of the setting alone: a larger
    population has the members of a smaller one.
    """
    return {
        one.setting: one.at(float(np.random.default_rng((config.seed, number, place)).random()))
        for place, one in enumerate(config.vary)
    }


def member_config(config: PopulationConfig, number: int) -> TrainConfig:
    """The configuration of the training of a member.

    Raises:
        InputError: a setting is unknown or makes no sense; the message has the number of the member.
    """
    own: dict[str, Any] = {"seed": config.seed + number}
    for setting, value in drawn_values(config, number).items():
        *groups, name = setting.replace("-", "_").split(".")
        place = own
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = value
    content = merged(merged(to_json(TrainConfig()), config.settings), own)
    with naming(f"member {number}"):
        return from_json(TrainConfig, content, "population", "settings")


def merged(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with changes; a part of another kind, which has another name, is replaced as a whole."""
    found = dict(settings)
    for name, value in changes.items():
        before = found.get(name)
        groups = isinstance(before, Mapping) and isinstance(value, Mapping)
        if groups and value.get(TAG, before.get(TAG)) == before.get(TAG):
            found[name] = merged(before, value)
        else:
            found[name] = value
    return found
