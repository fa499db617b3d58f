"""The table of outcomes of an experiment: one row per rollout of one virtual animal.

table = read_outcomes(Path("experiment"))       # the folder, or its outcomes.parquet
table["arm"], table["frames_tracked"]           # columns, shape (rows,)
table.outcomes                                  # the outcomes that were measured
"""

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rodent.errors import InputError, unknown
from rodent.experiment.measures import ACTIVITY
from rodent.experiment.spec import INTACT
from rodent.experiment.table import FILE
from rodent.files import existing_file

_TEXTS = ("policy", "clip", "arm", "control")
_WHOLE = ("start", "draw", "seed", "frames", "frames_tracked", "changed_values")


class Outcome(NamedTuple):
    """What is measured in a rollout.

    Attributes:
        label: for readers.
        unit: SI; `1` for a fraction.
        shown: the unit in reports.
        factor: from the unit to that of reports.
    """

    label: str
    unit: str
    shown: str
    factor: float = 1.0

    @property
    def axis(self) -> str:
        """Label with the unit of reports."""
        named = self.shown == "1" or self.shown in self.label
        return self.label if named else f"{self.label}, {self.shown}"

    @property
    def suffix(self) -> str:
        """The unit of reports after a number."""
        return "" if self.shown == "1" else f"\u00a0{self.shown}"


OUTCOMES: Mapping[str, Outcome] = {
    "frames_tracked": Outcome("frames tracked", "frames", "frames"),
    "success": Outcome("tracked to the end", "1", "%", 100.0),
    "root_error": Outcome("root position error", "m", "mm", 1000.0),
    "joint_error": Outcome("joint angle error", "rad", "degrees", 180 / np.pi),
    "body_error": Outcome("body position error", "m", "mm", 1000.0),
    "end_effector_error": Outcome("end-effector error", "m", "mm", 1000.0),
    "speed": Outcome("speed", "m/s", "m/s"),
    "stride_length": Outcome("stride length", "m", "mm", 1000.0),
    "stance_sliding": Outcome("sliding in stance", "m/s", "mm/s", 1000.0),
    "energy": Outcome("energy", "J", "J"),
}
"""The outcomes that every table has, by column; some may be NaN."""
VARIABILITY = "variability:"
"""Prefix of the outcomes that are the variability of a variable of behaviour; see `variability`."""
_VARIABLES: Mapping[str, Outcome] = {
    "speed": Outcome("variability of speed", "m/s", "mm/s", 1000.0),
    "yaw-speed": Outcome("variability of turning", "rad/s", "degrees/s", 180 / np.pi),
    "height": Outcome("variability of height", "m", "mm", 1000.0),
}


def outcome_of(column: str) -> Outcome:
    """Label and unit of a column.

    Raises:
        InputError: the column is no outcome.
    """
    if column.startswith(ACTIVITY):
        return Outcome(f"activity of {column.removeprefix(ACTIVITY)}", "1", "1")
    if column.startswith(VARIABILITY):
        variable, _, body = column.removeprefix(VARIABILITY).partition("/")
        what = _VARIABLES[variable]
        return what._replace(label=f"{what.label} of {body}") if body else what
    if column not in OUTCOMES:
        raise unknown("outcome", column, [*OUTCOMES, f"{ACTIVITY}LAYER", f"{VARIABILITY}VARIABLE"])
    return OUTCOMES[column]


@dataclasses.dataclass(frozen=True)
class OutcomeTable:
    """Rollouts of virtual animals, and what was measured.

    Attributes:
        columns: by name, each of shape (rows,): `policy`, `clip`, `arm`, `control` (`""` for the arm itself,
            else the kind of control), `start`, `seed`, `draw`, `dose` (0 for intact), `frames` (length of the
            rollout), `changed_values`, and the outcomes.
        place: where it is from, for messages.
    """

    columns: Mapping[str, np.ndarray]
    place: str = "the table of outcomes"

    def __post_init__(self) -> None:
        required = (*_TEXTS, *_WHOLE, "dose", *OUTCOMES)
        if missing := [name for name in required if name not in self.columns]:
            raise InputError(
                f"{self.place} lacks the columns {', '.join(missing)}; "
                f"expected a table that `rodent experiment run` wrote"
            )
        lengths = {name: len(column) for name, column in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise InputError(f"{self.place} has columns of different lengths: {lengths}")
        if not len(self.columns["arm"]):
            raise InputError(f"{self.place} has no rows; expected a rollout at least")
        for name in (*_WHOLE, "dose", *self._numbers):
            if self.columns[name].dtype.kind not in "biuf":
                raise InputError(f"column {name!r} of {self.place} holds no numbers")
        dose, intact = self.columns["dose"], self.columns["arm"] == INTACT
        if wrong := np.flatnonzero(~np.isfinite(dose) | ((dose == 0) != intact)).tolist():
            row = wrong[0]
            raise InputError(
                f"{self.place}: row {row} has the arm {str(self.columns['arm'][row])!r} and the dose "
                f"{dose[row]:g}; expected dose 0 for the arm {INTACT!r}, and for no other"
            )

    @property
    def _numbers(self) -> list[str]:
        return [*OUTCOMES, *(name for name in self.columns if name.startswith((ACTIVITY, VARIABILITY)))]

    @functools.cached_property
    def outcomes(self) -> tuple[str, ...]:
        """The columns of outcomes that hold a number at least."""
        return tuple(name for name in self._numbers if np.isfinite(self.columns[name].astype(float)).any())

    @functools.cached_property
    def arms(self) -> tuple[str, ...]:
        """The arms, in the order of the table; `intact` is none."""
        return tuple(name for name in dict.fromkeys(self.columns["arm"].tolist()) if name != INTACT)

    def __getitem__(self, column: str) -> np.ndarray:
        """A column, shape (rows,).

        Raises:
            InputError: there is none of this name.
        """
        if column not in self.columns:
            raise unknown("column", column, self.columns, self.place)
        return self.columns[column]

    def __len__(self) -> int:
        return len(self.columns["arm"])


def read_outcomes(path: Path) -> OutcomeTable:
    """Read the table of an experiment.

    Args:
        path: the folder of the experiment, or the Parquet file.

    Raises:
        InputError: there is no such file, it is no table of outcomes, or pyarrow is missing.
    """
    file = path / FILE if path.is_dir() else existing_file(path)
    if not file.is_file():
        raise InputError(f"{path} has no {FILE}; run the experiment first: rodent experiment run {path}")
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError(f"{file}: Parquet needs pyarrow: pip install 'virtual-rodent[parquet]'") from None
    try:
        read = pyarrow.parquet.read_table(file)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise InputError(f"{file} is no Parquet file: {' '.join(str(error).split())}") from error
    columns = {}
    for name in read.column_names:
        values = read[name].to_numpy()
        columns[name] = values.astype(str) if name in _TEXTS else values
    return OutcomeTable(columns, str(file))
