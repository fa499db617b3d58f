"""Figures of a population: each function takes results and returns one matplotlib figure."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.population.constraints import Constraint
from analysis.population.lesions import Breakage
from rodent.pages.drawing import COLORS, GREY, empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 8.0  # inches
_ACROSS = 3  # panels in a row


def shares(found: Sequence[Constraint]) -> "Figure":
    """The share of policies that reach the criterion, for every value of every setting."""
    figure, stack = _panels(len(found), 2.2)
    for axes, one in zip(stack, found, strict=True):
        share = np.array(one.reached) / np.maximum(one.trained, 1)
        at = np.arange(len(share))
        axes.bar(at, share, color=COLORS[0], width=0.6)
        for x, n in zip(at, one.trained, strict=True):
            axes.text(x, 0.02, f"{n}", ha="center", color="#fffffe", fontsize=7)
        axes.set(title=one.setting, ylim=(0, 1), xticks=at)
        axes.set_xticklabels(one.values, fontsize=7)
    stack[0].set(ylabel="share that reaches it")
    return figure


def similarity_maps(cka: Mapping[str, np.ndarray], names: Sequence[str]) -> "Figure":
    """CKA of all pairs of policies, a panel for each layer, in the order in which they cluster in the first.

    Args:
        cka: by layer, shape (policies, policies).
        names: of the policies.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    first = np.nan_to_num(next(iter(cka.values())))
    apart = np.clip(1 - (first + first.T) / 2, 0, None)
    np.fill_diagonal(apart, 0)
    order = leaves_list(linkage(squareform(apart, checks=False), "average"))
    figure, stack = _panels(len(cka), 2.7)
    pictures = []
    for axes, (layer, found) in zip(stack, cka.items(), strict=True):
        pictures.append(axes.imshow(found[np.ix_(order, order)], cmap="viridis", vmin=0, vmax=1))
        axes.set(title=layer, xticks=[], yticks=[], xlabel=f"{len(names)} policies")
    figure.colorbar(pictures[0], ax=stack, label="debiased CKA")
    return figure


def losses(found: Sequence[Breakage]) -> "Figure":
    """What every lesion takes from every policy: a dot for each."""
    figure, axes = _dots({f"{one.site}, {one.dose:g} %": one.loss for one in found})
    axes.set(xlabel="share of frames lost", xlim=(None, 1.02))
    return figure


def neuron_scores(layers: Mapping[str, np.ndarray]) -> "Figure":
    """How well every policy predicts neurons: a dot for each.

    Args:
        layers: mean bits per spike above the null, by layer, shape (policies,).
    """
    figure, axes = _dots(layers)
    axes.set(xlabel="mean score of the neurons, bits per spike above the null")
    return figure


def _dots(rows: Mapping[str, np.ndarray]) -> "tuple[Figure, Axes]":
    """A row for each name: a dot for every policy, and a line at their mean."""
    figure, axes = empty(0.9 + 0.4 * len(rows))
    for row, values in enumerate(rows.values()):
        jitter = np.linspace(-0.22, 0.22, len(values))
        axes.scatter(values, row + jitter, s=10, color=COLORS[0], alpha=0.6, linewidths=0)
        axes.plot([values.mean()] * 2, [row - 0.32, row + 0.32], color=COLORS[1], linewidth=2)
    axes.set(yticks=range(len(rows)), yticklabels=list(rows), ylim=(len(rows) - 0.5, -0.5))
    axes.axvline(0, color=GREY, linewidth=0.8)
    return figure, axes


def _panels(count: int, height: float) -> "tuple[Figure, list[Any]]":
    """A figure with so many axes, some in a row."""
    from matplotlib.figure import Figure

    rows = -(-count // _ACROSS)
    figure = Figure(figsize=(_WIDTH, height * rows), layout="constrained")
    stack = list(figure.subplots(rows, min(_ACROSS, count), squeeze=False).flat)
    for axes in stack[count:]:
        axes.set_visible(False)
    return figure, stack[:count]
