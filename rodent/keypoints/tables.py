"""CSV tables of 3-D keypoints, one row per frame, an empty cell where there is no number.

- anipose: one header row with `<keypoint>_x`, `_y`, `_z`, mostly `_score`, and `fnum`, the number of
  the frame (lambdaloop/anipose, `anipose/triangulate.py`).
- DeepLabCut: header rows `scorer`, `bodyparts`, `coords` (and `individuals` where there may be several
  animals), and the number of the frame in the first column (DeepLabCut,
  `deeplabcut/pose_estimation_3d/triangulation.py`).

Neither states units or frame rate.
"""

import array
import csv
import dataclasses
import operator
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rodent.errors import InputError
from rodent.files import reading
from rodent.keypoints.raw import RawKeypoints
from rodent.keypoints.timing import check_frame_numbers

LEVELS = ("scorer", "individuals", "bodyparts", "coords")


@dataclasses.dataclass(frozen=True)
class _Columns:
    """Columns of a table."""

    at: dict[tuple[str, str], int]
    """Columns of a keypoint's x, y, z and score."""
    labels: list[str]
    """Names of the columns in messages."""
    frame: int | None = None
    """Column of the frame number."""

    @property
    def names(self) -> tuple[str, ...]:
        """The keypoints, in order."""
        return tuple(dict.fromkeys(keypoint for keypoint, _ in self.at))


def read_table(path: Path) -> RawKeypoints:
    """Read a CSV file of anipose or DeepLabCut.

    Raises:
        InputError: no table of 3-D keypoints, of several animals, or with a cell that is no number or a
            frame left out; the message names frame and column.
    """
    try:
        with reading(path), open(path, newline="", encoding="utf-8-sig") as stream:
            rows = (row for row in csv.reader(stream) if row)
            header = next(rows, [""])
            columns = _deeplabcut(header, rows, path) if header[0] in LEVELS else _anipose(header, path)
            _check_coordinates(columns, path)
            scored = _scored(columns, path)
            coordinates = [columns.at[name, axis] for name in columns.names for axis in "xyz"]
            scores = [columns.at[name, "score"] for name in columns.names] if scored else []
            number = [] if columns.frame is None else [columns.frame]
            values = _values(rows, coordinates + scores + number, columns.labels, path)
    except csv.Error as error:
        raise InputError(f"{path} is no CSV table: {error}") from error
    if not len(values):
        raise InputError(f"{path} has no rows below its header")
    if number:
        check_frame_numbers(values[:, -1], path)
    return RawKeypoints(
        values[:, : len(coordinates)].reshape(len(values), -1, 3),
        columns.names,
        confidence=values[:, len(coordinates) : len(coordinates) + len(scores)] if scored else None,
    )


def _anipose(header: list[str], path: Path) -> _Columns:
    at: dict[tuple[str, str], int] = {}
    for column, label in enumerate(header):
        keypoint, _, what = label.rpartition("_")
        if keypoint and what in ("x", "y", "z", "score"):
            _put(at, keypoint, what, column, path)
    # scores of something that has no position are not of keypoints
    placed = {keypoint for keypoint, what in at if what != "score"}
    at = {key: column for key, column in at.items() if key[0] in placed}
    if not at:
        raise InputError(
            f"{path} is a table without 3-D keypoints: columns such as Snout_x, Snout_y, Snout_z (anipose) "
            f"or header rows scorer, bodyparts, coords (DeepLabCut) are expected; it begins with: "
            f"{','.join(header)[:60]}"
        )
    return _Columns(at, header, header.index("fnum") if "fnum" in header else None)


def _deeplabcut(header: list[str], rows: Iterator[list[str]], path: Path) -> _Columns:
    levels = {header[0]: header}
    while "coords" not in levels:
        row = next(rows, [""])
        if row[0] not in LEVELS or row[0] in levels or len(row) != len(header):
            raise InputError(
                f"{path}: its header rows are {', '.join(levels)}, then {row[0]!r} of {len(row)} cells; "
                f"{', '.join(LEVELS)} of {len(header)} cells are expected (individuals may be left out)"
            )
        levels[row[0]] = row
    if "bodyparts" not in levels:
        raise InputError(f"{path} has no header row bodyparts; it has: {', '.join(levels)}")
    animals = list(dict.fromkeys(levels.get("individuals", [""])[1:]))
    if len(animals) > 1:
        raise InputError(f"{path} has several animals: {', '.join(animals)}; save each in a file of its own")
    at: dict[tuple[str, str], int] = {}
    for column, (keypoint, what) in enumerate(zip(levels["bodyparts"], levels["coords"], strict=True)):
        if column and what in ("x", "y", "z", "likelihood"):
            _put(at, keypoint, "score" if what == "likelihood" else what, column, path)
    labels = [" ".join(pair) for pair in zip(levels["bodyparts"], levels["coords"], strict=True)]
    return _Columns(at, ["the number of the frame", *labels[1:]], frame=0)


def _put(at: dict[tuple[str, str], int], keypoint: str, what: str, column: int, path: Path) -> None:
    if (keypoint, what) in at:
        raise InputError(
            f"{path} has {what} of keypoint {keypoint!r} twice, in columns {at[keypoint, what]} and {column}"
        )
    at[keypoint, what] = column


def _check_coordinates(columns: _Columns, path: Path) -> None:
    for name in columns.names:
        lacking = [axis for axis in "xyz" if (name, axis) not in columns.at]
        if lacking == ["z"]:
            raise InputError(
                f"{path}: keypoint {name!r} has x and y and no z, as one camera sees it; triangulate first"
            )
        if lacking:
            raise InputError(f"{path}: keypoint {name!r} has no column of its {' and '.join(lacking)}")


def _scored(columns: _Columns, path: Path) -> bool:
    """Whether the keypoints have confidences: all or none."""
    without = [name for name in columns.names if (name, "score") not in columns.at]
    if without and len(without) < len(columns.names):
        raise InputError(f"{path}: keypoint {without[0]!r} has no column of its confidence, as others have")
    return not without


def _values(rows: Iterator[list[str]], columns: list[int], labels: list[str], path: Path) -> np.ndarray:
    """The numbers in these columns, NaN where a cell is empty, shape (frames, columns)."""
    pick, values = operator.itemgetter(*columns), array.array("d")
    for frame, row in enumerate(rows):
        if len(row) != len(labels):
            raise InputError(f"{path} frame {frame}: its row has {len(row)} cells, the header {len(labels)}")
        try:
            values.extend([float(cell or "nan") for cell in pick(row)])
        except ValueError:
            column = next(column for column in columns if not _is_number(row[column]))
            raise InputError(
                f"{path} frame {frame}: {labels[column]} is {row[column]!r}; a number or nothing is expected"
            ) from None
    return np.array(values).reshape(-1, len(columns))


def _is_number(cell: str) -> bool:
    try:
        float(cell or "nan")
    except ValueError:
        return False
    return True
