"""Results of classified neurons: as JSON, as a table on the terminal, and as a section of a page."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.twin.mapping import LabelMap, adjusted_p
from rodent.pages.drawing import COLORS, GREY
from rodent.pages.output import print_table
from rodent.pages.page import Drawing, Section, Table
from rodent.versions import versions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCHEMA, VERSION = "virtual-rodent/twin-map", 1
_COLUMNS = ["label", "classes", "animals", "model", "accuracy", "permuted, 95 %", "p", "p (Holm)"]
_TEXT = (
    "Neurons of each animal are classified by a linear discriminant that is fitted to the other animals. "
    "Balanced accuracy: mean over classes of the fraction that is classified right. Permuted: the same for "
    "labels permuted within animals. What the rate explains of readouts and weights is taken off first; the "
    "rate alone is a model of its own. Holm's correction is over labels."
)


def maps_to_json(maps: Sequence[LabelMap]) -> dict[str, Any]:
    """The output of `rodent twin map --json`."""
    adjusted = _adjusted(maps)
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "labels": [
            {
                "label": one.label,
                "counts": one.counts,
                "animals": one.animals,
                "models": {
                    model: {**dataclasses.asdict(found), "p_holm": adjusted[model][i]}
                    for model, found in one.decodings.items()
                },
            }
            for i, one in enumerate(maps)
        ],
        "versions": versions(),
    }


def print_maps(maps: Sequence[LabelMap]) -> None:
    """A row for every label and model."""
    print_table(_COLUMNS, _rows(maps))


def maps_section(maps: Sequence[LabelMap]) -> Section:
    """Accuracies with their null, as a figure and a table."""
    parts = (Drawing(maps_figure(maps), ""), Table(_COLUMNS, _rows(maps)))
    return Section("What readouts tell of neurons", _TEXT, parts)


def maps_figure(maps: Sequence[LabelMap]) -> "Figure":
    """A panel for each label, see `draw_map`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 1.0 + 1.1 * len(maps)), layout="constrained")
    for axes, one in zip(figure.subplots(len(maps), squeeze=False)[:, 0], maps, strict=True):
        draw_map(axes, one)
    axes.set_xlabel("balanced accuracy")
    return figure


def draw_map(axes: "Axes", found: LabelMap) -> "Axes":
    """Accuracy of every model as a dot, that of each animal as a small one, and the null as a bar."""
    for i, one in enumerate(found.decodings.values()):
        low, high = np.quantile(one.null, (0.025, 0.975))
        axes.barh(i, high - low, left=low, height=0.6, color=GREY, alpha=0.5, zorder=1)
        each = list(one.by_animal.values())
        axes.scatter(each, [i] * len(each), s=8, color=COLORS[0], alpha=0.5, zorder=2)
        axes.scatter(one.accuracy, i, s=36, color=COLORS[0], zorder=3)
    axes.set_yticks(range(len(found.decodings)), list(found.decodings))
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_title(f"{found.label}: {len(found.counts)} classes", loc="left", fontsize="medium")
    return axes


def _adjusted(maps: Sequence[LabelMap]) -> dict[str, np.ndarray]:
    return {model: adjusted_p(maps, model) for model in maps[0].decodings}


def _rows(maps: Sequence[LabelMap]) -> list[list[Any]]:
    adjusted = _adjusted(maps)
    return [
        [
            one.label,
            ", ".join(f"{name} {n}" for name, n in one.counts.items()),
            f"{one.animals}",
            model,
            f"{found.accuracy:.3f}",
            f"{np.quantile(found.null, 0.95):.3f}",
            f"{found.p:.3f}",
            f"{adjusted[model][i]:.3f}",
        ]
        for i, one in enumerate(maps)
        for model, found in one.decodings.items()
    ]
