"""Values of a JSON file with their place in it, so that errors name file and key.

file = Field.of_file(path, "virtual-rodent/encoding", 1, "rodent encode")
for layer in file["layers"].items():
    layer["layer"].text, layer["neurons"].items()
"""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np

from rodent.errors import InputError
from rodent.files import read_json


@dataclasses.dataclass(frozen=True)
class Field:
    """A value in a JSON file.

    Attributes:
        path: the file.
        place: path of keys, such as `layers[0].rdm`; empty for the root.
        value: the decoded value.
    """

    path: Path
    place: str
    value: Any

    @classmethod
    def of_file(cls, path: Path, schema: str, version: int, command: str) -> "Field":
        """The root object of a file.

        Args:
            path: the file.
            schema, version: expected in the file; files of earlier versions are also read.
            command: that writes such files, for the error.

        Raises:
            InputError: the file is missing, is not JSON, or has another schema or a newer version.
        """
        whole = cls(path, "", read_json(path))
        found = whole.value.get("schema") if isinstance(whole.value, dict) else None
        if found != schema:
            raise InputError(
                f"{path} has schema {found!r}; expected {schema!r}, the output of `{command} --json`"
            )
        if (number := whole.value.get("version", version)) not in range(1, version + 1):
            raise InputError(
                f"{path} is version {number} of {schema}; this program reads versions up to {version}"
            )
        return whole

    def __getitem__(self, key: str) -> "Field":
        """A member of an object."""
        members = self.members()
        if key not in members:
            raise self._wrong(f"lacks {key!r}")
        return members[key]

    def members(self) -> dict[str, "Field"]:
        """All members of an object."""
        if not isinstance(self.value, dict):
            raise self._wrong(f"is {_kind(self.value)}; expected an object")
        dot = "." if self.place else ""
        return {key: Field(self.path, f"{self.place}{dot}{key}", one) for key, one in self.value.items()}

    def items(self) -> list["Field"]:
        """The items of a list."""
        if not isinstance(self.value, list):
            raise self._wrong(f"is {_kind(self.value)}; expected a list")
        return [Field(self.path, f"{self.place}[{i}]", one) for i, one in enumerate(self.value)]

    @property
    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            raise self._wrong(f"is {_kind(self.value)}; expected text")
        return self.value

    @property
    def texts(self) -> tuple[str, ...]:
        """A list of strings."""
        return tuple(one.text for one in self.items())

    @property
    def number(self) -> float:
        """A number; NaN for null, because JSON has no NaN."""
        if self.value is None:
            return math.nan
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self._wrong(f"is {_kind(self.value)}; expected a number")
        try:
            return float(self.value)
        except OverflowError:
            raise self._wrong("has more digits than any number here") from None

    def square(self, n: int) -> np.ndarray:
        """Rows of numbers, shape (n, n)."""
        rows = [[one.number for one in row.items()] for row in self.items()]
        lengths = {len(row) for row in rows} or {0}
        if len(rows) != n or lengths != {n}:
            across = " or ".join(map(str, sorted(lengths)))
            raise self._wrong(f"has shape ({len(rows)}, {across}); expected ({n}, {n})")
        return np.array(rows)

    def _wrong(self, what: str) -> InputError:
        place = f": {self.place}" if self.place else ""
        return InputError(f"{self.path}{place} {what}; is the file damaged, or of another version?")


def _kind(value: Any) -> str:
    """The JSON type of a value."""
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
