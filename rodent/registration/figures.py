"""Figures of a registration.

figure = course(fps, error, names, labels, starts)      # errors over time, with the clips below
figure = arena(place, fps)                              # path of the rat in the arena
figure = profile(scales, costs, errors, scale)          # how well the body fits by scale
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rodent.clips.behavior import BEHAVIORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH = 8.0  # inches
_COLUMNS = 800  # at most, of a picture; more than a page has pixels for
_ABSENT = "#D0D5DD"  # where a keypoint is missing
# by behavior; distinct to every kind of colour vision (Okabe & Ito, Color universal design, 2008)
_SHADES = ("#98A2B3", "#56B4E9", "#0072B2", "#E69F00", "#D55E00", "#CC79A7", "#009E73", "#F0E442")
_COLORS = dict(zip(BEHAVIORS, _SHADES, strict=True))


def course(
    fps: float, error: np.ndarray, names: Sequence[str], labels: np.ndarray, starts: np.ndarray
) -> "Figure":
    """Errors of keypoints over time: mean, each keypoint, and the behavior in clips below.

    Args:
        fps: frames per second.
        error: millimetres, NaN where missing, shape (frames, K).
        names: of the K keypoints.
        labels: one of BEHAVIORS, or empty outside clips, shape (frames,).
        starts: frames at which clips begin, shape (clips,).
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    step = -(-len(error) // _COLUMNS)
    binned, end = _binned(error, step), len(error) / fps
    right = len(binned) * step / fps  # of the last bin, which may not be full
    heights = (1.4, 0.5 + 0.17 * len(names), 0.3)
    figure = Figure(figsize=(_WIDTH, sum(heights) + 0.9), layout="constrained")
    above, picture, below = figure.subplots(3, sharex=True, height_ratios=heights)
    above.plot((np.arange(len(binned)) + 0.5) * step / fps, _mean(binned), color="#0072B2", linewidth=0.8)
    above.set(ylabel="mean, mm", ylim=(0, None))
    above.spines[["top", "right"]].set_visible(False)
    picture.set_facecolor(_ABSENT)
    errors = picture.imshow(
        binned.T,
        aspect="auto",
        interpolation="nearest",
        extent=(0, right, len(names) - 0.5, -0.5),
        vmin=0,
        vmax=float(np.nanpercentile(binned, 99)),
    )
    picture.set(yticks=range(len(names)))
    picture.set_yticklabels(names, fontsize=8)
    figure.colorbar(errors, ax=picture, label="mm", pad=0.01, aspect=40)
    kinds = ["", *BEHAVIORS]
    number = np.argmax(labels[::step, None] == kinds, axis=1)
    below.imshow(
        number[None],
        aspect="auto",
        interpolation="nearest",
        extent=(0, right, 1, 0),
        cmap=ListedColormap(["white", *_COLORS.values()]),
        vmin=-0.5,
        vmax=len(kinds) - 0.5,
    )
    if len(starts) <= _COLUMNS // 10:
        below.vlines(starts / fps, 0, 1, color="black", linewidth=0.8)
    below.set(xlabel="seconds", yticks=[], ylabel="clips", xlim=(0, end))
    figure.legend(
        handles=[Patch(color=color, label=name) for name, color in _COLORS.items() if np.any(labels == name)],
        loc="outside lower center",
        ncols=len(BEHAVIORS),
        frameon=False,
    )
    return figure


def arena(place: np.ndarray, fps: float) -> "Figure":
    """Path of the rat, from above.

    Args:
        place: metres on the floor plan, NaN where it was not seen, shape (frames, 2).
        fps: frames per second.
    """
    from matplotlib.figure import Figure

    step = -(-len(place) // (5 * _COLUMNS))
    seconds = np.arange(len(place))[::step] / fps
    figure = Figure(figsize=(_WIDTH, 0.6 * _WIDTH), layout="constrained")
    axes = figure.subplots()
    axes.plot(*place.T, color=_ABSENT, linewidth=0.5, zorder=1, rasterized=True)
    dots = axes.scatter(*place[::step].T, c=seconds, s=3, zorder=2, rasterized=True)
    axes.set(xlabel="x, m", ylabel="y, m", aspect="equal")
    axes.spines[["top", "right"]].set_visible(False)
    figure.colorbar(dots, ax=axes, label="seconds", pad=0.02)
    return figure


def profile(scales: np.ndarray, costs: np.ndarray, errors: np.ndarray, scale: float) -> "Figure":
    """Cost and error by scale, with offsets held near their first guess.

    Args:
        scales: ascending, shape (n,).
        costs: negative logarithms of the posterior, times two, shape (n,).
        errors: mean errors of the keypoints, millimetres, shape (n,).
        scale: of the fit.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, 0.35 * _WIDTH), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, values, label in (
        (left, costs - costs.min() + 1, "cost above the least"),
        (right, errors, "mm"),
    ):
        axes.plot(scales, values, color="#0072B2", marker=".", linewidth=0.8)
        axes.axvline(scale, color="#D55E00", linewidth=0.8)
        axes.set(xlabel="scale of the body", ylabel=label, xscale="log")
        axes.set_xticks(
            [s for s in (0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0) if scales[0] <= s <= scales[-1]]
        )
        axes.get_xaxis().set_major_formatter("{x:g}")
        axes.minorticks_off()
        axes.spines[["top", "right"]].set_visible(False)
    left.set_yscale("log")
    right.set_ylim(0, None)
    return figure


def _binned(values: np.ndarray, step: int) -> np.ndarray:
    """Means of the finite values over blocks of `step` rows, shape (ceil(rows / step), K)."""
    padded = np.pad(values, ((0, -len(values) % step), (0, 0)), constant_values=np.nan)
    return _mean(padded.reshape(-1, step, values.shape[1]), axis=1)


def _mean(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Means of the finite values along an axis, NaN where there are none."""
    seen = np.isfinite(values)
    count = seen.sum(axis=axis)
    total = np.where(seen, values, 0.0).sum(axis=axis)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
