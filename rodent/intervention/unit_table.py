"""Tables of units that users have: CSV with a header, or JSON with a list of objects.

table = UnitTable.read("scores.csv", "score")            # columns layer, unit, score
table.of("decoder/layer_0")                              # {3: "0.12", 17: "0.31"}
"""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rodent.errors import InputError
from rodent.files import existing_file, read_json


class UnitTable(NamedTuple):
    """One value for some units of some layers.

    Attributes:
        path: of the file, for errors.
        values: by layer and unit.
    """

    path: Path
    values: Mapping[str, Mapping[int, str]]

    @classmethod
    def read(cls, path: Path | str, column: str) -> "UnitTable":
        """Read a table with the columns `layer`, `unit` and another one.

        Raises:
            InputError: the file is missing or damaged, a column is missing, or a unit is there twice.
        """
        path = existing_file(Path(path))
        found: dict[str, dict[int, str]] = {}
        for number, row in _rows(path):
            where = f"{path}, row {number}"
            missing = [name for name in ("layer", "unit", column) if row.get(name) in (None, "")]
            if missing:
                raise InputError(f"{where} has no {missing[0]}; expected the columns layer, unit, {column}")
            unit = str(row["unit"]).strip()
            if not unit.isdecimal():
                raise InputError(f"{where}: unit is {unit!r}; expected a number from 0")
            layer = found.setdefault(str(row["layer"]).strip(), {})
            if int(unit) in layer:
                raise InputError(f"{where}: unit {unit} of {row['layer']} is in the table twice")
            layer[int(unit)] = str(row[column]).strip()
        return cls(path, found)

    def of(self, layer: str, size: int) -> Mapping[int, str]:
        """Values of a layer by unit.

        Raises:
            InputError: there are none of this layer, or units that it has not.
        """
        if layer not in self.values:
            raise InputError(f"{self.path} has no unit of {layer}; it has units of {', '.join(self.values)}")
        beyond = [unit for unit in self.values[layer] if unit >= size]
        if beyond:
            raise InputError(f"{self.path}: {layer} has no unit {beyond[0]}; it has units 0 to {size - 1}")
        return self.values[layer]

    def numbers(self, layer: str, size: int) -> dict[int, float]:
        """Values of a layer as numbers.

        Raises:
            InputError: one is no number, or as `of`.
        """
        found = {}
        for unit, value in self.of(layer, size).items():
            try:
                found[unit] = float(value)
            except ValueError as error:
                raise InputError(
                    f"{self.path}: the value of unit {unit} of {layer} is {value!r}; expected a number"
                ) from error
        return found


def _rows(path: Path) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """Rows of a file with their numbers."""
    if path.suffix.lower() == ".json":
        content: Any = read_json(path)
        if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
            raise InputError(f"{path} is no table; expected a list of objects with layer and unit")
        return list(enumerate(content, 1))
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            # the header is row 1
            return list(enumerate(csv.DictReader(file, strict=True), 2))
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no CSV table: {error}") from error
