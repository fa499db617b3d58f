"""Figures of structure: dissimilarities side by side, and similarity by layer under its ceiling.

figure = matrices(conditions, {"neurons": rdm, "decoder/layer_0": other})
figure = similarities(result.layers, result.noise_ceiling)
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.encoding.inference import LEVEL
from analysis.similarity.scores import LayerScore
from rodent.pages.drawing import COLORS, GREY, unboxed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH = 8.0  # inches; a page scales it to its own
_ACROSS = 4  # matrices in a row
_BAND = "#D5DAE3"


def matrices(conditions: Sequence[str], rdms: Mapping[str, np.ndarray]) -> "Figure":
    """Dissimilarities between behaviors, each relative to its largest: only their pattern is compared.

    Args:
        conditions: names of the n behaviors.
        rdms: by what they are of, shape (n, n) each; drawn in that order, row by row.
    """
    from matplotlib.figure import Figure

    across = min(_ACROSS, len(rdms))
    rows = -(-len(rdms) // across)
    side = (_WIDTH - 1.6) / _ACROSS
    figure = Figure(figsize=(side * across + 1.6, (side + 0.25) * rows + 0.8), layout="constrained")
    grid = figure.subplots(rows, across, squeeze=False)
    shown = None
    for place, (axes, (name, rdm)) in enumerate(zip(grid.flat, rdms.items(), strict=False)):
        largest = np.abs(rdm).max() or 1.0
        shown = axes.imshow(rdm / largest, cmap="cividis", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(name, fontsize=8)
        # behaviors are named at the edges of the figure alone
        ticks, lowest = range(len(conditions)), place + across >= len(rdms)
        axes.set_xticks(ticks, conditions if lowest else [""] * len(ticks), rotation=90, fontsize=7)
        axes.set_yticks(ticks, [""] * len(ticks) if place % across else conditions, fontsize=7)
        axes.tick_params(length=0)
    for axes in grid.flat[len(rdms) :]:
        axes.set_axis_off()
    if shown is not None:
        figure.colorbar(
            shown, ax=grid, label="dissimilarity, of the largest", shrink=0.8, aspect=30, pad=0.02
        )
    return figure


def similarities(layers: Sequence[LayerScore], noise_ceiling: tuple[float, float]) -> "Figure":
    """Similarity of each layer with its interval, its null beside it, and the ceiling as a band.

    Args:
        layers: scores, drawn from top to bottom; those whose p after Holm's correction is 0.05 or less
            have a star.
        noise_ceiling: lower and upper.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, 1.3 + 0.28 * len(layers)), layout="constrained")
    axes = figure.subplots()
    axes.axvspan(*noise_ceiling, color=_BAND, linewidth=0, zorder=0, label="noise ceiling")
    axes.axvline(0, color=GREY, linewidth=1)
    at = np.arange(len(layers))
    found, low, high, null = (
        np.array([getattr(layer, field) for layer in layers], float)
        for field in ("similarity", "low", "high", "null")
    )
    axes.hlines(at, low, high, color=COLORS[0], linewidth=1.5)
    axes.scatter(found, at, s=28, color=COLORS[0], zorder=3, label="similarity, 95 % interval")
    axes.scatter(
        null, at, s=28, facecolor="white", edgecolor=COLORS[1], zorder=4, label="behaviors exchanged"
    )
    axes.set(xlabel="similarity to the neurons' structure", yticks=at, ylim=(len(layers) - 0.5, -0.5))
    axes.set_yticklabels([f"{layer.layer}{' *' if layer.p_holm <= LEVEL else ''}" for layer in layers])
    unboxed(axes)
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return figure
