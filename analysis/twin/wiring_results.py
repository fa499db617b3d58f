"""Results of similarity and connection: as JSON, as tables on the terminal, and as a section of a page."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from analysis.twin.wiring import PairedMean, Slope
from rodent.pages.drawing import COLORS, GREY
from rodent.pages.output import print_table
from rodent.pages.page import Drawing, Section, Table
from rodent.versions import versions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCHEMA, VERSION = "virtual-rodent/twin-wiring", 1
SLOPES = ["projection", "similarity", "slope", "95 %", "p", "q", "cells", "pairs", "synapses"]
MEANS = ["projection", "similarity", "connected less close", "95 %", "t", "p", "q", "cells"]
_TEXT = (
    "Slopes: Poisson regression of the number of synapses on all similarities at once, given how many "
    "synapses each presynaptic neuron has; log of the expected number per unit of similarity. Means: "
    "similarity to connected partners less that to partners that are close but not connected, paired by "
    "presynaptic neuron (t test). q: false discovery rate over the table."
)


def wiring_to_json(slopes: Sequence[Slope], means: Sequence[PairedMean]) -> dict[str, Any]:
    """The output of `rodent twin wiring --json`."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "slopes": [dataclasses.asdict(one) for one in slopes],
        "paired_means": [dataclasses.asdict(one) for one in means],
        "versions": versions(),
    }


def print_wiring(slopes: Sequence[Slope], means: Sequence[PairedMean]) -> None:
    """Both tables."""
    print_table(SLOPES, slope_rows(slopes))
    print_table(MEANS, mean_rows(means))


def wiring_section(slopes: Sequence[Slope], means: Sequence[PairedMean]) -> Section:
    """Slopes as a figure, and both tables."""
    parts = (
        Drawing(slopes_figure(slopes), ""),
        Table(SLOPES, slope_rows(slopes)),
        Table(MEANS, mean_rows(means)),
    )
    return Section("Similarity and connection", _TEXT, parts)


def slopes_figure(slopes: Sequence[Slope]) -> "Figure":
    """A figure of `draw_slopes`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 1.0 + 0.3 * len(slopes)), layout="constrained")
    draw_slopes(figure.subplots(), slopes)
    return figure


def draw_slopes(axes: "Axes", slopes: Sequence[Slope]) -> "Axes":
    """Slopes with their intervals; filled where q is 0.05 or less."""
    axes.axvline(0, color=GREY, linewidth=1)
    for i, one in enumerate(slopes):
        axes.plot([one.low, one.high], [i, i], color=COLORS[0], linewidth=1.4)
        face = COLORS[0] if one.q <= 0.05 else "white"
        axes.plot(one.slope, i, marker="o", markersize=6, color=COLORS[0], markerfacecolor=face)
    axes.set_yticks(range(len(slopes)), [f"{one.projection}, {one.similarity}" for one in slopes])
    axes.invert_yaxis()
    axes.set_xlabel("log of expected synapses per unit of similarity")
    return axes


def slope_rows(slopes: Sequence[Slope]) -> list[list[str]]:
    """A row for every slope, of columns `SLOPES`."""
    return [
        [
            one.projection,
            one.similarity,
            f"{one.slope:.3f}",
            f"{one.low:.3f} to {one.high:.3f}",
            f"{one.p:.3g}",
            f"{one.q:.3g}",
            f"{one.cells}",
            f"{one.pairs}",
            f"{one.synapses}",
        ]
        for one in slopes
    ]


def mean_rows(means: Sequence[PairedMean]) -> list[list[str]]:
    """A row for every paired mean, of columns `MEANS`."""
    return [
        [
            one.projection,
            one.similarity,
            f"{one.difference:.4f}",
            f"{one.low:.4f} to {one.high:.4f}",
            f"{one.t:.2f}",
            f"{one.p:.3g}",
            f"{one.q:.3g}",
            f"{one.cells}",
        ]
        for one in means
    ]
