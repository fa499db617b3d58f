"""Results of `rodent experiment report`: as JSON, and on the terminal."""

import dataclasses
from typing import Any

from analysis.effects.cells import p_text
from analysis.effects.dose import DoseResponse
from analysis.effects.outcomes import outcome_of
from analysis.effects.report import Report
from rodent.pages.output import print_table
from rodent.versions import versions

SCHEMA, VERSION = "virtual-rodent/effects", 1


def to_json(report: Report) -> dict[str, Any]:
    """All results, in SI units."""
    effects = report.effects
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "table": effects.pairs_.table.place,
        "policies": effects.pairs_.policies,
        "clips": effects.pairs_.clips,
        "intervals_over": effects.resamples_.levels,
        "units": {name: outcome_of(name).unit for name in effects.pairs_.table.outcomes},
        "effects": [dataclasses.asdict(one) for one in effects.effects_],
        "animals": [
            {"arm": one.arm, "dose": one.dose, "outcome": one.outcome, "animals": one.animals}
            for one in report.proposals
        ],
        "dose_response": [
            _of_response(one) for pairs in report.responses.values() for pair in pairs for one in pair if one
        ],
        "survival": [
            {"arm": arm, "curve": name, "rollouts": one.rollouts, "restricted_mean": one.restricted_mean}
            | {"fraction": one.fraction, "low": one.low, "high": one.high}
            for arm, curves in report.survival.items()
            for name, one in curves.items()
        ],
        "screens": [
            {"outcome": outcome, "arm": arm, "units": one.draws_, "effect": one.effect_}
            | {"low": one.low_, "high": one.high_, "p": one.p_, "q": one.q_}
            for outcome, screens in report.screens.items()
            for arm, one in screens.items()
        ],
        "shapley": [
            {"outcome": outcome, "sites": one.sites, "values": one.found.values_, "exact": one.found.exact_}
            | {"low": one.bounds[:, 0], "high": one.bounds[:, 1], "alone": one.found.alone_}
            for outcome, one in report.shapley.items()
        ],
        "phase_response": [
            {"series": series, "arm": arm, "phase": one.phases_, "shift": one.shift_, "low": one.low_}
            | {"high": one.high_, "control": one.control_, "mean": one.mean_, "p_mean": one.p_mean_}
            | {"modulation": one.modulation_, "p_modulation": one.p_modulation_, "pulses": one.rollouts_}
            for series, curves in report.phases.items()
            for arm, one in curves.items()
        ],
        "notes": report.notes,
        "settings": dataclasses.asdict(effects.settings),
        "versions": versions("scipy"),
    }


def print_summary(report: Report) -> None:
    """The experiments in the animal, a row each."""
    rows = []
    for one in report.proposals:
        what = outcome_of(one.outcome)
        value, low, high = (x * what.factor for x in (one.value, one.low, one.high))
        interval = f"{value:+.3g} ({low:+.3g} to {high:+.3g}){what.suffix}"
        rows.append(
            [one.arm, f"{one.dose:g}", what.label, interval, p_text(one.p_holm), f"{one.animals:.0f}"]
        )
    print_table(["arm", "dose", "outcome", "effect (95 %)", "Holm", "animals"], rows)


def _of_response(one: DoseResponse) -> dict[str, Any]:
    plain = {field.name: getattr(one, field.name) for field in dataclasses.fields(one)}
    curve = plain.pop("curve")
    return plain | {
        "hill": None if curve is None else curve.hill_,
        "top": None if curve is None else curve.top_,
    }
