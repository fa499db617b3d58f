"""The page of an experiment: effects, dose-response and survival curves, maps, and animals.

write_page(out, title, effect_sections(report))
"""

import numpy as np

from analysis.effects.cells import animals_text, named, number, p_text, signed, value_text
from analysis.effects.effect import Effect
from analysis.effects.figures import animals_needed_figure, effect_map
from analysis.effects.outcomes import outcome_of
from analysis.effects.page_parts import (
    MOST_ROWS,
    doses_section,
    phases_section,
    screens_section,
    shapley_section,
    survival_section,
)
from analysis.effects.power import MOST_ANIMALS
from analysis.effects.report import Report
from analysis.encoding.inference import LEVEL
from rodent.pages.drawing import intervals
from rodent.pages.page import Drawing, Section, Table

_ANIMALS = ("animals", "animals_low", "animals_high")


def effect_sections(report: Report) -> list[Section]:
    """The sections of the page; those without content are left out."""
    sections = [_overview(report), _animals(report)]
    sections += [_effects(report, outcome) for outcome in report.outcomes]
    sections.append(_map(report))
    sections += [doses_section(report, outcome) for outcome in report.outcomes if report.responses[outcome]]
    if report.survival:
        sections.append(survival_section(report))
    sections += [screens_section(report, outcome) for outcome in report.outcomes if report.screens[outcome]]
    sections += [shapley_section(report, outcome) for outcome in report.shapley]
    sections += [phases_section(report, series) for series in report.phases]
    return sections


def _overview(report: Report) -> Section:
    effects = report.effects
    table, pairs = effects.pairs_.table, effects.pairs_
    conditions = {name: len(np.unique(table[name])) for name in ("start", "seed")}
    rows = [
        ["policies", ", ".join(pairs.policies)],
        ["clips", ", ".join(pairs.clips)],
        [
            "starts per clip, at most; repeats with other noise",
            f"{conditions['start']}; {conditions['seed']}",
        ],
        ["arms", f"{len(table.arms)}"],
        ["rollouts", f"{len(table):,}"],
        ["intervals are over", " and ".join(effects.resamples_.levels) or "nothing"],
    ]
    text = (
        "Every rollout is compared with the intact one of the same policy, clip, start and noise. An effect "
        "is the change of an arm minus that of its matched control: the same intervention on other units "
        "that are like them.\n\nIntervals (95 %) are by bootstrap over policies, clips and draws. p is the "
        "two-sided rank of the arm among the random draws of its control. Holm's correction is over the arms "
        "and doses of one outcome."
    )
    parts = [Table(["", ""], rows)]
    if report.notes:
        parts.append(Table(["", "note"], [[i + 1, note] for i, note in enumerate(report.notes)]))
    return Section("Experiment", text, tuple(parts))


def _animals(report: Report) -> Section:
    settings, found = report.effects.settings, report.proposals
    text = (
        f"Experiments in the animal, by predicted effect: the number of animals with which a paired t test "
        f"shows it at {settings.power:.0%} power (two-sided, alpha {settings.alpha:g}). For each arm it is "
        "the dose and behavior with the fewest animals; only effects whose interval excludes 0 are listed."
        "\n\n"
        "Assumption: animals vary as virtual ones do. An animal stands for one policy in one clip, with one "
        "draw of units for arm and control; d is the mean effect over the standard deviation between them. "
        "Real animals, lesions and measurements vary more, and the best of several outcomes is shown, so "
        "the numbers are lower bounds."
    )
    if len(report.effects.pairs_.policies) < settings.least_policies:
        text += " There are too few policies for their variability to count in the intervals."
    if not found:
        return Section("In the animal", f"{text}\n\nNo effect has an interval that excludes 0.", ())
    shown = found[:MOST_ROWS]
    rows = [
        [
            named(one),
            outcome_of(one.outcome).label,
            value_text(one),
            f"{one.d:+.2f}",
            animals_text(one.animals),
            f"{animals_text(one.animals_low)} to {animals_text(one.animals_high)}",
            p_text(one.p_holm),
        ]
        for one in shown
    ]
    names = [f"{named(one)}: {outcome_of(one.outcome).label}" for one in shown]
    arrays = [np.array([getattr(one, name) for one in shown]) for name in _ANIMALS]
    figure = animals_needed_figure(names, *arrays, MOST_ANIMALS)
    columns = ["arm and dose", "outcome", "effect", "d", "animals", "95 %", "Holm"]
    caption = f"The first {MOST_ROWS} of {len(found)} arms." if len(found) > MOST_ROWS else ""
    drawing = Drawing(figure, "Number of animals, with its 95 % interval.")
    return Section("In the animal", text, (drawing, Table(columns, rows, caption)))


def _effects(report: Report, outcome: str) -> Section:
    what, found = outcome_of(outcome), report.shown(outcome)
    shown = found[:MOST_ROWS]
    values = np.array([[one.value, one.low, one.high] for one in shown]).T * what.factor
    figure = intervals([named(one) for one in shown], *values, f"effect on {what.axis}")
    rows = [
        [
            named(one),
            number(one.intact * what.factor),
            *(signed(x * what.factor) for x in (one.value, one.low, one.high)),
            one.control or "intact",
            f"{one.draws}, {one.control_draws}",
            *(p_text(p) for p in (one.p, one.p_holm, one.q)),
        ]
        for one in shown
    ]
    columns = ["arm and dose", "intact", "effect", "from", "to", "against", "draws", "p", "Holm", "q"]
    caption = (
        f"Units: {what.shown}. Draws: of the arm, and of its control. q: false discovery rate over arms and "
        "doses."
    )
    if len(found) > MOST_ROWS:
        caption += f" The largest {MOST_ROWS} of {len(found)} effects."
    parts = (Drawing(figure, "Effects with 95 % intervals."), Table(columns, rows, caption))
    return Section(f"Effects on {what.label}", "", parts)


def _map(report: Report) -> Section:
    effects = report.effects
    outcomes = list(dict.fromkeys(one.outcome for one in effects.effects_))
    by_arm: dict[tuple[str, float], dict[str, Effect]] = {}
    for one in report.without_screens(effects.effects_):
        by_arm.setdefault((one.arm, one.dose), {})[one.outcome] = one
    d = np.array([[row[name].d for name in outcomes] for row in by_arm.values()])
    p = np.array([[row[name].p_holm for name in outcomes] for row in by_arm.values()])
    order = np.argsort(-np.abs(np.nan_to_num(d, posinf=99, neginf=-99)).max(1), kind="stable")[:MOST_ROWS]
    order = np.sort(order)
    names = [named(next(iter(row.values()))) for row in by_arm.values()]
    figure = effect_map(
        [names[i] for i in order],
        [outcome_of(name).label for name in outcomes],
        d[order],
        p[order] <= LEVEL,
    )
    text = "Effects of all arms and doses on all outcomes, in standard deviations between virtual animals."
    if len(names) > MOST_ROWS:
        text += f" The {MOST_ROWS} arms and doses with the largest effects of {len(names)}."
    caption = f"Red: more than the control. A star: p of {LEVEL:g} or less after Holm's correction."
    return Section("Map of effects", text, (Drawing(figure, caption),))
