"""What a rollout was asked to do, and under which conditions: stored with every rollout of a recording.

RolloutMetadata.of_clip("Walk_35", behavior="Walk", seed=3)
RolloutMetadata(task="velocity", command=[0.3, 0.0, 0.5])
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Self

from rodent.errors import InputError, unknown

Json = Any
"""A value that JSON knows: numbers, texts, lists and objects of them, or None."""


@dataclasses.dataclass(frozen=True)
class RolloutMetadata:
    """What is known of a rollout beside its frames; None where it does not apply or is not known.

    Attributes:
        task: the task's name, or its settings with the name.
        start: where it began. Of a task that imitates clips `{"clip": NAME, "frame": FIRST}`.
        behavior: what is seen, such as `Walk`; may be empty.
        command: what was asked, where the task has commands.
        seed: of the draws in this rollout.
        intervention: what was changed in the network.
    """

    task: Json = None
    start: Json = None
    behavior: str = ""
    command: Json = None
    seed: Json = None
    intervention: Json = None

    @classmethod
    def of_clip(cls, clip: str, frame: int = 0, **others: Any) -> Self:
        """Of a rollout that follows a clip from a frame on; others are the attributes of the class."""
        return cls(start={"clip": clip, "frame": frame}, **others)

    @property
    def clip(self) -> str:
        """Name of the clip that is followed; empty for none."""
        found = self.start.get("clip") if isinstance(self.start, Mapping) else None
        return found if isinstance(found, str) else ""

    def to_json(self) -> str:
        """As it is stored: a JSON object without what is absent.

        Raises:
            TypeError: a value is not JSON's.
        """
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return json.dumps({name: value for name, value in values.items() if value is not None})

    @classmethod
    def from_json(cls, values: Mapping[str, Any], where: str) -> Self:
        """From a JSON object.

        Raises:
            InputError: a field is unknown, or behavior is no text.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise unknown("field", f"metadata.{name}", [f"metadata.{one}" for one in known], where)
        if not isinstance(values.get("behavior", ""), str):
            raise InputError(f"{where}: metadata.behavior is {values['behavior']!r}; a text is expected")
        return cls(**values)
