"""Sections of the page of an experiment about curves, units and sites."""

import numpy as np

from analysis.effects.cells import number, p_text, signed
from analysis.effects.figures import dose_curves, phase_curves, survival_curves, unit_maps
from analysis.effects.outcomes import outcome_of
from analysis.effects.report import Report
from analysis.encoding.inference import LEVEL
from rodent.experiment.series import SERIES
from rodent.experiment.spec import INTACT
from rodent.pages.drawing import intervals
from rodent.pages.page import Drawing, Section, Table

MOST_ROWS = 40
"""Arms in a figure or table, at most; the JSON has all."""
_UNITS_SHOWN = 12


def doses_section(report: Report, outcome: str) -> Section:
    """Dose-response curves and ED50."""
    what, found = outcome_of(outcome), report.responses[outcome][:MOST_ROWS]
    rows = []
    for of_arm, of_control in found:
        for one in (of_arm, of_control):
            if one is None or one.curve is None:
                continue
            rows.append(
                [
                    f"{one.arm}{': control' if one.control else ''}",
                    *(number(x) for x in (one.ed50, one.ed50_low, one.ed50_high)),
                    signed(float(one.curve.top_) * what.factor) if np.isfinite(one.ed50) else "-",
                    f"{float(one.curve.hill_):.1f}",
                ]
            )
    text = (
        "Change from intact animals with the dose, for arms and for their controls. ED50 is the dose with "
        "half the largest change of a Hill curve. It is 0 or inf if it is more than ten times below the "
        "smallest or above the largest dose: then the doses do not show where the change begins or ends."
    )
    figure = dose_curves(found, what)
    columns = ["", "ED50", "from", "to", "largest change", "Hill coefficient"]
    caption = (
        f"Units: {what.shown}. Means with 95 % intervals, and Hill curves. Shaded: 95 % interval of ED50 of "
        "the arm."
    )
    parts = (Drawing(figure, caption), Table(columns, rows))
    return Section(f"Dose and {what.label}", text, parts)


def survival_section(report: Report) -> Section:
    """Survival curves at the largest doses."""
    arms = list(report.survival)[:MOST_ROWS]
    last = {arm: report.effects.pairs_.doses(arm)[-1] for arm in arms}
    figure = survival_curves({f"{arm}, {last[arm]:g}": report.survival[arm] for arm in arms})
    rows = []
    for arm in arms:
        curves, control = report.survival[arm], report.effects.settings.control
        means = [
            f"{curves[name].restricted_mean:.1f}" if name in curves else "-"
            for name in (arm, control, INTACT)
        ]
        rows.append([arm, f"{last[arm]:g}", *means])
    text = (
        "Fraction of rollouts that still track their clip, at the largest dose of each arm (Kaplan-Meier). "
        "A rollout that is tracked to its end is censored there."
    )
    columns = ["arm", "dose", "arm: mean frames", "control", "intact"]
    levels = " and ".join(report.effects.resamples_.levels)
    caption = f"Bands: 95 % intervals over {levels}." if levels else "Without intervals, see the notes."
    parts = (Drawing(figure, caption), Table(columns, rows))
    return Section("Survival", text, parts)


def screens_section(report: Report, outcome: str) -> Section:
    """Effects of single units."""
    what, screens = outcome_of(outcome), report.screens[outcome]
    figure = unit_maps(
        {arm: (one.draws_, one.effect_, one.q_ <= LEVEL) for arm, one in screens.items()}, what
    )
    rows = []
    for arm, one in screens.items():
        place = {int(unit): i for i, unit in enumerate(one.draws_)}
        for unit in one.ranking_[:_UNITS_SHOWN].tolist():
            i = place[unit]
            bounds = (signed(x * what.factor) for x in (one.effect_[i], one.low_[i], one.high_[i]))
            rows.append([arm, str(unit), *bounds, p_text(float(one.p_[i])), p_text(float(one.q_[i]))])
    found = {arm: int((one.q_ <= LEVEL).sum()) for arm, one in screens.items()}
    counts = "; ".join(f"{arm}: {n} of {len(screens[arm].draws_)}" for arm, n in found.items())
    text = (
        f"Effect of every unit on {what.axis}: its change minus the mean of the controls, with p from the "
        "rank of the unit among them. Without controls it is the change from intact animals, with p from "
        "flips of its sign over policies, or over clips where there are too few of them. q is the false "
        f"discovery rate over the units of an arm.\n\nUnits with q of {LEVEL:g} or less: {counts}. Units "
        "that can stand in for one another have no effect on their own; see Shapley values."
    )
    columns = ["arm", "unit", "effect", "from", "to", "p", "q"]
    parts = (
        Drawing(
            figure, f"Red: more than the controls, or than intact animals. Dots: q of {LEVEL:g} or less."
        ),
        Table(columns, rows, f"The {_UNITS_SHOWN} units with the largest effects of each arm."),
    )
    return Section(f"Units and {what.label}", text, parts)


def phases_section(report: Report, series: str) -> Section:
    """Phase response curves of pulses."""
    curves, variable = report.phases[series], series.removeprefix(SERIES)
    rows = [
        [
            arm,
            str(one.rollouts_),
            *(signed(x) for x in (one.mean_, one.modulation_)),
            *(p_text(x) for x in (one.p_mean_, one.p_modulation_)),
            str(one.control_draws_),
        ]
        for arm, one in curves.items()
    ]
    text = (
        f"How pulses shift {variable}, in cycles, by the phase at which they come: the phase of a rollout "
        "minus that of its intact pair. Above 0 the pulse has advanced the steps, below 0 delayed them. "
        "Phase and cycles are those of the intact pair.\n\nModulation is the amplitude of the first "
        "harmonic of the curve in the first cycle. p are ranks among the draws of the control, of the mean "
        "(two-sided) and of the modulation (one-sided)."
    )
    columns = ["arm", "pulses", "mean shift", "modulation", "p of mean", "p of modulation", "control draws"]
    caption = (
        f"Means over policies and clips in {len(next(iter(curves.values())).phases_)} bins of phase, with "
    )
    caption += "95 % intervals."
    parts = (Drawing(phase_curves(curves), caption), Table(columns, rows, "In cycles."))
    return Section(f"Phase response of {variable}", text, parts)


def shapley_section(report: Report, outcome: str) -> Section:
    """Shapley values of sites that are lesioned together."""
    what, one = outcome_of(outcome), report.shapley[outcome]
    values, alone = one.found.values_ * what.factor, one.found.alone_ * what.factor
    order = np.argsort(-np.abs(values), kind="stable")
    names = [one.sites[i] for i in order]
    bounds = one.bounds[order].T * what.factor
    rows = [
        [name, signed(values[i]), signed(bounds[0, k]), signed(bounds[1, k]), signed(alone[i])]
        for k, (name, i) in enumerate(zip(names, order, strict=True))
    ]
    text = (
        "Mean of what the lesion of a site adds to lesions of other sites. A site with a larger value than "
        "its effect alone has a stand-in: single lesions miss it."
    )
    if not one.found.exact_:
        text += " The values are estimated from some of the possible sets of sites."
    figure = intervals(names, values[order], *bounds, f"Shapley value, {what.axis}")
    columns = ["site", "Shapley value", "from", "to", "alone"]
    parts = (Drawing(figure, "With 95 % intervals."), Table(columns, rows, f"Units: {what.shown}."))
    return Section(f"Shapley values of {what.label}", text, parts)
