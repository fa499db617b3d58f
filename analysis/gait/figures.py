"""Figures of gaits: footfalls over time, strides against speed, phases.

figure = footfalls([gait, other])
figure = against_speed([gait, other])
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.gait.compare import LIMBS, Gait
from analysis.gait.strides import FIRST_PAW, standing
from analysis.motion import Motion
from rodent.kinematics.paws import PAW_NAMES
from rodent.pages.drawing import COLORS
from rodent.synthesis import gait_statistics as published

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SECONDS = 2.0  # of a diagram of footfalls
_ORDER = ("hind_L", "fore_L", "fore_R", "hind_R")  # from top to bottom, so that neighbours are adjacent
_GREY = "#98A2B3"


def footfalls(gaits: Sequence[Gait]) -> "Figure":
    """When which paw stands: of each file the two seconds with the most strides, as a gait diagram."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 1.3 * len(gaits) + 0.5), layout="constrained")
    for axes, gait in zip(np.atleast_1d(figure.subplots(len(gaits))), gaits, strict=True):
        motion, begin = _busiest(gait)
        stands = standing(motion, gait.motions.scene)
        frames = slice(begin, begin + round(_SECONDS * motion.fps))
        for row, name in enumerate(_ORDER):
            on = stands[frames, PAW_NAMES.index(name)]
            edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(int), [0]])))
            spans = [(i / motion.fps, (j - i) / motion.fps) for i, j in edges.reshape(-1, 2)]
            axes.broken_barh(spans, (row - 0.4, 0.8), color=COLORS[0] if name.endswith("L") else COLORS[1])
        axes.set(yticks=range(4), yticklabels=_ORDER, ylim=(3.6, -0.6), xlim=(0, _SECONDS), xlabel="seconds")
        axes.set_title(f"{gait.name}: {motion.name} from {begin / motion.fps:.1f} s", loc="left", fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def against_speed(gaits: Sequence[Gait]) -> "Figure":
    """Every stride of a hind paw against speed, with what is published of walking rats as dashed lines."""
    from matplotlib.figure import Figure

    size = gaits[0].motions.scene.scale / published.SCALE
    speeds = np.linspace(0.08, 0.8, 50)
    cycle = published.cycle_duration(speeds, size)
    panels = {
        "frequency": ("strides per second", 1.0, 1 / cycle),
        "length": ("stride length, mm", 1e3, 1e3 * cycle * speeds),
        "duty_factor": ("duty factor", 1.0, published.duty_factor(speeds, size)),
    }
    figure = Figure(figsize=(8, 2.9), layout="constrained")
    stack = figure.subplots(1, len(panels))
    for axes, (column, (label, factor, line)) in zip(stack, panels.items(), strict=True):
        axes.plot(speeds, line, color=_GREY, linestyle="--", linewidth=1.4, label="published")
        for i, gait in enumerate(gaits):
            on = np.isin(gait.strides["paw"], LIMBS["hind"])
            dots = gait.strides["speed"][on], factor * gait.strides[column][on]
            axes.scatter(*dots, s=9, color=COLORS[i % len(COLORS)], alpha=0.6, linewidth=0, label=gait.name)
        axes.set(xlabel="speed, m/s", ylabel=label, xlim=(0, None), ylim=(0, None))
        axes.spines[["top", "right"]].set_visible(False)
    handles, names = stack[0].get_legend_handles_labels()
    figure.legend(handles, names, frameon=False, loc="outside upper center", ncols=4)
    return figure


def phases(gaits: Sequence[Gait]) -> "Figure":
    """When the other paws touch down in the stride of the left hind paw, as fractions of strides."""
    from matplotlib.figure import Figure

    others = [paw for paw in range(len(PAW_NAMES)) if paw != FIRST_PAW]
    figure = Figure(figsize=(8, 2.2), layout="constrained")
    bins = np.linspace(0, 1, 17)
    for axes, paw in zip(figure.subplots(1, len(others), sharey=True), others, strict=True):
        for i, gait in enumerate(gaits):
            found = gait.strides["phase"][gait.strides["paw"] == paw]
            counts, _ = np.histogram(found[np.isfinite(found)], bins)
            share = counts / max(counts.sum(), 1)
            axes.step(bins, [*share, share[-1]], where="post", color=COLORS[i % len(COLORS)], label=gait.name)
        axes.set(xlabel="phase, cycles", xlim=(0, 1), ylim=(0, None))
        axes.set_title(PAW_NAMES[paw], loc="left", fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    first = figure.axes[0]
    first.set_ylabel("fraction of strides")
    figure.legend(*first.get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=4)
    return figure


def _busiest(gait: Gait) -> tuple[Motion, int]:
    """The motion, and its frame, from which two seconds have the most strides."""
    best, found = -1, (gait.motions.motions[0], 0)
    for index, motion in enumerate(gait.motions.motions):
        starts = np.sort(gait.strides["start"][gait.strides["motion"] == index])
        for start in starts:
            count = int(np.sum((starts >= start) & (starts < start + _SECONDS)))
            if count > best:
                best, found = count, (motion, round(start * motion.fps))
    return found
