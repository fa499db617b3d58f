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
from rodent.pages.drawing import COLORS, GREY, beside, stacked
from rodent.synthesis import gait_statistics as published

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SECONDS = 2.0  # of a diagram of footfalls
_ORDER = ("hind_L", "fore_L", "fore_R", "hind_R")  # from top to bottom, so that neighbours are adjacent


def footfalls(gaits: Sequence[Gait]) -> "Figure":
    """When which paw stands: of each file the two seconds with the most strides, as a gait diagram."""
    figure, rows = stacked([1.3 + 0.5 / len(gaits)] * len(gaits))
    for axes, gait in zip(rows, gaits, strict=True):
        motion, begin = _busiest(gait)
        stands = standing(motion, gait.motions.scene)
        frames = slice(begin, begin + round(_SECONDS * motion.fps))
        for at, name in enumerate(_ORDER):
            on = stands[frames, PAW_NAMES.index(name)]
            edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(int), [0]])))
            spans = [(i / motion.fps, (j - i) / motion.fps) for i, j in edges.reshape(-1, 2)]
            axes.broken_barh(spans, (at - 0.4, 0.8), color=COLORS[0] if name.endswith("L") else COLORS[1])
        axes.set(yticks=range(4), yticklabels=_ORDER, ylim=(3.6, -0.6), xlim=(0, _SECONDS), xlabel="seconds")
        axes.set_title(f"{gait.name}: {motion.name} from {begin / motion.fps:.1f} s", loc="left", fontsize=9)
    return figure


def against_speed(gaits: Sequence[Gait]) -> "Figure":
    """Every stride of a hind paw against speed, with what is published of walking rats as dashed lines."""
    size = gaits[0].motions.scene.scale / published.SCALE
    speeds = np.linspace(0.08, 0.8, 50)
    cycle = published.cycle_duration(speeds, size)
    panels = {
        "frequency": ("strides per second", 1.0, 1 / cycle),
        "length": ("stride length, mm", 1e3, 1e3 * cycle * speeds),
        "duty_factor": ("duty factor", 1.0, published.duty_factor(speeds, size)),
    }
    figure, row = beside(len(panels), 2.9)
    for axes, (column, (label, factor, line)) in zip(row, panels.items(), strict=True):
        axes.plot(speeds, line, color=GREY, linestyle="--", linewidth=1.4, label="published")
        for i, gait in enumerate(gaits):
            on = np.isin(gait.strides["paw"], LIMBS["hind"])
            dots = gait.strides["speed"][on], factor * gait.strides[column][on]
            axes.scatter(*dots, s=9, color=COLORS[i % len(COLORS)], alpha=0.6, linewidth=0, label=gait.name)
        axes.set(xlabel="speed, m/s", ylabel=label, xlim=(0, None), ylim=(0, None))
    handles, names = row[0].get_legend_handles_labels()
    figure.legend(handles, names, frameon=False, loc="outside upper center", ncols=4)
    return figure


def phases(gaits: Sequence[Gait]) -> "Figure":
    """When the other paws touch down in the stride of the left hind paw, as fractions of strides."""
    others = [paw for paw in range(len(PAW_NAMES)) if paw != FIRST_PAW]
    figure, panels = beside(len(others), 2.2)
    first, *further = panels
    for axes in further:
        axes.sharey(first)
        axes.tick_params(labelleft=False)
    bins = np.linspace(0, 1, 17)
    for axes, paw in zip(panels, others, strict=True):
        for i, gait in enumerate(gaits):
            found = gait.strides["phase"][gait.strides["paw"] == paw]
            counts, _ = np.histogram(found[np.isfinite(found)], bins)
            share = counts / max(counts.sum(), 1)
            axes.step(bins, [*share, share[-1]], where="post", color=COLORS[i % len(COLORS)], label=gait.name)
        axes.set(xlabel="phase, cycles", xlim=(0, 1), ylim=(0, None))
        axes.set_title(PAW_NAMES[paw], loc="left", fontsize=9)
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
