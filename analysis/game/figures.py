"""Figures of games: accuracy by length, features, controls, spectra."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from analysis.game.play import ALL, Game
from analysis.game.scores import Score
from analysis.game.spectra import Spectrum
from rodent.pages.drawing import COLORS, GREY, empty, unboxed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def lengths_figure(games: Mapping[float, Game]) -> "Figure":
    """Balanced accuracy by length of the windows: all classifiers together with intervals, and each."""
    figure, axes = empty(3.4)
    axes.axhline(0.5, color=GREY, linewidth=1, linestyle="--")
    order = sorted(games)
    names = [name for name in games[order[0]].scores if name != ALL]
    for color, name in zip(COLORS[1:], names, strict=False):
        values = [games[one].scores[name].balanced_accuracy for one in order]
        axes.plot(order, values, color=color, marker="o", markersize=4, linewidth=1, label=name)
    scores = [games[one].headline for one in order]
    values = np.array([one.balanced_accuracy for one in scores])
    # an interval need not hold the estimate
    errors = np.maximum(
        [
            [values - one for values, one in zip(values, (s.low for s in scores), strict=True)],
            [s.high - value for value, s in zip(values, scores, strict=True)],
        ],
        0.0,
    )
    axes.errorbar(
        order, values, errors, color=COLORS[0], marker="o", linewidth=2, capsize=3, label="all together"
    )
    axes.set(xlabel="length of a window, s", ylabel="balanced accuracy", ylim=(0.3, 1.02), xticks=order)
    axes.legend(frameon=False, loc="lower right", ncols=2)
    return figure


def scores_figure(scores: Mapping[str, Score], x_label: str = "balanced accuracy") -> "Figure":
    """Balanced accuracies with their intervals, one below the other."""
    figure, axes = empty(0.9 + 0.28 * len(scores))
    axes.axvline(0.5, color=GREY, linewidth=1, linestyle="--")
    at = np.arange(len(scores))
    found = list(scores.values())
    axes.hlines(at, [one.low for one in found], [one.high for one in found], color=COLORS[0], linewidth=1.5)
    axes.scatter([one.balanced_accuracy for one in found], at, s=28, color=COLORS[0], zorder=3)
    axes.set(
        xlabel=x_label, yticks=at, yticklabels=list(scores), ylim=(len(scores) - 0.5, -0.5), xlim=(0, 1.02)
    )
    return figure


def importance_figure(importance: Mapping[str, float], alone: Mapping[str, Score]) -> "Figure":
    """For each group of features its importance, and its accuracy alone."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 0.9 + 0.26 * len(importance)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    at = np.arange(len(importance))
    left.axvline(0, color=GREY, linewidth=1)
    left.barh(at, list(importance.values()), height=0.7, color=COLORS[0])
    left.set(xlabel="importance: drop of probability", yticks=at, yticklabels=list(importance))
    right.axvline(0.5, color=GREY, linewidth=1, linestyle="--")
    scores = [alone[name] for name in importance]
    right.hlines(at, [s.low for s in scores], [s.high for s in scores], color=COLORS[1], linewidth=1.5)
    right.scatter([s.balanced_accuracy for s in scores], at, s=22, color=COLORS[1], zorder=3)
    right.set(xlabel="balanced accuracy of these alone", xlim=(0, 1.02))
    left.invert_yaxis()
    for axes in (left, right):
        unboxed(axes)
    return figure


def spectra_figure(spectra: Mapping[str, Spectrum], lowpass: float) -> "Figure":
    """Spectra of both sides as in their files, and the cutoff of the filter."""
    figure, axes = empty(3.0)
    for color, (name, one) in zip(COLORS, spectra.items(), strict=False):
        axes.plot(one.frequency[1:], one.power[1:], color=color, label=name)
    axes.axvline(lowpass, color=GREY, linestyle="--", linewidth=1)
    axes.set(
        xlabel="frequency, Hz", ylabel="power of joint velocities, (rad/s)²/Hz", yscale="log", xlim=(0, None)
    )
    axes.legend(frameon=False)
    return figure
