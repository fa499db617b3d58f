"""The table of outcomes: a row per rollout, in the order of the specification.

    rollouts, unchanged = write_outcomes(experiment)

Rows are sorted by policy, clip, start and seed; then the intact rat; then by arm, control, dose and draw, all
in the order of the specification. Shards are read one condition after the other, so memory does not grow with
their number. The intact rat of a condition may be in several shards: it is written once, and its outcomes
must be the same everywhere.
"""

import importlib.util
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.errors import InputError, WorkError
from rodent.experiment.folder import Experiment
from rodent.experiment.measures import ACTIVITY
from rodent.experiment.series import SERIES
from rodent.experiment.spec import INTACT
from rodent.experiment.subject import Subject
from rodent.experiment.tally import Tally
from rodent.experiment.tiling import INTACT as NO_TREATMENT
from rodent.files import atomic_path

if TYPE_CHECKING:
    import pyarrow

FILE = "outcomes.parquet"
COLUMNS = {
    "policy": "string",
    "clip": "string",
    "start": "int32",
    "arm": "string",
    "control": "string",
    "dose": "float64",
    "draw": "int32",
    "seed": "int32",
    "frames": "int32",
    "frames_tracked": "int32",
    "success": "bool",
    "onset": "int32",
    "root_error": "float64",
    "joint_error": "float64",
    "body_error": "float64",
    "end_effector_error": "float64",
    "speed": "float64",
    "stride_length": "float64",
    "stance_sliding": "float64",
    "energy": "float64",
}
"""Columns before those of activity and of series, with their types. The last column is `changed_values`."""
_ROWS = 1 << 16  # of a row group


def require_parquet() -> None:
    """Check, before long work, that the table can be written.

    Raises:
        InputError: pyarrow is missing.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise InputError(
            "experiments write Parquet, which needs pyarrow: pip install 'virtual-rodent[parquet]'"
        )


def write_outcomes(experiment: Experiment) -> tuple[int, list[str]]:
    """Join all shards to the table `outcomes.parquet`.

    Returns:
        the number of rows, and a text for each arm that changed no value in any rollout, with the reason.

    Raises:
        InputError: a shard is missing or damaged.
        WorkError: intact rollouts differ between shards, or the disk is full.
    """
    import pyarrow.parquet

    schema = _schema(experiment.config.activity, experiment.config.series)
    rows, tally = 0, Tally()
    with (
        atomic_path(experiment.folder / FILE) as temporary,
        pyarrow.parquet.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for table in _row_groups(_tables(experiment, schema, tally)):
            writer.write_table(table, row_group_size=_ROWS)
            rows += len(table)
    return rows, tally.unchanged


def _schema(activity: Sequence[str], series: Sequence[str]) -> "pyarrow.Schema":
    import pyarrow

    def of(kind: str) -> "pyarrow.DataType":
        return getattr(pyarrow, "bool_" if kind == "bool" else kind)()

    types = {name: of(kind) for name, kind in COLUMNS.items()}
    types |= {f"{ACTIVITY}{layer}": of("float64") for layer in activity}
    types |= {f"{SERIES}{name}": pyarrow.list_(of("float32")) for name in series}
    return pyarrow.schema(types | {"changed_values": of("int64")})


def _tables(experiment: Experiment, schema: "pyarrow.Schema", tally: Tally) -> Iterator["pyarrow.Table"]:
    """The rows of some conditions at a time, which are counted."""
    import pyarrow

    first = 0
    for index, count in enumerate(experiment.counts):
        subject = experiment.subject(index)
        for number in range(first, first + count, subject.tiling.blocks):
            parts = [experiment.shards.read(number + block) for block in range(subject.tiling.blocks)]
            outcomes = _joined(parts, f"{experiment.folder}, shards {number} to {number + len(parts) - 1}")
            tally.add(subject, outcomes)
            columns = _keys(subject, outcomes) | outcomes
            columns |= {
                name: _lists(values, outcomes["frames_tracked"])
                for name, values in outcomes.items()
                if name.startswith(SERIES)
            }
            arrays = [pyarrow.array(columns[field.name], field.type) for field in schema]
            yield pyarrow.table(arrays, schema=schema)
        first += count


def _lists(values: np.ndarray, lengths: np.ndarray) -> "pyarrow.ListArray":
    """The first values of every row, shapes (rows, n) and (rows,)."""
    import pyarrow

    first = values[np.arange(values.shape[1]) < lengths[:, None]]
    return pyarrow.ListArray.from_arrays(np.cumsum([0, *lengths], dtype=np.int32), first)


def _joined(parts: Sequence[dict[str, np.ndarray]], where: str) -> dict[str, np.ndarray]:
    """The rows of shards of the same conditions, sorted, with each rollout once.

    Raises:
        WorkError: the same rollout has different outcomes.
    """
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((whole["treatment"], whole["condition"]))
    whole = {name: values[order] for name, values in whole.items()}
    again = np.flatnonzero((np.diff(whole["condition"]) == 0) & (np.diff(whole["treatment"]) == 0)) + 1
    for name, values in whole.items():
        if not np.array_equal(values[again], values[again - 1], equal_nan=values.dtype.kind == "f"):
            raise WorkError(
                f"{where}: the same intact rollouts differ in {name}. Shards were computed on machines whose "
                "floating-point results differ; delete these shards and run on one kind of machine"
            )
    keep = np.ones(len(order), bool)
    keep[again] = False
    return {name: values[keep] for name, values in whole.items()}


def _keys(subject: Subject, rows: dict[str, np.ndarray]) -> dict[str, Any]:
    """The columns that say what a rollout is."""
    intact = rows["treatment"] == NO_TREATMENT
    treatment = np.where(intact, 0, rows["treatment"])

    def of_treatment(values: list[Any], otherwise: Any, kind: Any) -> np.ndarray:
        return np.where(intact, otherwise, np.array(values, kind)[treatment])

    given, condition = subject.treatments, rows["condition"]
    texts = np.dtype(object)
    return {
        "policy": np.full(len(intact), subject.label, texts),
        "clip": np.array([one.clip for one in subject.conditions], texts)[condition],
        "start": np.array([one.start for one in subject.conditions])[condition],
        "seed": np.array([one.seed for one in subject.conditions])[condition],
        "arm": of_treatment([one.arm for one in given], INTACT, texts),
        "control": of_treatment([one.control for one in given], "", texts),
        "dose": of_treatment([one.dose for one in given], 0.0, float),
        "draw": of_treatment([one.draw for one in given], 0, int),
    }


def _row_groups(tables: Iterator["pyarrow.Table"]) -> Iterator["pyarrow.Table"]:
    """The same rows in larger tables."""
    import pyarrow

    held: list[pyarrow.Table] = []
    for table in tables:
        held.append(table)
        if sum(map(len, held)) >= _ROWS:
            yield pyarrow.concat_tables(held)
            held = []
    if held:
        yield pyarrow.concat_tables(held)
