"""Figures of activity around events, sized for a page of two columns.

    axes = raster(axes, event, lag, n_events, window)
    axes = rate(axes, Curve(lags.middles, mean, low, high, baseline, "Hz"))
    axes = heat_map(axes, lags.middles, values, n_found)
    figure = panels([Panel("neuron 12", …), …], "touch/hand_L")
    figure = populations({"neurons": response, "decoder/layer_0": other}, "touch/hand_L")

Each takes arrays and an Axes and gives the Axes back, so that it can be part of a larger figure.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.encoding.inference import LEVEL
from rodent.pages.drawing import COLORS, GREY, unboxed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INCH = 25.4  # mm
_WIDTH = 183 / _INCH  # of two columns of a journal
_FONT = 7  # points
_DARK = "#475467"
_ACROSS = 3  # panels in a row
_MOST_EVENTS = 120  # drawn in a raster, evenly spaced; of more, single rows cannot be seen
_MOST_MARKS = 3000  # of a raster that are drawn each by itself; more become a picture
_LEAST_PEAK = 4.0  # standard deviations that full colour stands for, at least: noise stays pale
_STYLE: dict[Any, Any] = {
    "font.size": _FONT,
    "axes.labelsize": _FONT,
    "axes.titlesize": _FONT,
    "xtick.labelsize": _FONT,
    "ytick.labelsize": _FONT,
    "legend.fontsize": _FONT,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
}


@dataclasses.dataclass(frozen=True)
class Curve:
    """Mean activity around an event.

    Attributes:
        middles: of the bins, seconds from the event, shape (bins,).
        mean, low, high: mean activity and its 95 % interval, shape (bins,).
        baseline: mean activity in the baseline.
        unit: of the activity.
    """

    middles: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    baseline: float
    unit: str


@dataclasses.dataclass(frozen=True)
class Panel:
    """One neuron or unit around one kind of event.

    Attributes:
        title: its name.
        window: seconds from the event.
        n_events: number of events.
        curve: the mean.
        latency, peak: time and rate of the response, seconds from the event.
        p, q: of the response.
        spikes: event and lag of every spike, for a raster; None for what has no spikes.
        trials: activity in every event, shape (events, bins), drawn where there are no spikes.
    """

    title: str
    window: tuple[float, float]
    n_events: int
    curve: Curve
    latency: float
    peak: float
    p: float
    q: float = float("nan")
    spikes: tuple[np.ndarray, np.ndarray] | None = None
    trials: np.ndarray | None = None


def raster(
    axes: "Axes", event: np.ndarray, lag: np.ndarray, n_events: int, window: tuple[float, float]
) -> "Axes":
    """A mark per spike: a row per event, the first at the top.

    Args:
        axes: to draw on.
        event, lag: event of every spike, counted from 0, and seconds from it, shape (spikes,) each.
        n_events: how many there are; of more than 120, evenly spaced ones are drawn.
        window: seconds from the event.
    """
    shown = _shown(n_events)
    row = np.full(n_events, -1)
    row[shown] = np.arange(len(shown))
    there = row[event] >= 0
    at, rows = 1000 * lag[there], row[event[there]]
    many = len(at) > _MOST_MARKS
    axes.vlines(at, rows - 0.5, rows + 0.5, color="black", linewidth=0.6, rasterized=many)
    _events_axis(axes, n_events, len(shown))
    axes.set_xlim(1000 * window[0], 1000 * window[1])
    return axes


def trial_map(axes: "Axes", trials: np.ndarray, window: tuple[float, float]) -> "Axes":
    """Activity of one unit in each event: a row per event, the first at the top.

    Args:
        axes: to draw on.
        trials: shape (events, bins); of more than 120 events, evenly spaced ones are drawn.
        window: seconds from the event.
    """
    shown = _shown(len(trials))
    low, high = np.percentile(trials, (1, 99))
    axes.imshow(
        trials[shown],
        aspect="auto",
        cmap="Greys",
        vmin=low,
        vmax=max(high, low + 1e-12),
        extent=(1000 * window[0], 1000 * window[1], len(shown) - 0.5, -0.5),
        interpolation="nearest",
    )
    _events_axis(axes, len(trials), len(shown))
    return axes


def rate(axes: "Axes", curve: Curve, color: str = COLORS[0]) -> "Axes":
    """Mean activity with its interval, over a line at the baseline.

    Args:
        axes: to draw on.
        curve: the activity.
        color: of line and interval.
    """
    milliseconds = 1000 * curve.middles
    axes.axhline(curve.baseline, color=GREY, linewidth=0.8, linestyle=(0, (4, 2)))
    axes.fill_between(milliseconds, curve.low, curve.high, color=color, alpha=0.25, linewidth=0)
    axes.plot(milliseconds, curve.mean, color=color, linewidth=1.2)
    axes.axvline(0, color=_DARK, linewidth=0.6)
    if curve.unit == "Hz":
        axes.set_ylim(0, None)
    axes.set(xlabel="time from the event (ms)", ylabel="rate (Hz)" if curve.unit == "Hz" else curve.unit)
    axes.set_xlim(milliseconds[0], milliseconds[-1])
    return axes


def heat_map(axes: "Axes", middles: np.ndarray, values: np.ndarray, n_found: int) -> "Axes":
    """Activity of many neurons or units, a row each; those with a response are above a line.

    Args:
        axes: to draw on.
        middles: of the bins, seconds from the event, shape (bins,).
        values: change from the baseline, from -1 to 1, in the order of the rows, shape (rows, bins).
        n_found: rows with a response, the first ones.
    """
    half = (middles[1] - middles[0]) / 2
    axes.imshow(
        values,
        aspect="auto",
        cmap="RdBu_r",
        vmin=-1,
        vmax=1,
        extent=(1000 * (middles[0] - half), 1000 * (middles[-1] + half), len(values), 0),
        interpolation="nearest",
    )
    axes.axvline(0, color="black", linewidth=0.6)
    if 0 < n_found < len(values):
        axes.axhline(n_found, color="black", linewidth=0.8)
    axes.set(xlabel="time from the event (ms)")
    return axes


def panels(shown: Sequence[Panel], event: str) -> "Figure":
    """Neurons or units side by side, at least one: above, every event; below, the mean."""
    import matplotlib
    from matplotlib.figure import Figure

    across = min(_ACROSS, len(shown))
    down = -(-len(shown) // across)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH * across / _ACROSS, 2.4 * down), layout="constrained")
        cells = figure.subfigures(down, across, squeeze=False, wspace=0.03)
        for cell, panel in zip(cells.flat, shown, strict=False):
            above, below = cell.subplots(2, 1, sharex=True, height_ratios=(1.15, 1))
            if panel.spikes is not None:
                raster(above, *panel.spikes, panel.n_events, panel.window)
            elif panel.trials is not None:
                trial_map(above, panel.trials, panel.window)
            above.axvline(0, color=_DARK, linewidth=0.6)
            told = f"{panel.title}, {panel.n_events:,} events\n{significance(panel.p, panel.q)}"
            above.set_title(told, loc="left")
            rate(below, panel.curve)
            up = panel.peak >= panel.curve.baseline
            offset = (0, 4 if up else -4)
            below.annotate(
                f"{1000 * panel.latency:.0f} ms".replace("-", "−"),
                (1000 * panel.latency, panel.peak),
                xytext=offset,
                textcoords="offset points",
                ha="center",
                va="bottom" if up else "top",
                color=COLORS[0],
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
            )
            below.margins(y=0.2)
            below.set_xlabel(f"time from {event} (ms)")
            above.tick_params(labelbottom=False)
            for axes in (above, below):
                unboxed(axes)
                axes.set_xlim(1000 * panel.window[0], 1000 * panel.window[1])
    return figure


def populations(
    shown: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]], event: str, n_events: str
) -> "Figure":
    """All neurons, and all units of layers, side by side, each sorted by latency.

    Half of the events are used for sorting, the other half for display: otherwise even noise forms a
    diagonal. Full colour is the peak of the row in the first half, or four standard deviations of shifted
    events if that is more.

    Args:
        shown: by name: middles of the bins, shape (bins,); halves as in `Response`, shape (2, rows, bins); q,
            shape (rows,); bins in which a response is looked for, bool, shape (bins,).
        event: its name.
        n_events: how many there were, in words.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        width = min(_WIDTH, 1.1 + 1.9 * len(shown))
        figure = Figure(figsize=(width, 2.9), layout="constrained")
        stack = figure.subplots(1, len(shown), squeeze=False)[0]
        for axes, (name, (middles, halves, q, after)) in zip(stack, shown.items(), strict=True):
            order, n_found = by_latency(halves[0], q, after)
            peak = np.maximum(np.abs(halves[0][:, after]).max(1), _LEAST_PEAK)
            heat_map(axes, middles, (halves[1] / peak[:, None])[order], n_found)
            axes.set_title(f"{name}\n{n_found} of {len(q)} respond", loc="left")
            axes.set_xlabel(f"time from {event} (ms)")
            axes.set_yticks([0, len(q)] if not 0 < n_found < len(q) else [0, n_found, len(q)])
        stack[0].set_ylabel("neurons and units, by latency" if len(shown) > 1 else "neurons, by latency")
        figure.colorbar(
            stack[-1].images[0],
            ax=list(stack),
            label=f"change from baseline, of the peak\n({n_events})",
            pad=0.02,
            shrink=0.9,
            aspect=25,
        )
    return figure


def by_latency(values: np.ndarray, q: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, int]:
    """Rows by the time of their largest deviation, those with a response first; and how many these are.

    Args:
        values: deviations, shape (rows, bins).
        q: NaN for rows that were not tested, shape (rows,).
        after: bins to use, bool, shape (bins,).
    """
    found = q <= LEVEL
    latency = np.abs(values[:, after]).argmax(1)
    return np.lexsort((latency, ~found)), int(found.sum())


def significance(p: float, q: float) -> str:
    """P and q as text, for a title."""
    return "does not vary" if not np.isfinite(p) else f"p = {p:.2g}, q = {q:.2g}"


def _shown(n_events: int) -> np.ndarray:
    if n_events <= _MOST_EVENTS:
        return np.arange(n_events)
    return np.linspace(0, n_events - 1, _MOST_EVENTS).astype(int)


def _events_axis(axes: "Axes", n_events: int, n_shown: int) -> None:
    told = "events" if n_shown == n_events else f"{n_shown} events"
    axes.set_ylim(n_shown - 0.5, -0.5)
    axes.set_yticks([])
    axes.set_ylabel(told)
