"""A table of pairs of neurons and their synapses, from CSV.

    pairs = read_pairs(Path("pairs.csv"), readouts.neurons)

Columns: `pre` and `post`, names of the neurons as in the readouts; `synapses`, a number, 0 for pairs that are
close but not connected; optional: `exposure`, positive, which the expected number is proportional to, such as
the length along which axon and dendrite are close; `projection`, such as `M1->S1`; and `distance`, a number.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from analysis.twin.wiring import Pairs
from rodent.errors import InputError, unknown
from rodent.files import existing_file

NEEDED, OPTIONAL = ("pre", "post", "synapses"), ("exposure", "projection", "distance")
ALL = "all"
"""The projection of pairs whose table names none."""


def read_pairs(path: Path, neurons: Sequence[str]) -> Pairs:
    """Read a table.

    Args:
        path: of the file.
        neurons: names of the readouts' neurons, in order.

    Raises:
        InputError: the file is missing or no such table, it names another neuron, or a value is no number or
            out of range.
    """
    rows = _rows(path)
    index = {name: i for i, name in enumerate(neurons)}
    ends = []
    for end in ("pre", "post"):
        for number, row in rows:
            if row[end] not in index:
                raise unknown("neuron", str(row[end]), list(index), f"{path}, row {number}, column {end}")
        ends.append(np.array([index[row[end]] for _, row in rows]))
    for (number, row), pre, post in zip(rows, *ends, strict=True):
        if pre == post:
            raise InputError(f"{path}, row {number}: {row['pre']} is paired with itself; leave the row out")
    columns = rows[0][1]
    synapses = _numbers(path, rows, "synapses", least=0.0)
    exposure = _numbers(path, rows, "exposure", least=0.0) if "exposure" in columns else np.ones(len(rows))
    if not exposure.all():
        number = rows[int(np.argmin(exposure))][0]
        raise InputError(f"{path}, row {number}: exposure is 0; leave out pairs that cannot be connected")
    return Pairs(
        pre=ends[0],
        post=ends[1],
        synapses=synapses,
        exposure=exposure,
        covariates={"distance": _numbers(path, rows, "distance")} if "distance" in columns else {},
        projection=np.array([row.get("projection", ALL) for _, row in rows]),
    )


def _rows(path: Path) -> list[tuple[int, Mapping[str, str]]]:
    """Rows of the file with their numbers; the header is row 1."""
    try:
        with existing_file(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            rows: list[tuple[int, Mapping[str, str]]] = list(enumerate(reader, 2))
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no CSV table: {error}") from error
    columns = reader.fieldnames or ()
    if missing := [name for name in NEEDED if name not in columns]:
        raise InputError(f"{path} has no column {', '.join(missing)}; it has {', '.join(columns) or 'none'}")
    if not rows:
        raise InputError(f"{path} has no rows; give one for each pair of neurons")
    for number, row in rows:
        if None in row or None in row.values():
            raise InputError(f"{path}, row {number} does not have {len(columns)} entries, as the header has")
    return rows


def _numbers(
    path: Path, rows: Sequence[tuple[int, Mapping[str, str]]], column: str, least: float = -np.inf
) -> np.ndarray:
    """A column of numbers, shape (rows,).

    Raises:
        InputError: an entry is no finite number, or less than the least.
    """
    found = []
    for number, row in rows:
        try:
            value = float(row[column])
        except ValueError:
            value = np.nan
        if not (np.isfinite(value) and value >= least):
            atleast = "" if least == -np.inf else f" of {least:g} or more"
            raise InputError(f"{path}, row {number}: {column} is {row[column]!r}; expected a number{atleast}")
        found.append(value)
    return np.array(found)
