"""Results of twins: as JSON, as tables on the terminal, and as sections of a page."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.twin.comparison import CurvePoint
from analysis.twin.scores import Summary
from analysis.twin.unseen import Unseen
from rodent.pages.output import print_table, say
from rodent.pages.page import Drawing, Section, Table
from rodent.versions import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA, VERSION = "virtual-rodent/twin-scores", 1
UNSEEN_COLUMNS = ["model", "bits/spike", "95 %", "held out", "95 %", "share"]
_TEXT = (
    "{score} against the mean of the minutes that were fitted, and correlations of single trials, on "
    "minutes that were not. Medians over animals of medians over neurons, with intervals over animals "
    "(bootstrap). Predicted: fraction of neurons whose correlation is among the highest 5 % of time-shifted "
    "predictions. No noise ceiling is known without repeats."
)


def curves_to_json(points: Sequence[CurvePoint]) -> list[dict[str, Any]]:
    """Every model and number of minutes, with the scores of every neuron."""
    return [
        {
            "model": point.model,
            "minutes": point.minutes,
            "likelihood": point.likelihood,
            "bits_per_spike": dataclasses.asdict(point.bits),
            "r2": dataclasses.asdict(point.r2),
            "correlations": {f"{s:g}": dataclasses.asdict(one) for s, one in point.correlations.items()},
            "predicted": point.predicted,
            "sessions": {
                name: {
                    "animal": point.animals[name],
                    "bits_per_spike": one.bits_per_spike,
                    "bits_per_spike_nlb": one.bits_of_nlb,
                    "r2": one.r2,
                    "correlations": {f"{s:g}": values for s, values in one.correlations.items()},
                    "null_correlations": one.null_correlations,
                    "p": one.p_values,
                }
                for name, one in point.scores.items()
            },
        }
        for point in points
    ]


def scores_to_json(points: Sequence[CurvePoint], unseen: Unseen | None = None) -> dict[str, Any]:
    """The output of `rodent twin score --json`; `unseen` are scores in a behavior that was held out."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "noise_ceiling": None,
        "curves": curves_to_json(points),
        "unseen": None if unseen is None else dataclasses.asdict(unseen),
        "versions": versions(),
    }


def unseen_rows(found: Unseen) -> list[list[Any]]:
    """A row for every model, of columns `UNSEEN_COLUMNS`."""
    return [
        [
            model,
            f"{one.known.median:.4f}",
            _interval(one.known),
            f"{one.unseen.median:.4f}",
            _interval(one.unseen),
            f"{one.share:.2f}",
        ]
        for model, one in found.models.items()
    ]


def unseen_section(found: Unseen) -> Section:
    """Scores in the behavior that was held out."""
    seconds = ", ".join(f"{one:.0f}" for one in found.seconds.values())
    text = (
        f"Neither core nor readouts were fitted to {found.behavior}. Bits per spike against the mean of the "
        f"{found.minutes:g} minutes that were fitted, in other behaviors and in {seconds} s of this one (a "
        "number for each session). Its share is the second over the first. The behavior is "
        f"{found.distance:.2f} times as far from the fitted minutes as the scored minutes of other behaviors "
        "(median Mahalanobis distance of the streams)."
    )
    return Section(f"{found.behavior}, held out", text, (Table(UNSEEN_COLUMNS, unseen_rows(found)),))


def print_unseen(found: Unseen) -> None:
    """A row for every model, and the distance."""
    print_table(UNSEEN_COLUMNS, unseen_rows(found))
    say(f"{found.behavior} is {found.distance:.2f} times as far from the fitted minutes as other behaviors")


def print_curves(points: Sequence[CurvePoint]) -> None:
    """A row for every model and number of minutes."""
    print_table(_columns(points), _rows(points))


def curves_section(points: Sequence[CurvePoint], true_bits: Summary | None = None) -> Section:
    """Curves and their table; with the score of the true rates where they are known."""
    known = f" The true rates score {true_bits.median:.3f} bits per spike." if true_bits else ""
    parts = (Drawing(curves_figure(points, true_bits), ""), Table(_columns(points), _rows(points)))
    text = _TEXT.format(score="Bits per spike" if points[0].likelihood == "poisson" else "R² of calcium")
    return Section("Minutes of a new animal", text + known, parts)


def curves_figure(points: Sequence[CurvePoint], true_bits: Summary | None = None) -> "Figure":
    """Bits per spike, or R² of calcium, against minutes, a line for each model; intervals over animals."""
    from rodent.pages.drawing import empty

    figure, axes = empty(3.4)
    for model in dict.fromkeys(point.model for point in points):
        mine = [point for point in points if point.model == model]
        minutes = [point.minutes for point in mine]
        middle = np.array([point.score.median for point in mine])
        bounds = np.array([[point.score.low, point.score.high] for point in mine]).T
        away = np.nan_to_num(np.abs(bounds - middle))
        axes.errorbar(minutes, middle, away, marker="o", markersize=4, capsize=2, label=model)
    if true_bits is not None:
        axes.axhline(true_bits.median, color="black", linestyle=":", label="true rates")
    axes.set_xscale("log")
    ticks = sorted({point.minutes for point in points})
    axes.set_xticks(ticks, [f"{one:g}" for one in ticks])
    axes.minorticks_off()
    axes.set_xlabel("minutes that readouts are fitted to")
    axes.set_ylabel("bits per spike" if points[0].likelihood == "poisson" else "R²")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def claims_section(claims: Sequence[Mapping[str, Any]]) -> Section:
    """Claims with their bars."""
    rows = [
        [
            one["figure"],
            float(one["value"]),
            f"{one['bar']:g}",
            f"at {one['at']}",
            "yes" if met(one) else "no",
        ]
        for one in claims
    ]
    return Section("Claims", "", (Table(["figure", "value", "bar", "", "met"], rows),))


def met(claim: Mapping[str, Any]) -> bool:
    """Whether the bar of a claim is met."""
    if claim["at"] == "most":
        return bool(claim["value"] <= claim["bar"])
    return bool(claim["value"] >= claim["bar"])


def _columns(points: Sequence[CurvePoint]) -> list[str]:
    score = "bits/spike" if points[0].likelihood == "poisson" else "R²"
    return ["model", "minutes", score, "95 %", "r at 50 ms", "r at 200 ms", "predicted"]


def _rows(points: Sequence[CurvePoint]) -> list[list[Any]]:
    return [
        [
            point.model,
            f"{point.minutes:g}",
            f"{point.score.median:.4f}",
            _interval(point.score),
            *(f"{one.median:.3f}" for one in point.correlations.values()),
            f"{point.predicted:.0%}",
        ]
        for point in points
    ]


def _interval(summary: Summary) -> str:
    if np.isnan(summary.low):
        return "one animal"
    return f"{summary.low:.4f} to {summary.high:.4f}"
