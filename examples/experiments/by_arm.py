"""Draw outcomes of an experiment by arm and dose: means over clips, with 95 % intervals.

python examples/experiments/by_arm.py exchange --out exchange.png --outcomes frames_tracked joint_error
"""

import dataclasses
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import tyro
from matplotlib.figure import Figure

from analysis.effects.outcomes import OutcomeTable, outcome_of, read_outcomes
from rodent.experiment.spec import INTACT
from rodent.pages.drawing import COLORS

_DRAWS = 2000


@dataclasses.dataclass(frozen=True)
class Options:
    """What is drawn."""

    folder: tyro.conf.Positional[Path]
    """The folder of an experiment that is done."""
    out: Path
    """The PNG file to write."""
    outcomes: tuple[str, ...] = ("frames_tracked", "speed")
    """Columns of the table; a panel each."""


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and 95 % interval by bootstrap over clips, of one value per clip."""
    chosen = np.random.default_rng(0).integers(0, len(values), (_DRAWS, len(values)))
    low, high = np.quantile(values[chosen].mean(1), (0.025, 0.975))
    return float(values.mean()), float(low), float(high)


def by_clip(columns: Mapping[str, np.ndarray], outcome: str, factor: float, chosen: np.ndarray) -> np.ndarray:
    """Mean outcome of each clip in some rows, in the unit of reports."""
    values = factor * np.asarray(columns[outcome], float)
    chosen = chosen & np.isfinite(values)  # a rat that falls at once has no stride
    clips = dict.fromkeys(columns["clip"][chosen])
    return np.array([values[chosen & (columns["clip"] == clip)].mean() for clip in clips])


def draw(table: OutcomeTable, outcomes: tuple[str, ...]) -> Figure:
    """A row per arm and dose, a panel per outcome, a colour per policy; intact rats are vertical lines."""
    columns = table.columns
    treated = (columns["arm"] != INTACT) & (columns["control"] == "")
    rows = dict.fromkeys(zip(columns["arm"][treated], columns["dose"][treated], strict=True))
    doses = {arm: sum(one == arm for one, _ in rows) for arm, _ in rows}
    names = [f"{arm}, {dose:g}" if doses[arm] > 1 else arm for arm, dose in rows]
    figure = Figure(figsize=(9, 1 + 0.22 * len(rows)), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(outcomes), sharey=True))
    policies = list(dict.fromkeys(columns["policy"]))
    for axes, outcome in zip(panels, outcomes, strict=True):
        shown = outcome_of(outcome)
        values_of = partial(by_clip, columns, outcome, shown.factor)
        for k, policy in enumerate(policies):
            mine = columns["policy"] == policy

            axes.axvline(values_of(mine & (columns["arm"] == INTACT)).mean(), color=COLORS[k], linewidth=0.8)
            for i, (arm, dose) in enumerate(rows):
                chosen = mine & treated & (columns["arm"] == arm) & (columns["dose"] == dose)
                mean, low, high = interval(values_of(chosen))
                place = i + 0.24 * (k - (len(policies) - 1) / 2)
                axes.plot([low, high], [place, place], color=COLORS[k], linewidth=1.2)
                axes.plot(mean, place, "o", color=COLORS[k], markersize=4, label=policy if i == 0 else None)
        axes.set(xlabel=shown.axis)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(policies), frameon=False)
    return figure


def main(options: Options) -> None:
    """Read and draw."""
    draw(read_outcomes(options.folder), options.outcomes).savefig(options.out, dpi=100)


if __name__ == "__main__":
    main(tyro.cli(Options))
