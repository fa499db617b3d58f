"""Figures of encoding models."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rodent.pages.drawing import COLORS, GREY, unboxed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_LINES = 400  # neurons joined across models by a line each


@dataclasses.dataclass(frozen=True)
class Pair:
    """The difference of two models: first less second.

    Attributes:
        first, second: names of the models.
        values: of each neuron, shape (neurons,).
        mean, low, high: of the mean, with its 95 % interval.
        over: what the interval is over.
    """

    first: str
    second: str
    values: np.ndarray
    mean: float
    low: float
    high: float
    over: str


def paired_scores(
    models: Sequence[str],
    scores: Sequence[np.ndarray],
    significant: Sequence[np.ndarray],
    p_holm: Sequence[float],
    unit: str,
    pairs: Sequence[Pair] = (),
) -> "Figure":
    """A figure of `draw_paired_scores`, and below it `draw_differences` where there are pairs."""
    from matplotlib.figure import Figure

    lines = [1.2 + 0.5 * sum(name.count("+") > 1 for name in models) + 0.62 * len(models)]
    lines += [1.0 + 0.42 * len(pairs)] if pairs else []
    figure = Figure(figsize=(8.0, sum(lines)), layout="constrained")
    panels = figure.subplots(len(lines), squeeze=False, height_ratios=lines)[:, 0]
    draw_paired_scores(panels[0], models, scores, significant, p_holm, unit)
    if pairs:
        draw_differences(panels[1], pairs, unit)
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
        models: from top to bottom.
        scores: of each model, shape (neurons,), of the same neurons.
        significant: which of them are after correction, bool, shape (neurons,).
        p_holm: of each model's mean.
        unit: of the scores.
    """
    at, values = np.arange(len(models)), np.stack(scores)
    spread = _apart(values.shape[1])
    axes.axvline(0, color=GREY, linewidth=1, zorder=1)
    if len(models) > 1 and values.shape[1] <= _MOST_LINES:
        axes.plot(values, at[:, None] + spread, color="#CBD2DC", linewidth=0.6, zorder=1)
    for i, (dots, found) in enumerate(zip(values, significant, strict=True)):
        for which, fill in ((found, COLORS[0]), (~found, "white")):
            axes.scatter(
                dots[which], i + spread[which], s=16, color=fill, edgecolor=COLORS[0], linewidth=0.7, zorder=2
            )
        axes.vlines(dots.mean(), i - 0.28, i + 0.28, color="black", linewidth=2, zorder=3)
    axes.set(xlabel=unit, ylim=(len(models) - 0.5, -0.5), yticks=at, yticklabels=map(_folded, models))
    found = [f"{int(one.sum())}/{len(one)}, p {p:.2g}" for one, p in zip(significant, p_holm, strict=True)]
    _beside(axes, at, found)
    axes.set_title(
        f"n = {values.shape[1]} neurons; filled: q ≤ 0.05; bar: mean, and its p after Holm's correction",
        fontsize="small",
        loc="left",
    )
    return axes


def draw_differences(axes: "Axes", pairs: Sequence[Pair], unit: str) -> "Axes":
    """Every neuron's difference of two models, and the mean with its interval.

    Args:
        axes: to draw on.
        pairs: from top to bottom.
        unit: of the differences.
    """
    at = np.arange(len(pairs))
    axes.axvline(0, color=GREY, linewidth=1, zorder=1)
    for i, pair in enumerate(pairs):
        spread = _apart(len(pair.values))
        axes.scatter(
            pair.values, i + spread, s=10, color="#CBD2DC", edgecolor="#7A8496", linewidth=0.4, zorder=2
        )
        axes.hlines(i, pair.low, pair.high, color="black", linewidth=1.6, zorder=3)
        axes.scatter(pair.mean, i, s=26, color="black", zorder=3)
    names = [f"{_folded(pair.first)}\nless {_folded(pair.second)}" for pair in pairs]
    axes.set(xlabel=f"difference, {unit}", ylim=(len(pairs) - 0.5, -0.5), yticks=at)
    axes.set_yticklabels(names, fontsize="small")
    _beside(axes, at, [f"{int((pair.values > 0).sum())}/{len(pair.values)} above 0" for pair in pairs])
    axes.set_title(
        f"paired differences; black: mean, 95 % over {pairs[0].over}", fontsize="small", loc="left"
    )
    return axes


def _apart(n: int) -> np.ndarray:
    """Offsets that keep dots apart, the same each time, shape (n,)."""
    return 0.15 * np.sin(2.4 * np.arange(n))


def _folded(name: str) -> str:
    """The name of a model in lines of two bands."""
    bands = name.split("+")
    return " +\n".join(" + ".join(bands[i : i + 2]) for i in range(0, len(bands), 2))


def _beside(axes: "Axes", at: np.ndarray, texts: Sequence[str]) -> None:
    """Texts to the right of the axes, one for each row."""
    unboxed(axes)
    right = axes.secondary_yaxis("right")
    right.set_yticks(at, texts, fontsize="small")
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)


def lag_curves(
    models: Sequence[str], lags: np.ndarray, means: Sequence[np.ndarray], best: Sequence[np.ndarray]
) -> "Figure":
    """Mean score by lag, with the bound that the best lag of 95 % of time shifts keeps; best lags of neurons.

    Args:
        models: a panel each.
        lags: seconds, shape (lags,).
        means: mean gain of each model in place and of each turn, bits per spike, shape (lags, 1 + turns).
        best: best lags of the neurons found, seconds, of each model.
    """
    from matplotlib.figure import Figure

    columns = min(3, len(models))
    rows = -(-len(models) // columns)
    figure = Figure(figsize=(2.9 * columns + 0.4, 3.1 * rows), layout="constrained")
    panels = figure.subplots(2 * rows, columns, squeeze=False, sharex=True, height_ratios=[2, 1] * rows)
    for axes in panels.flat:
        axes.set_visible(False)
    half = float(np.diff(lags).min()) / 2
    for i, (name, mean, found) in enumerate(zip(models, means, best, strict=True)):
        at = 2 * (i // columns)
        above, below = panels[at, i % columns], panels[at + 1, i % columns]
        for axes in (above, below):
            axes.set_visible(True)
            unboxed(axes)
            axes.axvline(0, color="#CBD2DC", linewidth=1, zorder=0)
            axes.tick_params(labelbottom=axes is below)
        bound = np.quantile(mean[:, 1:].max(0), 0.95)
        above.axhline(bound, color=GREY, linestyle="--", linewidth=1, label="95 % of time shifts")
        above.plot(
            lags,
            mean[:, 0],
            color=COLORS[0],
            marker="o",
            markersize=3,
            label="mean over neurons; below, best lags of those with q ≤ 0.05",
        )
        above.set_title(_folded(name), fontsize="small")
        below.hist(found, bins=np.append(lags - half, lags[-1] + half), color=COLORS[0])
        below.set(xlabel="lag of features (s)")
        below.set_ylim(0, max(1.0, below.get_ylim()[1]))
        below.yaxis.get_major_locator().set_params(integer=True)
        if i % columns == 0:
            above.set_ylabel("bits per spike")
            below.set_ylabel("neurons")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", frameon=False, fontsize="small", ncols=2)
    return figure
