"""Figures of the pages about policies.

figure = alive({"all clips": (frames, fraction)}, last)   # fraction of clips against frame
figure = errors(traces, titles)                           # a plot per clip
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rodent.pages.drawing import COLORS, unboxed
from training.survival import limit_fractions, limits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from training.evaluate import Trace

_WIDTH = 8.0  # inches
_HEIGHT = 3.0  # of a figure with one plot
_ACROSS, _EACH = 3, 1.25  # plots side by side; inches of height
_FAILED = "#E3E6EC"  # background of the frames after a failure


def alive(curves: Mapping[str, tuple[np.ndarray, np.ndarray]], last: int, what: str = "clips") -> "Figure":
    """Fraction of clips, or of episodes, without a failure, against the frame.

    Args:
        curves: by name, frames and the fraction from each to the next, from `alive_by_frame`.
        last: frame at which the lines end.
        what: has frames: clips or episodes.
    """
    figure, axes = _empty()
    for color, (name, (frames, fraction)) in zip(COLORS, curves.items(), strict=False):
        steps, fractions = np.r_[frames, last], np.r_[fraction, fraction[-1]]
        axes.step(steps, 100 * fractions, where="post", color=color, label=name)
    axes.set(xlabel="frame", ylabel=f"{what} without failure, %", xlim=(0, last), ylim=(0, 103))
    _legend(axes, len(curves))
    return figure


def within(millimetres: np.ndarray, curves: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> "Figure":
    """Fraction of clips tracked to the end, against the distance that no error exceeds.

    Args:
        millimetres: distances, shape (n,).
        curves: by name, fractions for root and bodies (solid), and for the root alone (dashed); shape (n,).
    """
    figure, axes = _empty()
    for color, (name, (both, root)) in zip(COLORS, curves.items(), strict=False):
        axes.step(millimetres, 100 * both, where="post", color=color, label=name)
        axes.step(millimetres, 100 * root, where="post", color=color, linestyle="--", linewidth=1)
    axes.set(xlabel="threshold, mm", ylabel="clips tracked to the end, %")
    axes.set(xlim=(0, millimetres[-1]), ylim=(0, 103))
    _legend(axes, len(curves))
    return figure


def by_change(success: Mapping[str, float]) -> "Figure":
    """Fraction of copies tracked to the end, a bar per change of the world.

    Args:
        success: fractions by the name of the change, in order.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, 0.6 + 0.26 * len(success)), layout="constrained")
    axes = figure.subplots()
    axes.barh(list(success), [100 * value for value in success.values()], color=COLORS[0])
    axes.invert_yaxis()
    axes.set(xlabel="copies tracked to the end, %", xlim=(0, 100))
    return figure


def errors(traces: Sequence["Trace"], titles: Sequence[str]) -> "Figure":
    """Errors over time for every clip, each relative to its failure limit."""
    from matplotlib.figure import Figure

    down = -(-len(traces) // _ACROSS)
    figure = Figure(figsize=(_WIDTH, 0.8 + _EACH * down), layout="constrained")
    grid = figure.subplots(down, _ACROSS, squeeze=False, sharex=True, sharey=True).ravel()
    last = max(len(trace.failed) for trace in traces)
    for axes, trace, title in zip(grid, traces, titles, strict=False):
        _clip_errors(axes, trace)
        axes.set_title(title, fontsize=8, loc="left", pad=3)
    for axes in grid[len(traces) :]:
        axes.set_axis_off()
    # the lowest plot of each column, which may not be in the last row
    for axes in grid[: len(traces)][-_ACROSS:]:
        axes.tick_params(labelbottom=True)
    grid[0].set(xlim=(0, last), ylim=(0, 1.05), yticks=[0, 0.5, 1])
    figure.supxlabel("frame", fontsize=9)
    figure.supylabel("error ÷ limit", fontsize=9)
    figure.legend(*grid[0].get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=3)
    return figure


def _clip_errors(axes: "Axes", trace: "Trace") -> None:
    """The plot of one clip; grey from the failure to the end of the clip."""
    n, lifespan = len(trace.failed), trace.lifespan
    limit = limits(trace)
    for color, (name, fraction) in zip(COLORS, limit_fractions(trace).items(), strict=False):
        unit = trace.metrics[name].label.rpartition("_")[2]
        label = f"{name.replace('_', ' ')} ({limit[name]:.0f} {unit})"
        axes.plot(fraction[: lifespan + 1], color=color, linewidth=0.9, label=label)
    if lifespan < n:
        axes.axvspan(lifespan, n, color=_FAILED, linewidth=0)
    axes.tick_params(labelsize=7)
    unboxed(axes)


def _empty() -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    axes = figure.subplots()
    unboxed(axes)
    return figure, axes


def _legend(axes: "Axes", lines: int) -> None:
    if lines > 1:
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=lines)
