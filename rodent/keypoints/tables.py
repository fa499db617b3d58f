"""CSV tables of 3-D keypoints, one row per frame.

- anipose: one header row with `<keypoint>_x`, `_y`, `_z`, mostly `_score`, and `fnum`, the number of
  the frame (lambdaloop/anipose, `anipose/triangulate.py`).
- DeepLabCut: header rows `scorer`, `bodyparts`, `coords` (and `individuals` where there may be several
  animals), and the number of the frame in the first column (DeepLabCut,
  `deeplabcut/pose_estimation_3d/triangulation.py`).
- JARVIS: two header rows, the keypoint of each column and `x`, `y`, `z`, `confidence`
  (JARVIS-MoCap/JARVIS-HybridNet, `jarvis/prediction/predict3D.py`).

None states units or frame rate. Cells are separated by commas, tabs or, where numbers have decimal commas, by
semicolons. A cell without a number is empty or `NaN` or `NA`.
"""

import array
import csv
import dataclasses
import functools
import operator
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from rodent.errors import InputError
from rodent.files import reading
from rodent.keypoints.raw import RawKeypoints, require_animal
from rodent.reader import FileStart, Reader
from rodent.reading_config import KeypointOptions

LEVELS = ("scorer", "individuals", "bodyparts", "coords")
AXES = ("x", "y", "z")
SCORES = ("score", "likelihood", "confidence")
MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "none")


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


Header = Callable[[Iterator[list[str]], KeypointOptions, Path], _Columns]


def read_table(path: Path, options: KeypointOptions, header: Header) -> RawKeypoints:
    """Read a CSV file.

    Args:
        path: the file.
        options: how.
        header: reads the header rows of one kind of table.

    Raises:
        InputError: no table of 3-D keypoints, of several animals of which none is chosen, or with a cell
            that is no number; the message names frame and column.
    """
    separator = separator_of(FileStart.of(path))
    number_of = _decimal_comma if separator == ";" else _number
    try:
        with reading(path), open(path, newline="", encoding="utf-8-sig") as stream:
            rows = (row for row in csv.reader(stream, delimiter=separator) if row)
            columns = header(rows, options, path)
            _check_coordinates(columns, path)
            scored = _scored(columns, path)
            coordinates = [columns.at[name, axis] for name in columns.names for axis in AXES]
            scores = [columns.at[name, "score"] for name in columns.names] if scored else []
            number = [] if columns.frame is None else [columns.frame]
            values = _values(rows, coordinates + scores + number, columns.labels, number_of, path)
    except csv.Error as error:
        raise InputError(f"{path} is no CSV table: {error}") from error
    # spreadsheets leave rows of empty cells at the end
    filled = np.flatnonzero(~np.isnan(values).all(axis=1))
    values = values[: filled[-1] + 1] if len(filled) else values[:0]
    if not len(values):
        raise InputError(f"{path} has no rows below its header")
    return RawKeypoints(
        values[:, : len(coordinates)].reshape(len(values), -1, 3),
        columns.names,
        confidence=values[:, len(coordinates) : len(coordinates) + len(scores)] if scored else None,
        frame_numbers=values[:, -1] if number else None,
    )


def separator_of(file: FileStart) -> str:
    """What separates the cells of a table: a comma, a semicolon or a tab."""
    first = _lines(file)[0]
    return max(",;\t", key=first.count)


def _lines(file: FileStart) -> list[str]:
    return file.start.decode("utf-8-sig", errors="replace").splitlines() or [""]


def _cells(file: FileStart, line: int) -> list[str]:
    lines = _lines(file)
    return lines[line].split(separator_of(file)) if file.is_text and len(lines) > line else []


def is_deeplabcut(file: FileStart) -> bool:
    """Whether the header rows are those of DeepLabCut."""
    return (_cells(file, 0) or [""])[0] in LEVELS


def is_jarvis(file: FileStart) -> bool:
    """Whether the second row names the coordinate of every column."""
    axes = {cell.strip().lower() for cell in _cells(file, 1)} - {""}
    return set(AXES) <= axes <= {*AXES, *SCORES}


