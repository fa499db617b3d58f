"""Figures of effects: each function takes arrays and returns one matplotlib figure, or draws on given axes.

figure = dose_curves([(of_arm, of_control), …], outcome)
figure = phase_curves({"pulse": found, …})
figure = survival_curves({"hip": curves, …}, control)
figure = effect_map(arms, outcomes, d, significant)
figure = unit_maps({"decoder/layer_1": (units, effect, found), …}, outcome)
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.effects.dose import DoseResponse
from analysis.effects.outcomes import Outcome
from analysis.effects.survival import Survival
from rodent.experiment.spec import INTACT
from rodent.pages.drawing import COLORS, unboxed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.effects.phase_response import PhaseResponse

_WIDTH = 8.0  # inches
_ACROSS = 3  # panels in a row
_ARM, _CONTROL, _INTACT = COLORS[0], COLORS[1], "#7A8496"
_LARGE_D = 3.0  # standardised effect that full colour stands for


def dose_curve(axes: "Axes", of_arm: DoseResponse, of_control: DoseResponse | None, factor: float) -> "Axes":
    """Change with dose of an arm and of its control: means, 95 % intervals, Hill curves, and ED50.

    Args:
        axes: to draw on.
        of_arm, of_control: the curves; None without a control.
        factor: from the unit of the outcome to that of the axis.
    """
    beside = 1.05 if of_arm.doses.min() > 0 else 1.0
    for found, color, aside in ((of_control, _CONTROL, beside), (of_arm, _ARM, 1.0)):
        if found is None:
            continue
        bars = np.abs(np.stack([found.change - found.low, found.high - found.change])) * factor
        if np.isnan(bars).all():
            axes.plot(aside * found.doses, factor * found.change, "o", color=color, markersize=4)
        else:
            axes.errorbar(
                aside * found.doses,
                factor * found.change,
                bars,
                fmt="o",
                color=color,
                markersize=4,
                linewidth=1,
            )
        if found.curve is not None:
            fine = np.geomspace(found.doses.min(), found.doses.max(), 100)
            axes.plot(fine, factor * found.curve.predict(fine), color=color, linewidth=1.4)
    if np.isfinite([of_arm.ed50_low, of_arm.ed50_high]).all() and of_arm.ed50_low > 0:
        axes.axvspan(of_arm.ed50_low, of_arm.ed50_high, color=_ARM, alpha=0.12, linewidth=0)
    axes.axhline(0, color=_INTACT, linewidth=0.8)
    axes.set(title=of_arm.arm)
    doses = of_arm.doses
    if doses.min() > 0:
        axes.set(xscale="log", xlim=(doses.min() / 1.3, doses.max() * 1.3))
    axes.set_xticks(doses, [f"{dose:g}" for dose in doses])
    axes.set_xticks([], minor=True)
    return axes


def dose_curves(
    pairs: Sequence[tuple[DoseResponse, DoseResponse | None]], outcome: Outcome, unit: str = "dose"
) -> "Figure":
    """A panel per arm, see `dose_curve`."""
    figure, panels = _grid(len(pairs))
    for axes, (of_arm, of_control) in zip(panels, pairs, strict=True):
        dose_curve(axes, of_arm, of_control, outcome.factor)
    _outer_labels(panels, unit, f"change of\n{outcome.axis}")
    if any(control is not None for _, control in pairs):
        _legend(figure, [("arm", _ARM), ("control", _CONTROL)])
    return figure


def phase_curves(arms: "Mapping[str, PhaseResponse]") -> "Figure":
    """A panel per arm: the shift of the steps by the phase of the pulse, in the first cycle and the second.

    Args:
        arms: by title.
    """
    figure, panels = _grid(len(arms))
    kinds = [("first cycle", _ARM), ("second cycle", COLORS[2])]
    for axes, (title, found) in zip(panels, arms.items(), strict=True):
        axes.axhline(0, color=_INTACT, linewidth=0.8)
        rows = zip(kinds, found.shift_, found.low_, found.high_, strict=True)
        for (_, color), shift, low, high in rows:
            axes.plot(found.phases_, shift, "o-", color=color, markersize=4, linewidth=1.4)
            axes.fill_between(found.phases_, low, high, color=color, alpha=0.15, linewidth=0)
        if found.control_draws_:
            axes.plot(found.phases_, found.control_[0], "--", color=_CONTROL, linewidth=1.4)
        axes.set(title=title, xlim=(0, 1), xticks=[0, 0.25, 0.5, 0.75, 1])
    _outer_labels(panels, "phase of the pulse, cycles", "shift of the steps,\ncycles")
    if any(found.control_draws_ for found in arms.values()):
        kinds.append(("first cycle, control", _CONTROL))
    _legend(figure, kinds)
    return figure


def survival_curves(arms: Mapping[str, Mapping[str, Survival]]) -> "Figure":
    """A panel per arm: the fraction that survives each frame, with 95 % intervals.

    Args:
        arms: by title: the curves of the arm, its control and intact animals, by name, in this order.
    """
    figure, panels = _grid(len(arms))
    names: dict[str, str] = {}
    for axes, (title, curves) in zip(panels, arms.items(), strict=True):
        kinds = ["arm", *list(curves)[1:]]
        for kind, found in zip(kinds, curves.values(), strict=True):
            color = {"arm": _ARM, INTACT: _INTACT}.get(kind, _CONTROL)
            names["control" if color == _CONTROL else kind] = color
            axes.plot(found.frames, found.fraction, color=color, linewidth=1.4, drawstyle="steps-post")
            axes.fill_between(
                found.frames, found.low, found.high, step="post", color=color, alpha=0.15, linewidth=0
            )
        axes.set(title=title, ylim=(0, 1.03), xlim=(0, None))
    _outer_labels(panels, "frame", "fraction tracked")
    _legend(figure, list(names.items()))
    return figure


def effect_map(
    arms: Sequence[str], outcomes: Sequence[str], d: np.ndarray, significant: np.ndarray
) -> "Figure":
    """Standardised effects of all arms on all outcomes.

    Args:
        arms: names of the rows.
        outcomes: labels of the columns.
        d: effects in standard deviations, shape (arms, outcomes).
        significant: those that get a star, bool, same shape.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, 1.7 + 0.24 * len(arms)), layout="constrained")
    axes = figure.subplots()
    shown = np.clip(np.where(np.isnan(d), 0.0, d), -_LARGE_D, _LARGE_D)
    picture = axes.imshow(shown, cmap="RdBu_r", vmin=-_LARGE_D, vmax=_LARGE_D, aspect="auto")
    for row, column in np.argwhere(significant).tolist():
        dark = abs(shown[row, column]) > 0.6 * _LARGE_D
        axes.text(column, row, "*", ha="center", va="center", color="#fffffe" if dark else "#000001")
    axes.set_xticks(range(len(outcomes)), outcomes, rotation=40, ha="right")
    axes.set_yticks(range(len(arms)), arms)
    figure.colorbar(picture, ax=axes, label="effect, standard deviations", shrink=min(1.0, 6 / len(arms)))
    return figure


