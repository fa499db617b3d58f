"""Metadata of a rollout: task, start, command, seed and intervention.

RolloutMetadata.of_clip("Walk_35", behavior="Walk", seed=3)
RolloutMetadata(task="velocity", command=[0.3, 0.0, 0.5])
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Self

from rodent.errors import InputError, unknown

Json = Any
"""A JSON value: numbers, texts, lists and objects of them, or None."""


@dataclasses.dataclass(frozen=True)
class RolloutMetadata:
    """Metadata of a rollout; None for values that do not apply or are unknown.

    Attributes:
        task: the task's name, or its settings with the name.
        start: start of the episode; for a task that imitates clips `{"clip": NAME, "frame": FIRST}`.
        behavior: such as `Walk`; may be empty.
        command: the command, if the task has commands.
        seed: of the samples in this rollout.
        intervention: change of the network.
    """

    task: Json = None
    start: Json = None
    behavior: str = ""
    command: Json = None
    seed: Json = None
    intervention: Json = None

    @classmethod
    def of_clip(cls, clip: str, frame: int = 0, **others: Any) -> Self:
        """Metadata of a rollout that tracks a clip from a frame; others are attributes of the class."""
        return cls(start={"clip": clip, "frame": frame}, **others)

    @property
    def clip(self) -> str:
        """Name of the tracked clip; empty for none."""
        found = self.start.get("clip") if isinstance(self.start, Mapping) else None
        return found if isinstance(found, str) else ""

    def to_json(self) -> str:
        """The stored form: a JSON object without absent values.

        Raises:
            TypeError: a value cannot be stored as JSON.
        """
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return json.dumps({name: value for name, value in values.items() if value is not None})

    @classmethod
    def from_json(cls, values: Mapping[str, Any], where: str) -> Self:
        """From a JSON object.

        Raises:
            InputError: a field is unknown, or behavior is not a text.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise unknown("field", f"metadata.{name}", [f"metadata.{one}" for one in known], where)
        if not isinstance(values.get("behavior", ""), str):
            raise InputError(f"{where}: metadata.behavior is {values['behavior']!r}; expected a text")
        return cls(**values)
