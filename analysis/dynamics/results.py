"""Results of a fit: as JSON, and on the terminal."""

import dataclasses
import math
from typing import Any

from analysis.dynamics.fit import FittedDynamics
from analysis.dynamics.modes import Modes
from rodent.pages.output import print_table, say
from rodent.versions import versions

SCHEMA, VERSION = "virtual-rodent/dynamics-fit", 1
LEAST_HERTZ = 0.005
"""Frequency that is shown: a slower rotation is none within a recording."""


def to_json(found: FittedDynamics) -> dict[str, Any]:
    """The output of `rodent dynamics fit --json`."""
    activity = found.activity
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "source": activity.name,
        "kind": activity.kind,
        "channels": len(activity.channels),
        "seconds": activity.seconds,
        "bin_seconds": activity.bin_seconds,
        "model": found.settings.model,
        "dimensions": found.dimensions,
        "dimension_curve": found.curve,
        "participation_ratio": found.participation_ratio,
        "bits_per_spike": found.bits_per_spike,
        "r2": found.r2,
        "forward": {
            **dataclasses.asdict(found.forward),
            "persistence_r2": found.folds[0].persistence,
            "seconds": found.settings.forecast_seconds,
        },
        "folds": [dataclasses.asdict(fold) for fold in found.folds],
        "rotations": None if found.rotations is None else dataclasses.asdict(found.rotations),
        "modes": None if found.modes is None else _modes(found.modes),
        "fixed_points": [
            {"starts": point.starts, "speed": point.speed, **_modes(point.modes)} for point in found.points
        ],
        "perturbed": None if found.foresight is None else dataclasses.asdict(found.foresight),
        "notes": activity.notes,
        "settings": dataclasses.asdict(found.settings),
        "versions": versions("scipy"),
    }


def rows(found: FittedDynamics) -> list[list[str]]:
    """What was found, a name and a value each."""
    spikes, forward = found.activity.kind == "spikes", found.forward
    unit = " bits/spike" if spikes else " R²"
    settings = found.settings
    table = [
        ["model", settings.model],
        ["channels", f"{len(found.activity.channels)}"],
        ["time", f"{found.activity.seconds:.1f} s in bins of {found.activity.bin_seconds:g} s"],
        ["latent variables", f"{found.dimensions}"],
        ["participation ratio", _number(found.participation_ratio)],
        ["co-smoothing", f"{found.bits_per_spike if spikes else found.r2:.4f}{unit}"],
        [f"forward prediction, {settings.forecast_seconds:g} s", f"{forward.value:.4f}{unit}"],
    ]
    if not spikes:
        table.append(["the same of units that stay as they were", f"{found.folds[0].persistence:.4f}{unit}"])
    if (turns := found.rotations) is not None:
        table.append(
            [
                "rotation, R² (any linear map; shifted; p)",
                f"{turns.r2:.3f} ({turns.r2_free:.3f}; {turns.null:.3f}; {turns.p:.3g})",
            ]
        )
    if found.modes is not None:
        table.append(["slowest time constants", modes_text(found.modes)])
    if settings.model == "lfads":
        stable = sum(point.modes.stable for point in found.points)
        table.append(["fixed points (stable)", f"{len(found.points)} ({stable})"])
    if found.foresight is not None:
        table.append(["perturbed", foresight_text(found)])
    return table


def modes_text(modes: Modes) -> str:
    """The three slowest modes."""
    pairs = list(zip(modes.seconds, modes.hertz, strict=True))[:3]
    times = (f"{seconds:.3g} s" if math.isfinite(seconds) else "does not fall" for seconds, _ in pairs)
    turns = (f" at {hertz:.2f} Hz" if hertz >= LEAST_HERTZ else "" for _, hertz in pairs)
    return "; ".join(time + turn for time, turn in zip(times, turns, strict=True))


def foresight_text(found: FittedDynamics) -> str:
    """Whether the model foresees the perturbation, in a sentence."""
    one = found.foresight
    assert one is not None
    unit = "bits/spike" if math.isnan(one.intact.r2) else "R²"
    verdict = "foresees" if one.foresees else "does not foresee"
    text = (
        f"The model of intact activity {verdict} {one.name}: its forward prediction is "
        f"{one.perturbed.value:.3f} {unit} there, {one.intact.value:.3f} on intact activity"
    )
    if not math.isnan(one.persistence):
        text += f", and that of units that stay as they were {one.persistence:.3f}"
    if not math.isnan(one.response_r2):
        text += f"; it explains {one.response_r2:.3f} of the response (perturbed minus intact)"
    return f"{text}."


def print_fit(found: FittedDynamics) -> None:
    """The table on the terminal; notes on standard error."""
    for note in found.activity.notes:
        say(note)
    print_table(["", found.activity.name], rows(found))


def _modes(modes: Modes) -> dict[str, Any]:
    return {"time_constants": modes.seconds, "hertz": modes.hertz, "stable": modes.stable}


def _number(value: float) -> str:
    return "none above noise" if math.isnan(value) else f"{value:.2f}"