def unit_maps(screens: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]], outcome: Outcome) -> "Figure":
    """The effect of every unit of every layer; a dot marks those that are found.

    Args:
        screens: by layer: units, their effects in the unit of the outcome, and which are found, each of shape
            (units,).
        outcome: of the effects.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, 0.9 + 0.75 * len(screens)), layout="constrained")
    stack = figure.subplots(len(screens), squeeze=False)[:, 0]
    largest = max(np.nanmax(np.abs(effect), initial=0.0) for _, effect, _ in screens.values()) or 1.0
    limit = float(largest * outcome.factor)
    picture = None
    for axes, (layer, (units, effect, found)) in zip(stack, screens.items(), strict=True):
        row = np.full(int(units.max()) + 1, np.nan)
        row[units] = effect * outcome.factor
        picture = axes.imshow(
            row[None], cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest"
        )
        axes.scatter(units[found], np.full(found.sum(), 0.75), s=9, color=COLORS[1], clip_on=False)
        axes.set(yticks=[], ylim=(0.9, -0.5))
        axes.set_ylabel(layer, rotation=0, ha="right", va="center")
        axes.spines[["top", "right", "left"]].set_visible(False)
    stack[-1].set_xlabel("unit")
    if picture is not None:
        shrink = min(1.0, 6 / len(screens))
        figure.colorbar(picture, ax=list(stack), label=f"effect on\n{outcome.axis}", shrink=shrink)
    return figure


def animals_needed_figure(
    names: Sequence[str], animals: np.ndarray, low: np.ndarray, high: np.ndarray, most: int
) -> "Figure":
    """Numbers of animals with their intervals, on a logarithmic axis.

    Args:
        names: of the experiments, from top to bottom.
        animals, low, high: shape (experiments,); infinite ones end at the most.
        most: end of the axis.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, 0.9 + 0.28 * len(names)), layout="constrained")
    axes = figure.subplots()
    unboxed(axes)
    at = np.arange(len(names))
    axes.hlines(at, np.minimum(low, most), np.minimum(high, most), color=_ARM, linewidth=1.5)
    axes.scatter(np.minimum(animals, most), at, s=28, color=_ARM, zorder=3)
    axes.set(xscale="log", xlim=(1.8, most * 1.1), xlabel="animals", ylim=(len(names) - 0.5, -0.5))
    ticks = [n for n in (2, 5, 10, 20, 50, 100, 200, 500, 1000) if n <= most]
    axes.set_xticks(ticks, [str(n) for n in ticks])
    axes.set_xticks([], minor=True)
    axes.set_yticks(at, names)
    return figure


def _grid(n: int) -> "tuple[Figure, list[Axes]]":
    from matplotlib.figure import Figure

    rows, across = -(-n // _ACROSS), min(n, _ACROSS)
    figure = Figure(figsize=(_WIDTH, 0.5 + 2.3 * rows), layout="constrained")
    axes = figure.subplots(rows, across, squeeze=False, sharey=True).ravel().tolist()
    for ax in axes:
        unboxed(ax)
        ax.title.set_fontsize(9)
    for ax in axes[n:]:
        ax.set_visible(False)
    return figure, axes[:n]


def _outer_labels(panels: "Sequence[Axes]", x: str, y: str) -> None:
    for i, axes in enumerate(panels):
        if i % _ACROSS == 0:
            axes.set_ylabel(y)
        if i + _ACROSS >= len(panels):
            axes.set_xlabel(x)


def _legend(figure: "Figure", kinds: Sequence[tuple[str, str]]) -> None:
    from matplotlib.lines import Line2D

    handles: list[Any] = [Line2D([], [], color=color, label=kind) for kind, color in kinds]
    figure.legend(handles=handles, frameon=False, loc="outside upper center", ncols=len(kinds))
