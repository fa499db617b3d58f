"""Figures of results: each function takes arrays and returns one matplotlib figure.

figure = curve(minutes, lifespan, "minutes of training", "frames tracked")
write_figures({"curve": figure}, folder)
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from rodent.files import atomic_path
from rodent.pages.numbers import numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# distinct to every kind of colour vision (Okabe & Ito, Color universal design, 2008)
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
_DASHES = ("-", "--", ":", "-.")
GREY = "#98A2B3"
"""Of lines that others are compared with."""
_SHADE = "#7A8496"
_WIDTH = 8.0  # inches; a page scales it to its own
_MOST_DOTS = 1500  # drawn each by itself; more become a picture


def curve(x: np.ndarray, y: np.ndarray, x_label: str, y_label: str, top: float | None = None) -> "Figure":
    """One metric over time; `top` adds a line at the best possible value."""
    figure, axes = empty(3.0)
    if top is not None:
        axes.axhline(top, color=GREY, linestyle="--", linewidth=1)
    axes.plot(x, y, color=COLORS[0], marker="o", markersize=4)
    axes.set(xlabel=x_label, ylabel=y_label, ylim=(0, None))
    return figure


def courses(panels: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray]]], x_label: str) -> "Figure":
    """Metrics over time, one plot above the other, each with a line for every run.

    Args:
        panels: by metric: for every run, x and y of shape (n,).
        x_label: label of x.
    """
    figure, stack = stacked([2.2] * len(panels))
    for axes, (y_label, runs) in zip(stack, panels.items(), strict=True):
        for i, (name, (x, y)) in enumerate(runs.items()):
            axes.plot(x, y, **_line(i), linewidth=1.4, label=name)
        axes.set(ylabel=y_label, ylim=(0, None))
        axes.sharex(stack[-1])
        axes.tick_params(labelbottom=axes is stack[-1])
    stack[-1].set(xlabel=x_label, xlim=(0, None))
    names, handles = stack[0].get_legend_handles_labels()[::-1]
    if len(names) > 1:
        figure.legend(handles, names, frameon=False, loc="outside upper center", ncols=min(len(names), 4))
    return figure


def bars(names: Sequence[str], values: Mapping[str, np.ndarray], x_label: str) -> "Figure":
    """Groups of horizontal bars: for every name one bar of each kind.

    Args:
        names: of the groups, from top to bottom.
        values: by kind, arrays of shape (names,).
        x_label: label of the values.
    """
    figure, axes = empty(0.8 + 0.2 * len(names) * len(values))
    thick = 0.8 / len(values)
    for i, (kind, lengths) in enumerate(values.items()):
        at = np.arange(len(names)) + (i - (len(values) - 1) / 2) * thick
        axes.barh(at, lengths, height=thick, color=COLORS[i], label=kind)
    axes.set(xlabel=x_label, yticks=np.arange(len(names)), yticklabels=names)
    axes.invert_yaxis()
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(values))
    return figure


def line(x: np.ndarray, y: np.ndarray, x_label: str, y_label: str) -> "Figure":
    """Values at many moments, arrays of shape (n,)."""
    figure, axes = empty(2.4)
    axes.plot(x, y, color=COLORS[0], linewidth=0.8)
    axes.set(xlabel=x_label, ylabel=y_label, xlim=(x[0], x[-1]))
    return figure


def spans(names: Sequence[str], low: np.ndarray, high: np.ndarray, limits: np.ndarray) -> "Figure":
    """For every name the span of its values within the limits.

    Args:
        names: from top to bottom.
        low, high: ends of the spans, shape (names,).
        limits: shape (names, 2).
    """
    figure, axes = empty(0.8 + 0.2 * len(names))
    at = np.arange(len(names))
    axes.hlines(at, *limits.T, color="#E3E6EC", linewidth=6)
    axes.hlines(at, low, high, color=COLORS[0], linewidth=3)
    axes.set(yticks=at, yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    return figure


def activity(seconds: np.ndarray, units: np.ndarray, spikes: np.ndarray, bin_seconds: float) -> "Figure":
    """Activations of units, above the spike counts of neurons.

    Args:
        seconds: of the frames, shape (frames,).
        units: activations, shape (frames, units); shown in standard deviations, sorted by the time of their
            largest activity.
        spikes: counts, shape (bins, neurons), beginning with the first frame.
        bin_seconds: length of a bin.
    """
    figure, (above, below) = stacked((2.6, 1.4))
    live = units[:, units.std(0) > 0]
    z = (live - live.mean(0)) / live.std(0)
    z = z[:, np.argsort(np.argmax(z, axis=0), kind="stable")]
    end = float(seconds[-1])
    picture = above.imshow(
        z.T,
        aspect="auto",
        cmap="RdBu_r",
        vmin=-2.5,
        vmax=2.5,
        extent=(0, end, z.shape[1], 0),
        rasterized=True,
    )
    # beside both, so that their times stay one above the other
    figure.colorbar(picture, ax=(above, below), label="activation, standard deviations", pad=0.01, aspect=40)
    above.set(ylabel="unit", xticklabels=[])
    bins, neurons = np.nonzero(spikes)
    below.scatter((bins + 0.5) * bin_seconds, neurons, s=4 * spikes[bins, neurons], color="black", marker="|")
    below.set(xlabel="seconds", ylabel="neuron", xlim=(0, end), ylim=(spikes.shape[1] - 0.5, -0.5))
    return figure


def scores(found: Mapping[str, np.ndarray], null: Mapping[str, np.ndarray], unit: str) -> "Figure":
    """A dot per neuron for its score (filled), and one for its null (empty).

    Args:
        found, null: by kind of neuron, arrays of shape (neurons,).
        unit: of the scores.
    """
    figure, axes = empty(3.2)
    axes.axhline(0, color=GREY, linewidth=1)
    labels = []
    for color, kind in zip(COLORS, found, strict=False):
        columns = ((kind, color, found[kind]), (f"{kind},\nshifted in time", "none", null[kind]))
        for label, fill, values in columns:
            at = len(labels)
            spread = np.linspace(-0.15, 0.15, len(values))
            axes.scatter(at + spread, values, s=18, color=fill, edgecolor=color)
            axes.hlines(values.mean(), at - 0.25, at + 0.25, color=color)
            labels.append(label)
    axes.set(ylabel=unit, xticks=range(len(labels)), xticklabels=labels)
    return figure


def layer_scores(
    layers: Sequence[str], found: Sequence[np.ndarray], null: Sequence[np.ndarray], unit: str
) -> "Figure":
    """For every layer a row of dots for scores, one per neuron, and below it a row for their nulls.

    Args:
        layers: from top to bottom.
        found, null: of each layer, shape (neurons,).
        unit: of the scores.
    """
    figure, axes = empty(0.9 + 0.45 * len(layers))
    axes.axvline(0, color=GREY, linewidth=1)
    many = sum(map(len, found)) > _MOST_DOTS
    for kind, color, at, values in (("score", COLORS[0], -0.17, found), ("null", "none", 0.17, null)):
        edge = COLORS[0] if kind == "score" else _SHADE
        for i, dots in enumerate(values):
            spread = i + at + 0.08 * np.sin(2.4 * np.arange(len(dots)))  # apart, and the same each time
            label = kind if i == 0 else None
            axes.scatter(dots, spread, s=10, color=color, edgecolor=edge, linewidth=0.6, label=label)
            axes.vlines(np.nanmean(dots), i + at - 0.19, i + at + 0.19, color=edge, linewidth=2.5)
    for dots in axes.collections:
        dots.set_rasterized(many)
    axes.set(xlabel=unit, yticks=range(len(layers)), yticklabels=layers, ylim=(len(layers) - 0.5, -0.5))
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


def intervals(
    names: Sequence[str],
    values: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    x_label: str,
) -> "Figure":
    """For every name a value and its interval.

    Args:
        names: from top to bottom.
        values: shape (names,).
        low, high: ends of the intervals, NaN where there is none, shape (names,).
        x_label: what they are.
    """
    figure, axes = empty(0.9 + 0.28 * len(names))
    axes.axvline(0, color=GREY, linewidth=1)
    at = np.arange(len(names))
    known = np.isfinite(low) & np.isfinite(high)
    axes.hlines(at[known], low[known], high[known], color=COLORS[0], linewidth=1.5)
    axes.scatter(values, at, s=28, color=COLORS[0], zorder=3)
    axes.set(xlabel=x_label, yticks=at, yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    return figure


def _line(i: int) -> dict[str, Any]:
    """Style of the i-th line: first by colour, then by dashes."""
    return {"color": COLORS[i % len(COLORS)], "linestyle": _DASHES[i // len(COLORS) % len(_DASHES)]}


def write_figures(figures: Mapping[str, "Figure"], folder: Path) -> None:
    """Write figures as NAME.svg and NAME.png, and their numbers as NAME.figure.csv, each atomically.

    Args:
        figures: by name.
        folder: an existing one.

    Raises:
        InputError: they cannot be written there.
        WorkError: the disk is full.
    """
    for name, figure in figures.items():
        with atomic_path(folder / f"{name}.figure.csv") as temporary:
            temporary.write_text(numbers(figure), encoding="utf-8", newline="")
        for kind, metadata in (("svg", {"Date": None}), ("png", {})):
            with atomic_path(folder / f"{name}.{kind}") as temporary:
                save_figure(figure, temporary, kind, metadata)


def save_figure(figure: "Figure", file: Path | IO[bytes], kind: str, metadata: Mapping[str, Any]) -> None:
    """Draw a figure into a file, reproducibly. Names with `$` stand as they are: they begin no formula.

    Args:
        figure: to draw.
        file: its path, or open for writing.
        kind: format, `svg` or `png`.
        metadata: of the file; None leaves out what matplotlib writes by itself.
    """
    import matplotlib
    from matplotlib.text import Text
    from matplotlib.ticker import LogFormatter

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if isinstance(axis.get_major_formatter(), LogFormatter):  # powers are written as formulas
            for text in (*axis.get_majorticklabels(), *axis.get_minorticklabels()):
                text.set_parse_math(True)
    with matplotlib.rc_context({"svg.hashsalt": "rodent", "svg.fonttype": "none"}):
        figure.savefig(file, format=kind, dpi=150, bbox_inches="tight", metadata=dict(metadata))


def empty(height: float) -> "tuple[Figure, Axes]":
    """An empty figure of this height, inches, and its axes."""
    figure, (axes,) = stacked((height,))
    return figure, axes


def stacked(heights: Sequence[float]) -> "tuple[Figure, list[Axes]]":
    """An empty figure of axes one above the other; heights in inches."""
    return _grid(len(heights), 1, sum(heights), height_ratios=heights)


def beside(count: int, height: float) -> "tuple[Figure, list[Axes]]":
    """An empty figure of axes side by side; height in inches."""
    return _grid(1, count, height)


def _grid(rows: int, columns: int, height: float, **how: Any) -> "tuple[Figure, list[Axes]]":
    """An empty figure and its axes, from left to right and from top to bottom."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False, **how).flat)
    for ax in axes:
        unboxed(ax)
    return figure, axes


def unboxed(axes: "Axes") -> None:
    """Leave the axes without lines at the top and on the right."""
    axes.spines[["top", "right"]].set_visible(False)
