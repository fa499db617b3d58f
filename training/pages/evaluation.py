"""The page of an evaluation: how well a policy tracks clips."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rodent.pages.page import Drawing, Section, Table, write_page
from training.evaluate import Trace
from training.pages.drawings import alive, by_change, errors, within
from training.pages.tables import FIGURES, ROBUST, columns_of, figure_rows, groups_of, robust_rows
from training.survival import (
    NOT_FINITE,
    TERMINATED,
    THRESHOLDS_MM,
    alive_by_frame,
    failure_text,
    limits,
    success_within,
    unit_of,
)

_MOST_CLIPS = 30  # whose errors are plotted
_RATES = (50, 30, 20)  # mm
_SPLIT = {"train": "training clips", "test": "held-out clips", "validation": "validation clips"}


def write_report(out: Path, policy: str, found: dict[str, Any], traces: Sequence[Trace]) -> None:
    """Write the page.

    Args:
        out: the HTML file.
        policy: its name.
        found: the metrics that the command prints as JSON.
        traces: the traces that the metrics are computed from.

    Raises:
        InputError: the page cannot be written there.
        WorkError: the disk is full.
    """
    sections = [
        whole(found),
        *([_task(found["metrics"])] if found.get("metrics") else []),
        _survival(found, traces),
        _ends(found, traces),
        *([_robust(found)] if "robust" in found else []),
        *([_unguided(found["unguided"])] if "unguided" in found else []),
        clip_by_clip(found),
        *([_errors(found, traces)] if limits(traces[0]) else []),
    ]
    write_page(out, f"Evaluation of {policy} on {len(traces)} clips", sections)


def whole(found: dict[str, Any]) -> Section:
    """The metrics of all clips together, and of their groups."""
    mean = found["mean"]
    rows = [
        ["clips", len(found["clips"])],
        ["tracked to the end", f"{found['success_rate']:.0%}"],
        *(
            [f"… always within {mm} mm", f"{found[key]:.0%}"]
            for mm in _RATES
            if (key := f"success_rate_{mm}mm") in found
        ),
        ["frames tracked", f"{mean['lifespan_frames']:.0f} of {mean['frames']:.0f}"],
        *([_in_words(key), f"{mean[key]:.1f} {unit_of(key)}"] for key in _errors_of(found)),
    ]
    failure = f"until {failure_text(found['limits'])}" if found["limits"] else "until the task terminates"
    text = (
        "Every clip is played from its first frame with the policy's mean action, until a failure: "
        f"{failure}. Errors are means over all frames; a frame after the failure counts as 50 mm or 90 "
        "degrees."
    )
    tables = [Table(["", ""], rows)]
    if groups := groups_of(found):
        columns = ["", "clips", "tracked to the end", *columns_of(found)]
        tables.append(Table(columns, [_group(found, *group) for group in groups.items()]))
    return Section("Summary", text, tuple(tables))


def _errors_of(found: dict[str, Any]) -> list[str]:
    return [key for key in columns_of(found).values() if "frames" not in key]


def _in_words(key: str) -> str:
    return key.rpartition("_")[0].replace("_", " ")


def _group(found: dict[str, Any], name: str, group: dict[str, Any]) -> list[Any]:
    return [name, group["clips"], f"{group['success']:.0%}", *_figures(found, group)]


def _figures(found: dict[str, Any], scores: dict[str, Any]) -> list[str]:
    """The cells of `columns_of`: frames as integers, errors with one decimal."""
    keys = columns_of(found).values()
    return [f"{scores[key]:.{0 if 'frames' in key else 1}f}" for key in keys]


def _survival(found: dict[str, Any], traces: Sequence[Trace]) -> Section:
    parts = _parts(found, traces)
    last = max(len(trace.failed) for trace in traces)
    frames = alive({name: alive_by_frame(group) for name, group in parts.items()}, last)
    drawings = [Drawing(frames, "Clips without failure (Kaplan-Meier): clips that have ended are censored.")]
    if "survival_mm" in found:
        curves = {
            name: (
                success_within(group, THRESHOLDS_MM),
                success_within(group, THRESHOLDS_MM, ("root_position",)),
            )
            for name, group in parts.items()
        }
        caption = (
            "Clips tracked to the end, always within a threshold: root and mean of the bodies; dashed: the "
            "root alone."
        )
        drawings.append(Drawing(within(THRESHOLDS_MM, curves), caption))
    return Section("Survival", "", tuple(drawings))


def _parts(found: dict[str, Any], traces: Sequence[Trace]) -> dict[str, list[Trace]]:
    """The traces of each part of the split that is there, or of all clips if there is only one."""
    parts = [_SPLIT.get(clip.get("split"), "") for clip in found["clips"]]
    if len(set(parts)) == 1:
        return {"all clips": list(traces)}
    return {
        name: [trace for trace, part in zip(traces, parts, strict=True) if part == name]
        for name in _SPLIT.values()
        if name in parts
    }


def _ends(found: dict[str, Any], traces: Sequence[Trace]) -> Section:
    causes = [*(limits(traces[0]) or [TERMINATED]), NOT_FINITE]
    names = list(dict.fromkeys(clip["behavior"] for clip in found["clips"]))
    rows = []
    for name in names:
        ended = [clip["ended_by"] for clip in found["clips"] if clip["behavior"] == name]
        rows.append([name or "no behavior", len(ended), *(ended.count(cause) for cause in (None, *causes))])
    if len(rows) > 1:
        rows.append(["all", *(sum(column) for column in zip(*(row[1:] for row in rows), strict=True))])
    columns = ["", "clips", "tracked to the end", *(cause.replace("_", " ") for cause in causes)]
    text = (
        "The error that exceeded its limit most in the frame of failure. An orientation error means that the "
        "rat fell or turned in another direction; a position error that it fell behind or ran ahead."
    )
    return Section("Causes of failure", text, (Table(columns, rows),))


def _task(metrics: list[dict[str, Any]]) -> Section:
    text = "What the task is judged by, over all episodes."
    return Section("Figures", text, (Table(list(FIGURES), figure_rows(metrics)),))


def _robust(found: dict[str, Any]) -> Section:
    text = (
        f"{found['copies']} copies of every clip, each with every joint off by 0.06 degrees (standard "
        "deviation) at the first frame, in the world as it is and in changed ones. Changes and seeds are the "
        "same for all policies. In the world as it is, "
        f"{found['share_of_controls_at_limits']:.1%} of the controls are at a limit that the reference does "
        "not ask for."
    )
    figure = by_change({row["change"]: row["success_rate"] for row in found["robust"]})
    caption = "Copies tracked to the end, by change."
    return Section(
        "In changed worlds", text, (Drawing(figure, caption), Table(list(ROBUST), robust_rows(found)))
    )


def _unguided(found: dict[str, Any]) -> Section:
    rows = [
        [name, f"{one['upright']:.0%}", f"{one['moved']:.0%}"]
        for name, one in (
            ("independent latents", found),
            (f"latents with a correlation of {found['correlated']['correlation']:g}", found["correlated"]),
            ("decoder silenced", found["silenced"]),
        )
    ]
    text = (
        f"From {found['starts']} frames of the clips the decoder acts for {found['seconds']:g} s on latents "
        "that the prior draws from what the body senses, independently in each step or with a noise that is "
        "correlated from step to step. A body is upright if it never lies on a side or on "
        "its back."
    )
    columns = ["", "upright", "upright, and moved by 0.3 m"]
    return Section("Without a goal", text, (Table(columns, rows),))


def clip_by_clip(found: dict[str, Any]) -> Section:
    """A table of all clips."""
    known = ["split"] if "splits" in found else []
    rows = [
        [
            *(clip[key] for key in ("name", "behavior", *known)),
            *_figures(found, clip),
            (clip["ended_by"] or "-").replace("_", " "),
        ]
        for clip in found["clips"]
    ]
    return Section(
        "Clip by clip", "", (Table(["clip", "behavior", *known, *columns_of(found), "ended by"], rows),)
    )


def _errors(found: dict[str, Any], traces: Sequence[Trace]) -> Section:
    early = np.argsort([trace.lifespan / len(trace.failed) for trace in traces], kind="stable")
    shown = sorted(early[:_MOST_CLIPS])
    held_out = [" (held out)" * (clip.get("split") == "test") for clip in found["clips"]]
    figure = errors([traces[i] for i in shown], [traces[i].name + held_out[i] for i in shown])
    text = "A clip ends when one of the errors reaches its limit, 1; the frames after the failure are grey."
    if len(shown) < len(traces):
        text += f" Of {len(traces)} clips, the {len(shown)} with the earliest failures are shown."
    return Section("Errors over time", text, (Drawing(figure),))
