"""The result of an experiment: its table of outcomes.

    outcomes = run_experiment("lesions.toml", out="lesions")
    outcomes.to_frame()                     # pandas, a row per rollout
    outcomes.plot("frames_tracked")         # mean against dose, a line per arm

`analysis.effects` computes effects from it: arm minus matched control, with intervals and p.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.errors import InputError, unknown
from rodent.experiment.folder import Experiment
from rodent.experiment.spec import INTACT
from rodent.experiment.table import FILE, require_parquet
from rodent.results import Result, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Outcomes(Result, Mapping[str, Any]):
    """Outcomes of all rollouts; as a mapping `rollouts` in the table, `shards`, and `seconds`.

    Attributes:
        experiment: in its folder.
    """

    def __init__(self, experiment: Experiment, counts: Mapping[str, float]):
        self.experiment, self._counts = experiment, dict(counts)

    def __getitem__(self, name: str) -> Any:
        return self._counts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)

    def __repr__(self) -> str:
        arms = ", ".join(arm.name for arm in self.experiment.config.arm)
        return f"Outcomes({self.experiment.folder}: {self['rollouts']:,} rollouts; arms: {arms})"

    def columns(self) -> dict[str, np.ndarray]:
        """The table, a row per rollout; see `rodent.experiment.table.COLUMNS`.

        Raises:
            InputError: pyarrow or the table is missing.
        """
        require_parquet()
        import pyarrow.parquet

        path = self.experiment.folder / FILE
        if not path.is_file():
            raise InputError(f"{path} is missing; run the experiment again")
        table = pyarrow.parquet.read_table(path)
        return {name: table[name].to_numpy() for name in table.column_names}

    def plot(self, outcome: str = "frames_tracked", axes: "Axes | None" = None) -> "Axes":
        """Draw the mean of an outcome against the dose, a line per arm and control; intact is a dashed line.

        Args:
            outcome: a column of numbers.
            axes: to draw on; None for those of a new figure.

        Raises:
            InputError: there is no such column.
        """
        table, axes = self.columns(), new_axes(axes)
        if outcome not in table or table[outcome].dtype.kind not in "biuf":
            raise unknown("outcome", outcome, [n for n, v in table.items() if v.dtype.kind in "biuf"])
        values, whole = table[outcome].astype(float), table["arm"] == INTACT
        axes.axhline(np.nanmean(values[whole]), color="#98A2B3", linestyle="--", linewidth=1, label=INTACT)
        arms = dict.fromkeys(zip(table["arm"][~whole], table["control"][~whole], strict=True))
        for arm, control in arms:
            rows = (table["arm"] == arm) & (table["control"] == control)
            doses = np.unique(table["dose"][rows])
            means = [np.nanmean(values[rows & (table["dose"] == dose)]) for dose in doses]
            label = f"{arm}, control {control}" if control else arm
            axes.plot(doses, means, marker="o", markersize=4, linestyle=":" if control else "-", label=label)
        axes.set(xlabel="dose", ylabel=outcome.replace("_", " "))
        axes.legend(frameon=False, fontsize="small")
        return axes
