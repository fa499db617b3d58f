"""Figures of latent dynamics: each function takes arrays and returns one matplotlib figure."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rodent.pages.drawing import COLORS, GREY, empty

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_LATENTS = 6
_SHOWN_SECONDS = 20.0


def latent_courses(seconds: np.ndarray, latents: np.ndarray) -> "Figure":
    """Latent variables over time, one above the other, in standard deviations.

    Args:
        seconds: of the bins, shape (bins,).
        latents: NaN where there are none, shape (bins, dimensions).
    """
    shown = latents[:, :_MOST_LATENTS]
    z = (shown - np.nanmean(shown, 0)) / np.maximum(np.nanstd(shown, 0), 1e-12)
    figure, axes = empty(0.6 + 0.5 * shown.shape[1])
    for i, one in enumerate(z.T):
        axes.plot(seconds, one / 5 - i, color=COLORS[i % len(COLORS)], linewidth=0.9)
    ticks = -np.arange(shown.shape[1])
    axes.set(xlabel="seconds", yticks=ticks, yticklabels=[f"latent {i + 1}" for i in range(len(ticks))])
    axes.set_xlim(seconds[0], seconds[-1])
    return figure


def trajectories(latents: np.ndarray, points: np.ndarray | None = None) -> "Figure":
    """Paths of windows in the plane of the first two latent variables; each starts at a dot.

    Args:
        latents: of some windows, shape (windows, bins, dimensions).
        points: fixed points to draw as crosses, shape (n, dimensions).
    """
    figure, axes = empty(4.2)
    for i, path in enumerate(latents):
        axes.plot(path[:, 0], path[:, 1], color=COLORS[0], alpha=0.5, linewidth=0.8)
        axes.plot(
            *path[0, :2], "o", color=COLORS[1], markersize=3, label="start of a window" if i == 0 else None
        )
    if points is not None and len(points):
        axes.plot(points[:, 0], points[:, 1], "x", color="black", markersize=8, label="fixed point")
    axes.set(xlabel="latent 1", ylabel="latent 2")
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


def dimension_figure(curve: Mapping[int, float], chosen: int, unit: str) -> "Figure":
    """Co-smoothing for each number of latent variables, the chosen one marked."""
    figure, axes = empty(2.6)
    axes.plot(list(curve), list(curve.values()), color=COLORS[0], marker="o", markersize=4)
    axes.axvline(chosen, color=GREY, linestyle="--", linewidth=1)
    axes.set(xlabel="latent variables", ylabel=unit, xticks=list(curve))
    return figure


def mode_figure(seconds: np.ndarray, hertz: np.ndarray) -> "Figure":
    """Time constants of modes against their frequencies."""
    figure, axes = empty(2.8)
    finite = np.isfinite(seconds)
    axes.scatter(seconds[finite], hertz[finite], s=30, color=COLORS[0])
    axes.set(xlabel="time constant, s", ylabel="frequency, Hz", xscale="log")
    axes.set_ylim(bottom=-0.05 * max(float(hertz.max(initial=0.0)), 0.1))
    return figure


def predicted_rates(
    seconds: np.ndarray, values: np.ndarray, rates: np.ndarray, names: Sequence[str], spikes: bool
) -> "Figure":
    """What held-out channels did, and what was predicted of them, one above the other.

    Args:
        seconds: of the bins, shape (bins,).
        values: counts or activations, shape (bins, channels).
        rates: expected values, NaN where there are none, shape (bins, channels).
        names: of the channels.
        spikes: whether values are counts, which are drawn as ticks.
    """
    figure, axes = empty(0.6 + 0.55 * len(names))
    for i, (own, rate) in enumerate(zip(values.T, rates.T, strict=True)):
        low, high = np.nanmin(rate), np.nanmax(rate)
        if not spikes:
            low, high = min(low, own.min()), max(high, own.max())
        size = max(high - low, 1e-12)
        if spikes:
            at = seconds[own > 0]
            axes.plot(at, np.full(len(at), -i - 0.12), "|", color="black", markersize=4)
        else:
            axes.plot(seconds, 0.8 * (own - low) / size - i, color="black", linewidth=0.8)
        axes.plot(seconds, 0.8 * (rate - low) / size - i, color=COLORS[1], linewidth=1.2)
    axes.set(xlabel="seconds", yticks=-np.arange(len(names)), yticklabels=names)
    axes.set_xlim(seconds[0], seconds[-1])
    return figure


def first_stretch(present: np.ndarray, bin_seconds: float) -> slice:
    """The bins to draw: from the first that is present, 20 s at most."""
    start = int(np.argmax(present))
    return slice(start, start + round(_SHOWN_SECONDS / bin_seconds))


def comparison_figure(layers: Sequence[str], values: np.ndarray, null: np.ndarray, unit: str) -> "Figure":
    """A dot per layer, and an empty one for its null."""
    figure, axes = empty(0.9 + 0.3 * len(layers))
    at = np.arange(len(layers))
    axes.axvline(0, color=GREY, linewidth=1)
    axes.scatter(values, at, s=28, color=COLORS[0], label="found")
    axes.scatter(null, at, s=28, color="none", edgecolor=COLORS[0], label="shifted in time")
    axes.set(xlabel=unit, yticks=at, yticklabels=layers, ylim=(len(layers) - 0.5, -0.5))
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure
