"""Recorded paths as text: `time,x,y` in seconds and metres.

time, points = read_track("animal.csv")
"""

import csv
from pathlib import Path

import numpy as np

from rodent.errors import InputError
from rodent.files import existing_file, reading

COLUMNS = ("time", "x", "y")


def read_track(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Time and positions from a CSV file with a header; columns of other names are passed over.

    A row whose x or y is empty or nan is a moment at which the animal was not seen, and is left out.

    Returns:
        seconds, shape (samples,), and metres, shape (samples, 2).

    Raises:
        InputError: no such file, a column is missing, a cell is not a number, or time does not rise.
    """
    path = existing_file(Path(path))
    with reading(path), path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file, skipinitialspace=True)
        header = [(name or "").strip() for name in rows.fieldnames or ()]
        for name in COLUMNS:
            if name not in header:
                raise InputError(
                    f"{path} has no column {name!r}; its header must name time,x,y (s, m); it is: "
                    f"{','.join(header) or 'empty'}"
                )
        rows.fieldnames = header
        cells = [[row[name] for name in COLUMNS] for row in rows]
    values = np.array([[_number(cell, path, i) for cell in row] for i, row in enumerate(cells)])
    values = values.reshape(-1, len(COLUMNS))
    seen = np.isfinite(values[:, 1:]).all(axis=1)
    if not np.isfinite(values[:, 0]).all():
        row = int(np.argmin(np.isfinite(values[:, 0])))
        raise InputError(f"{path} row {row + 2}: the time is missing")
    falls = np.diff(values[:, 0]) <= 0
    if falls.any():
        row = int(falls.argmax()) + 1
        raise InputError(
            f"{path} row {row + 2}: the time {values[row, 0]:g} s is not after {values[row - 1, 0]:g} s"
        )
    if seen.sum() < 2:
        raise InputError(f"{path} has {int(seen.sum())} positions; at least 2 are needed")
    return values[seen, 0], values[seen, 1:]


def _number(cell: str | None, path: Path, row: int) -> float:
    if cell is None or not cell.strip():
        return np.nan
    try:
        return float(cell)
    except ValueError as error:
        raise InputError(f"{path} row {row + 2}: {cell!r} is not a number") from error
