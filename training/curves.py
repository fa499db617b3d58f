"""Learning curves: one table per run, and a plot of several runs with intervals over seeds.

    axes = plot_learning({"PPO": [Path("runs/a0"), Path("runs/a1")]}, axes, "success_rate")

`learning.csv` has a row for every evaluation: seed, iteration, steps and seconds, and the metrics of the
evaluation.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rodent.errors import InputError
from rodent.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TABLE = "learning.csv"
_FIRST = ("seed", "iteration", "steps", "seconds")
_SHARES = ("success_rate", "attained")
_DRAWS, _POINTS = 1000, 200


def write_learning(folder: Path, seed: int) -> None:
    """Write `learning.csv` from the rows of metrics.jsonl that have an evaluation."""
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    rows = [{"seed": seed} | row for row in rows if "success_rate" in row]
    if not rows:
        return
    metrics = [name for name in rows[0] if name in _SHARES or name.startswith(("tracking/", "task/"))]
    with atomic_path(folder / TABLE) as temporary, temporary.open("w", newline="") as file:
        table = csv.DictWriter(file, [*_FIRST, *metrics], extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)


def read_learning(folder: Path) -> dict[str, np.ndarray]:
    """The columns of a run's learning curve, shape (evaluations,) each.

    Raises:
        InputError: the run has no learning curve.
    """
    path = Path(folder) / TABLE
    if not path.is_file():
        raise InputError(f"{folder} has no {TABLE}; expected a run folder with at least one evaluation")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in rows[0]}


def plot_learning(
    groups: Mapping[str, Sequence[Path]],
    axes: "Axes",
    metric: str = "success_rate",
    against: str = "steps",
) -> "Axes":
    """Plot the mean learning curve of each group of runs, and its 95 % interval over runs.

    Args:
        groups: run folders by label, such as runs with the same settings and different seeds.
        axes: to plot on.
        metric: column of the learning curves.
        against: `steps` or `seconds`.

    Returns:
        the axes.

    Raises:
        InputError: a run has no learning curve, or its curve does not have this metric.
    """
    random = np.random.default_rng(0)
    for label, folders in groups.items():
        curves = [read_learning(folder) for folder in folders]
        for folder, curve in zip(folders, curves, strict=True):
            if metric not in curve or against not in curve:
                known = ", ".join(curve)
                raise InputError(f"{folder} has no metric {metric!r} against {against!r}; it has {known}")
        end = min(curve[against][-1] for curve in curves)
        begin = max(curve[against][0] for curve in curves)
        x = np.linspace(begin, max(begin, end), _POINTS)
        y = np.stack([np.interp(x, curve[against], curve[metric]) for curve in curves])
        (line,) = axes.plot(x, y.mean(0), label=f"{label} (n = {len(curves)})")
        if len(curves) > 1:
            means = y[random.integers(len(y), size=(_DRAWS, len(y)))].mean(1)
            low, high = np.percentile(means, (2.5, 97.5), axis=0)
            axes.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.set_xlabel({"steps": "control steps", "seconds": "seconds"}.get(against, against))
    axes.set_ylabel(metric.removeprefix("tracking/").removeprefix("task/").replace("_", " "))
    axes.legend(frameon=False)
    return axes
