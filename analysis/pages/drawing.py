"""Figures of results: each function takes arrays and gives one matplotlib figure.

figure = curve(minutes, lifespan, "minutes of training", "frames tracked")
figure.savefig("curve.svg")
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# distinct to every kind of colour vision (Okabe & Ito, Color universal design, 2008)
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
_GREY = "#98A2B3"
_WIDTH = 8.0  # inches; a page scales it to its own


def curve(x: np.ndarray, y: np.ndarray, x_label: str, y_label: str, top: float | None = None) -> "Figure":
    """One figure of merit over time; `top` is a line at the best there can be."""
    figure, axes = _empty(3.0)
    if top is not None:
        axes.axhline(top, color=_GREY, linestyle="--", linewidth=1)
    axes.plot(x, y, color=COLORS[0], marker="o", markersize=4)
    axes.set(xlabel=x_label, ylabel=y_label, ylim=(0, None))
    return figure


def bars(names: Sequence[str], values: Mapping[str, np.ndarray], x_label: str) -> "Figure":
    """Groups of horizontal bars: for every name one bar of each kind.

    Args:
        names: of the groups, from top to bottom.
        values: by kind, arrays of shape (names,).
        x_label: what the values are.
    """
    figure, axes = _empty(0.8 + 0.2 * len(names) * len(values))
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
    figure, axes = _empty(2.4)
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
    figure, axes = _empty(0.8 + 0.2 * len(names))
    at = np.arange(len(names))
    axes.hlines(at, *limits.T, color="#E3E6EC", linewidth=6)
    axes.hlines(at, low, high, color=COLORS[0], linewidth=3)
    axes.set(yticks=at, yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    return figure


def activity(seconds: np.ndarray, units: np.ndarray, spikes: np.ndarray, bin_seconds: float) -> "Figure":
    """What units did, over what neurons fired.

    Args:
        seconds: of the frames, shape (frames,).
        units: activations, shape (frames, units); drawn in standard deviations, in the order of
            their moments of greatest activity.
        spikes: counts, shape (bins, neurons), beginning with the first frame.
        bin_seconds: length of a bin.
    """
    figure, (above, below) = _stack((2.6, 1.4))
    live = units[:, units.std(0) > 0]
    z = (live - live.mean(0)) / live.std(0)
    z = z[:, np.argsort(np.argmax(z, axis=0), kind="stable")]
    end = float(seconds[-1])
    above.imshow(
        z.T,
        aspect="auto",
        cmap="RdBu_r",
        vmin=-2.5,
        vmax=2.5,
        extent=(0, end, z.shape[1], 0),
        rasterized=True,
    )
    above.set(ylabel="unit", xticklabels=[])
    bins, neurons = np.nonzero(spikes)
    below.scatter((bins + 0.5) * bin_seconds, neurons, s=4 * spikes[bins, neurons], color="black", marker="|")
    below.set(xlabel="seconds", ylabel="neuron", xlim=(0, end), ylim=(spikes.shape[1] - 0.5, -0.5))
    return figure


def scores(found: Mapping[str, np.ndarray], null: Mapping[str, np.ndarray], unit: str) -> "Figure":
    """A dot per neuron: its score, filled, and beside it that of the null, empty.

    Args:
        found, null: by kind of neuron, arrays of shape (neurons,).
        unit: of the scores.
    """
    figure, axes = _empty(3.2)
    axes.axhline(0, color=_GREY, linewidth=1)
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


def _empty(height: float) -> "tuple[Figure, Axes]":
    figure, (axes,) = _stack((height,))
    return figure, axes


def _stack(heights: Sequence[float]) -> "tuple[Figure, list[Axes]]":
    """An empty figure of axes one above the other; heights in inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, sum(heights)), layout="constrained")
    grid = figure.subplots(len(heights), squeeze=False, height_ratios=heights)
    axes = list(grid[:, 0])
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes
