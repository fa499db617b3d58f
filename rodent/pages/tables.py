"""Tables of results as files: CSV or, by the suffix, Parquet.

    write_table(Path("cells.csv"), {"neuron": names, "p": p, "q": q})       # columns
    write_table(Path("cells.parquet"), [{"neuron": "17", "p": 0.01}, …])    # rows

One row per thing and one value per cell, so that pandas, polars, R and MATLAB read it as it is. What is
missing (None or NaN) is an empty cell of CSV. Parquet needs pyarrow, the extra `parquet`.
"""

import csv
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rodent.errors import InputError
from rodent.files import atomic_path

SUFFIXES = (".csv", ".parquet")

Columns = Mapping[str, Sequence[Any] | np.ndarray]
Rows = Sequence[Mapping[str, Any]]


def require_table_format(path: Path) -> None:
    """Check, before long computations, that a table can be written to this path.

    Raises:
        InputError: the suffix is neither .csv nor .parquet, or it is .parquet and pyarrow is missing.
    """
    suffix = Path(path).suffix
    if suffix not in SUFFIXES:
        raise InputError(f"{path} has the suffix {suffix!r}; expected {' or '.join(SUFFIXES)}")
    if suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise InputError(
            f"{path}: Parquet needs pyarrow: pip install 'virtual-rodent[parquet]', or write {path.stem}.csv"
        )


def write_table(path: Path, table: Columns | Rows) -> None:
    """Write a table atomically.

    Args:
        path: .csv or .parquet.
        table: columns by name, of equal length; or rows, whose columns stand in the order in which they first
            come up. A cell holds a number, a text, true or false, or nothing (None, NaN).

    Raises:
        InputError: the suffix is unknown, pyarrow is missing, or the folder cannot be written.
        ValueError: columns differ in length, or a cell holds more than one value.
        WorkError: the disk is full.
    """
    path = Path(path)
    require_table_format(path)
    columns = {name: _plain(name, values) for name, values in _as_columns(table).items()}
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns of one table have one length, and these have: {lengths}")
    with atomic_path(path) as temporary:
        (_write_csv if path.suffix == ".csv" else _write_parquet)(temporary, columns)


def _as_columns(table: Columns | Rows) -> Columns:
    if isinstance(table, Mapping):
        return table
    names = dict.fromkeys(name for row in table for name in row)
    return {name: [row.get(name) for row in table] for name in names}


def _plain(name: str, values: Sequence[Any] | np.ndarray) -> list[Any]:
    """Values as Python numbers, texts and None."""
    cells = [value.item() if isinstance(value, np.generic) else value for value in values]
    for cell in cells:
        if not (cell is None or isinstance(cell, bool | int | float | str)):
            raise ValueError(f"column {name!r} holds {cell!r}; a cell of a table holds one value")
    return cells


def _write_csv(path: Path, columns: Mapping[str, list[Any]]) -> None:
    def text(cell: Any) -> Any:
        # repr of a float is the shortest text that reads back as the same float
        return "" if cell is None or cell != cell else repr(cell) if isinstance(cell, float) else cell

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([text(cell) for cell in row] for row in zip(*columns.values(), strict=True))


def _write_parquet(path: Path, columns: Mapping[str, list[Any]]) -> None:
    import pyarrow
    import pyarrow.parquet

    # a column of numbers without any is one of numbers still, not of the type null
    arrays = {}
    for name, cells in columns.items():
        known = [cell for cell in cells if cell is not None]
        kind = None if known else pyarrow.float64()
        if known and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in known):
            kind = pyarrow.int64() if all(isinstance(cell, int) for cell in known) else pyarrow.float64()
        arrays[name] = pyarrow.array(cells, kind)
    pyarrow.parquet.write_table(pyarrow.table(arrays), path)
