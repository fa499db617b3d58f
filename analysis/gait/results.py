"""Results of `rodent gait`: as JSON, as a table of strides, and on the terminal."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.gait.compare import Gait, Measure, Row, Summary
from analysis.gait.strides import COLUMNS
from rodent.files import atomic_path
from rodent.kinematics.paws import PAW_NAMES
from rodent.pages.output import print_table
from rodent.versions import versions

SCHEMA, VERSION = "virtual-rodent/gait", 1


def to_json(gaits: Sequence[Gait], rows: Sequence[Row]) -> dict[str, Any]:
    """All measures of all files, in SI units and cycles."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "files": [
            {
                "file": one.motions.place,
                "strides": len(one.strides["paw"]),
                "measures": {
                    row.measure.name: {
                        "strides": row.summaries[i].count,
                        "median": row.summaries[i].median,
                        "low": row.summaries[i].low,
                        "high": row.summaries[i].high,
                        "within": row.summaries[i].within,
                    }
                    for row in rows
                },
            }
            for i, one in enumerate(gaits)
        ],
        "versions": versions("scipy"),
    }


def write_strides(gaits: Sequence[Gait], path: Path) -> None:
    """Write every stride as a row of a CSV file: file, names of motion and paw, and the columns of strides.

    Raises:
        InputError: it cannot be written there.
        WorkError: the disk is full.
    """
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", *COLUMNS])
        for gait in gaits:
            for motion, paw, *values in zip(*(gait.strides[name] for name in COLUMNS), strict=True):
                named = gait.motions.motions[int(motion)].name, PAW_NAMES[int(paw)]
                table.writerow([gait.motions.place, *named, *map(float, values)])


def columns_of(gaits: Sequence[Gait]) -> list[str]:
    """Headings of the table: for the first file its range, for others also how much lies within it."""
    first, *others = [one.name for one in gaits]
    return ["", first, *(text for name in others for text in (name, f"in the range of {first}"))]


def cells_of(row: Row) -> list[str]:
    """A measure as a row of this table."""
    first, *others = row.summaries
    unit = f", {row.measure.unit}" if row.measure.unit else ""
    further = (text for one in others for text in (value_text(row.measure, one), share_text(one.within)))
    return [row.measure.name + unit, value_text(row.measure, first), *further]


def value_text(measure: Measure, one: Summary) -> str:
    """Median and range, or a dash for too few strides."""
    if math.isnan(one.median):
        return "-"
    median, low, high = (f"{measure.factor * x:.3g}" for x in (one.median, one.low, one.high))
    return f"{median} ({low} to {high})"


def share_text(share: float) -> str:
    """A fraction, or a dash where it is unknown."""
    return "-" if math.isnan(share) else f"{share:.2f}"


def print_gaits(gaits: Sequence[Gait], rows: Sequence[Row]) -> None:
    """The table of measures on standard output."""
    print_table(columns_of(gaits), [cells_of(row) for row in rows])
