"""Which keypoint belongs where on the body: marker sets.

    markers = read_markers("rat23")                  # built in, or the path of a TOML file
    markers.names, markers.bodies, markers.offsets   # of K keypoints

A file has a table `keypoints` with, for every keypoint, `body`, `offset` (prior mean in the body's frame
at scale 1, metres), `weight` (in the fit) and `freedom` (prior standard deviation of the offset, metres;
0 fixes it).
"""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from rodent.assets import path_or_built_in
from rodent.errors import InputError, unknown
from rodent.files import atomic_path, read_toml

_FIELDS = ("body", "offset", "weight", "freedom")
_FAR = 0.2  # metres; no keypoint is further from the body it belongs to


@dataclasses.dataclass(frozen=True, eq=False)
class MarkerSet:
    """K keypoints on a body of scale 1."""

    names: tuple[str, ...]
    bodies: tuple[str, ...]
    """Names of the bodies that the keypoints are fixed to."""
    offsets: np.ndarray
    """In the bodies' frames, metres, shape (K, 3)."""
    weights: np.ndarray
    """Weights in the fit, shape (K,)."""
    freedoms: np.ndarray
    """Prior standard deviations of the offsets, metres, shape (K,)."""
    description: str = ""
    """Description of the set."""

    def without(self, names: Iterable[str]) -> "MarkerSet":
        """The set without the named markers; unknown names are ignored."""
        names = set(names)
        kept = [i for i, name in enumerate(self.names) if name not in names]
        return dataclasses.replace(
            self,
            names=tuple(self.names[i] for i in kept),
            bodies=tuple(self.bodies[i] for i in kept),
            offsets=self.offsets[kept],
            weights=self.weights[kept],
            freedoms=self.freedoms[kept],
        )

    def write(self, path: Path) -> None:
        """Write a TOML file that `read_markers` reads.

        Raises:
            InputError: it cannot be written there.
        """
        lines = [f"description = {_quoted(self.description)}", "", "[keypoints]"]
        for row in zip(self.names, self.bodies, self.offsets, self.weights, self.freedoms, strict=True):
            name, body, offset, weight, freedom = row
            numbers = ", ".join(f"{x:.5f}" for x in offset)
            lines.append(
                f"{_quoted(name)} = {{ body = {_quoted(body)}, offset = [{numbers}], "
                f"weight = {weight:g}, freedom = {freedom:g} }}"
            )
        with atomic_path(path) as temporary:
            temporary.write_text("\n".join(lines) + "\n")


def read_markers(path: Path | str) -> MarkerSet:
    """A marker set from a TOML file, or by its bare name one that is built in.

    Raises:
        InputError: no such file or name, or something in it is missing or wrong; the message names
            the keypoint.
    """
    path = path_or_built_in(path, "markers", ".toml")
    content = read_toml(path)
    table = content.get("keypoints")
    if not isinstance(table, dict) or not table:
        raise InputError(f"{path} is no marker set: it has no table [keypoints]")
    rows = [_row(name, entry, path) for name, entry in table.items()]
    bodies, offsets, weights, freedoms = zip(*rows, strict=True)
    return MarkerSet(
        names=tuple(table),
        bodies=bodies,
        offsets=np.array(offsets),
        weights=np.array(weights),
        freedoms=np.array(freedoms),
        description=str(content.get("description", "")),
    )


def _row(name: str, entry: Any, path: Path) -> tuple[str, list[float], float, float]:
    where = f"{path}: keypoint {name!r}"
    if not isinstance(entry, dict):
        raise InputError(f"{where} is {entry!r}; a table of {', '.join(_FIELDS)} is expected")
    for field in entry:
        if field not in _FIELDS:
            raise unknown("field", field, _FIELDS, where)
    missing = [field for field in _FIELDS if field not in entry]
    if missing:
        raise InputError(f"{where} lacks {', '.join(missing)}")
    offset = entry["offset"]
    if not isinstance(offset, list) or len(offset) != 3 or not all(map(_is_number, offset)):
        raise InputError(f"{where}: offset is {offset!r}; three numbers are expected, metres")
    if max(map(abs, offset)) > _FAR:
        raise InputError(
            f"{where}: offset {offset} is more than {_FAR:g} m off its body; metres are expected"
        )
    for field in ("weight", "freedom"):
        if not _is_number(entry[field]) or not 0 <= entry[field] < float("inf"):
            raise InputError(f"{where}: {field} is {entry[field]!r}; a number of zero or more is expected")
    if not isinstance(entry["body"], str):
        raise InputError(f"{where}: body is {entry['body']!r}; the name of a body is expected")
    return entry["body"], [float(x) for x in offset], float(entry["weight"]), float(entry["freedom"])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
