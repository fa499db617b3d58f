"""Gaits of several files side by side: medians, ranges, and how much of each lies in the range of the first.

gaits = [Gait.of(path.stem, read_motions(path, animal=False), settings) for path in paths]
rows = compared(gaits, settings)
rows[0].measure.name, rows[0].summaries[1].median, rows[0].summaries[1].within
"""

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np

from analysis.gait.settings import GaitSettings
from analysis.gait.strides import FIRST_PAW, Table, strides_of
from analysis.motion import MotionSet
from rodent.errors import InputError
from rodent.kinematics.paws import PAW_NAMES

RANGE = (2.5, 97.5)
"""Percentiles between which the range of strides lies."""


@dataclasses.dataclass(frozen=True)
class Measure:
    """What is measured of strides of some paws."""

    name: str
    column: str
    """Of the table of strides."""
    paws: tuple[int, ...]
    unit: str = ""
    factor: float = 1.0
    """From SI units to this unit."""
    circular: bool = False
    """Whether it is an angle, in cycles."""


_OF_LIMBS = (
    ("speed", "speed", "m/s", 1.0),
    ("strides per second", "frequency", "1/s", 1.0),
    ("stride length", "length", "mm", 1e3),
    ("stance", "stance", "ms", 1e3),
    ("swing", "swing", "ms", 1e3),
    ("duty factor", "duty_factor", "", 1.0),
    ("lift", "lift", "mm", 1e3),
)
LIMBS = {"fore": (0, 1), "hind": (2, 3)}
"""Indices of their paws, by kind of limb."""

MEASURES = tuple(
    Measure(f"{name}, {limb}", column, paws, unit, factor)
    for name, column, unit, factor in _OF_LIMBS
    for limb, paws in LIMBS.items()
) + tuple(
    Measure(f"phase of {name}", "phase", (paw,), "cycles", circular=True)
    for paw, name in enumerate(PAW_NAMES)
    if paw != FIRST_PAW
)
"""In the order of tables; phases are relative to the left hind paw."""


@dataclasses.dataclass(frozen=True, eq=False)
class Gait:
    """The strides of one file."""

    name: str
    """For tables and figures."""
    motions: MotionSet
    strides: Table

    @classmethod
    def of(cls, name: str, motions: MotionSet, settings: GaitSettings) -> Self:
        """Find the strides of all motions of a file.

        Raises:
            InputError: there are none.
        """
        strides = strides_of(motions, settings)
        if not len(strides["paw"]):
            raise InputError(
                f"{motions.place} has no strides: no paw touches down twice within {settings.longest:g} s "
                f"while the rat moves at {settings.slowest:g} m/s or faster; see --slowest and --longest"
            )
        return cls(name, motions, strides)

    def values(self, measure: Measure) -> np.ndarray:
        """Of all strides in which it is known, in SI units or cycles, shape (n,)."""
        values = self.strides[measure.column][np.isin(self.strides["paw"], measure.paws)]
        return values[np.isfinite(values)]


@dataclasses.dataclass(frozen=True)
class Summary:
    """A measure in one file, in SI units or cycles; NaN where there are too few strides."""

    count: int
    median: float
    low: float
    high: float
    """Ends of the range, see `RANGE`."""
    within: float
    """Fraction of strides within the range of the first file."""


@dataclasses.dataclass(frozen=True)
class Row:
    """A measure in all files, in their order."""

    measure: Measure
    summaries: tuple[Summary, ...]


def compared(gaits: Sequence[Gait], settings: GaitSettings) -> list[Row]:
    """Every measure in every file; the first is what the others are compared with."""
    return [_row(measure, gaits, settings.least) for measure in MEASURES]


def _row(measure: Measure, gaits: Sequence[Gait], least: int) -> Row:
    values = [one.values(measure) for one in gaits]
    if measure.circular:
        values = _unwrapped(values)
    known = [one if len(one) >= least else np.array([]) for one in values]
    ends = [np.percentile(one, RANGE) if len(one) else (np.nan, np.nan) for one in known]
    low, high = ends[0]
    return Row(
        measure,
        tuple(
            Summary(
                len(all_values),
                float(np.median(one)) if len(one) else float("nan"),
                *map(float, between),
                float(np.mean((one >= low) & (one <= high))) if len(one) and low == low else float("nan"),
            )
            for all_values, one, between in zip(values, known, ends, strict=True)
        ),
    )


def _unwrapped(cycles: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Phases as numbers within half a cycle of the circular mean of the first file that has any."""
    first = next((one for one in cycles if len(one)), np.zeros(1))
    middle = float(np.angle(np.exp(2j * np.pi * first).mean()) / (2 * np.pi))
    middle = (middle + 0.25) % 1.0 - 0.25  # about 0 for paws that touch down together, 0.5 for opposite ones
    return [middle + (one - middle + 0.5) % 1.0 - 0.5 for one in cycles]