def _anipose(rows: Iterator[list[str]], options: KeypointOptions, path: Path) -> _Columns:
    header = next(rows, [""])
    at: dict[tuple[str, str], int] = {}
    for column, label in enumerate(header):
        keypoint, _, what = label.rpartition("_")
        if keypoint and what in (*AXES, "score"):
            _put(at, keypoint, what, column, path)
    # scores of something that has no position are not of keypoints
    placed = {keypoint for keypoint, what in at if what != "score"}
    at = {key: column for key, column in at.items() if key[0] in placed}
    if not at:
        raise InputError(
            f"{path} is a table without 3-D keypoints: columns such as Snout_x, Snout_y, Snout_z (anipose), "
            "header rows scorer, bodyparts, coords (DeepLabCut), or two header rows, names and x, y, z "
            f"(JARVIS) are expected; it begins with: {','.join(header)[:60]}"
        )
    return _Columns(at, header, header.index("fnum") if "fnum" in header else None)


def _deeplabcut(rows: Iterator[list[str]], options: KeypointOptions, path: Path) -> _Columns:
    header = next(rows)
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
    individuals = levels.get("individuals", [""] * len(header))
    animals = tuple(dict.fromkeys(individuals[1:]))
    animal = require_animal(options.animal, animals, str(path)) if "individuals" in levels else ""
    at: dict[tuple[str, str], int] = {}
    for column, (whose, keypoint, what) in enumerate(
        zip(individuals, levels["bodyparts"], levels["coords"], strict=True)
    ):
        if column and whose == animal and what in (*AXES, "likelihood"):
            _put(at, keypoint, what, column, path)
    labels = [" ".join(pair) for pair in zip(levels["bodyparts"], levels["coords"], strict=True)]
    return _Columns(at, ["the number of the frame", *labels[1:]], frame=0)


def _jarvis(rows: Iterator[list[str]], options: KeypointOptions, path: Path) -> _Columns:
    names, axes = next(rows, [""]), [cell.strip().lower() for cell in next(rows, [""])]
    if len(names) != len(axes):
        raise InputError(f"{path}: its two header rows have {len(names)} and {len(axes)} cells")
    at: dict[tuple[str, str], int] = {}
    for column, (name, what) in enumerate(zip(names, axes, strict=True)):
        if name.strip() and what:
            _put(at, name.strip(), what, column, path)
    return _Columns(at, [f"{name} {axis}" for name, axis in zip(names, axes, strict=True)])


def _put(at: dict[tuple[str, str], int], keypoint: str, what: str, column: int, path: Path) -> None:
    what = "score" if what in SCORES else what
    if (keypoint, what) in at:
        raise InputError(
            f"{path} has {what} of keypoint {keypoint!r} twice, in columns {at[keypoint, what]} and {column}"
        )
    at[keypoint, what] = column


def _check_coordinates(columns: _Columns, path: Path) -> None:
    for name in columns.names:
        lacking = [axis for axis in AXES if (name, axis) not in columns.at]
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


def _values(
    rows: Iterator[list[str]],
    columns: list[int],
    labels: list[str],
    number_of: Callable[[str], float],
    path: Path,
) -> np.ndarray:
    """The numbers in these columns, NaN where there is none, shape (frames, columns)."""
    pick, values = operator.itemgetter(*columns), array.array("d")
    for frame, row in enumerate(rows):
        if len(row) != len(labels):
            raise InputError(f"{path} frame {frame}: its row has {len(row)} cells, the header {len(labels)}")
        try:
            values.extend([number_of(cell) for cell in pick(row)])
        except ValueError:
            column = next(column for column in columns if not _is_number(row[column], number_of))
            raise InputError(
                f"{path} frame {frame}: {labels[column]} is {row[column]!r}; a number or nothing is expected"
            ) from None
    return np.array(values).reshape(-1, len(columns))


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        if cell.strip().lower() in MISSING:
            return np.nan
        raise


def _decimal_comma(cell: str) -> float:
    return _number(cell.replace(",", ".", 1))


def _is_number(cell: str, number_of: Callable[[str], float]) -> bool:
    try:
        number_of(cell)
    except ValueError:
        return False
    return True


DEEPLABCUT = Reader("CSV of DeepLabCut", is_deeplabcut, functools.partial(read_table, header=_deeplabcut))
JARVIS = Reader("CSV of JARVIS", is_jarvis, functools.partial(read_table, header=_jarvis))
ANIPOSE = Reader("CSV of anipose", lambda file: file.is_text, functools.partial(read_table, header=_anipose))
