"""Figures of encoding models."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.pages.drawing import COLORS, empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_LINES = 400  # neurons joined across models by a line each


def paired_scores(
    models: Sequence[str],
    scores: Sequence[np.ndarray],
    significant: Sequence[np.ndarray],
    p_holm: Sequence[float],
    unit: str,
) -> "Figure":
    """A figure of `draw_paired_scores`, as wide as the models ask for."""
    figure, axes = empty(4.2)
    draw_paired_scores(axes, models, scores, significant, p_holm, unit)
    return figure


def draw_paired_scores(
    axes: "Axes",
    models: Sequence[str],
    scores: Sequence[np.ndarray],
    significant: Sequence[np.ndarray],
    p_holm: Sequence[float],
    unit: str,
) -> "Axes":
    """Every neuron's scores under all models, joined by a line; filled where significant.

    Args:
        axes: to draw on.
        models: from left to right.
        scores: of each model, shape (neurons,), of the same neurons.
        significant: which of them are after correction, bool, shape (neurons,).
        p_holm: of each model's mean.
        unit: of the scores.
    """
    at = np.arange(len(models))
    values = np.stack(scores)
    spread = 0.12 * np.sin(2.4 * np.arange(values.shape[1]))  # apart, and the same each time
    axes.axhline(0, color="#98A2B3", linewidth=1, zorder=1)
    if len(models) > 1 and values.shape[1] <= _MOST_LINES:
        axes.plot(at[:, None] + spread, values, color="#CBD2DC", linewidth=0.6, zorder=1)
    for i, (dots, found) in enumerate(zip(values, significant, strict=True)):
        for which, fill in ((found, COLORS[0]), (~found, "white")):
            axes.scatter(
                i + spread[which], dots[which], s=16, color=fill, edgecolor=COLORS[0], linewidth=0.7, zorder=2
            )
        axes.hlines(dots.mean(), i - 0.25, i + 0.25, color="black", linewidth=2, zorder=3)
    labels = [
        f"{name}\n{int(found.sum())} of {len(found)}\np {p:.2g}"
        for name, found, p in zip(models, significant, p_holm, strict=True)
    ]
    axes.set(xticks=at, xticklabels=labels, ylabel=unit, xlim=(-0.5, len(models) - 0.5))
    axes.set_title(
        f"n = {values.shape[1]} neurons; filled: q ≤ 0.05; p of the mean after Holm's correction",
        fontsize="small",
        loc="left",
    )
    return axes
