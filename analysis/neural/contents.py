"""What is in a file of spikes, as rows of tables: neurons, groups of them, columns, epochs and behavior."""

from typing import Any

import numpy as np

from analysis.neural.quality import UnitQuality
from analysis.neural.session import NeuralSession
from analysis.neural.table import summary
from rodent.errors import InputError


def neuron_rows(quality: UnitQuality, session: NeuralSession) -> list[dict[str, Any]]:
    """The verdicts, and what the file itself says of each neuron."""
    columns = session.table.items()
    return [
        row | {"table": {name: values[i] for name, values in columns}} for i, row in enumerate(quality.table)
    ]


def group_rows(quality: UnitQuality, labels: np.ndarray) -> list[dict[str, Any]]:
    """How many neurons there are of each group, how many of them are good, and what these are like."""
    rows = []
    for group in np.unique(labels).tolist():
        good = [quality.table[i] for i in np.flatnonzero((labels == group) & quality.good)]
        rows.append(
            {"group": group, "neurons": int((labels == group).sum()), "good": len(good)}
            | {"spikes": int(sum(row["spikes"] for row in good))}
            | {
                f"median_{key}": float(np.median([row[key] for row in good])) if good else float("nan")
                for key in ("rate_hz", "presence", "fano")
            }
        )
    return rows


def column_rows(session: NeuralSession) -> list[dict[str, Any]]:
    """The columns of the units table, for --select and --group."""
    return [{"column": name, "entries": summary(values)} for name, values in session.table.items()]


def epoch_rows(session: NeuralSession) -> list[dict[str, Any]]:
    """The epochs by name: how many intervals, and how long together."""
    return [
        {"epoch": name, "intervals": len(epoch), "seconds": float(epoch.tot_length())}
        for name, epoch in session.epochs.items()
    ]


def behavior_rows(session: NeuralSession) -> tuple[list[dict[str, Any]], list[str]]:
    """The series of behavior, and a note for each that cannot be read."""
    rows, notes = [], []
    for name in session.behavior:
        try:
            series = session.behavior[name]
        except InputError as error:  # the spikes are good without it
            notes.append(f"the series {name} cannot be read: {error}")
            continue
        times, values = np.asarray(series.t), np.asarray(series.values)
        seen = np.isfinite(values.reshape(len(values), -1)).all(1)
        rate = 1 / float(np.median(np.diff(times))) if len(times) > 1 else float("nan")
        shape = " × ".join(map(str, values.shape[1:])) or "1"
        rows.append(
            {
                "behavior": name,
                "samples": len(times),
                "shape": shape,
                "hz": rate,
                "missing": float(1 - seen.mean()),
            }
            | {"start_seconds": times[0], "stop_seconds": times[-1]}
        )
    return rows, notes
