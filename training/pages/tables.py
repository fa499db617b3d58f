"""How well a policy tracks clips, as rows of tables and on the terminal.

`found` is what `training.evaluate.scores` gives, and what `rodent evaluate --json` prints.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rodent.pages.output import print_table

_ALL = "_all_frames"
_HEADINGS = {
    "lifespan_frames": "lifespan",
    f"root_position_error_mm{_ALL}": "root mm",
    f"root_orientation_error_deg{_ALL}": "root deg",
    f"joint_angle_error_deg{_ALL}": "joints deg",
    f"body_position_error_mm{_ALL}": "bodies mm",
}
FIGURES = ("figure", "value", "bar")
"""Headings of `figure_rows`."""
ROBUST = ("change", "tracked to the end", "frames")
"""Headings of `robust_rows`."""


def columns_of(found: dict[str, Any]) -> dict[str, str]:
    """What is shown of every clip, by heading: how long it lasted, and its errors over all frames."""
    figures = [key for key, value in found["mean"].items() if isinstance(value, float)]
    keys = [key for key in figures if key != "success" and f"{key}{_ALL}" not in figures]
    return {_HEADINGS.get(key, key.removesuffix(_ALL).replace("_", " ")): key for key in keys}


def print_tables(found: dict[str, Any]) -> None:
    """A table of clips, one of groups of clips, and a line of successes."""
    known, columns = ["split"] if "splits" in found else [], columns_of(found)
    figures = columns.values()
    rows = [[clip[key] for key in ("name", "behavior", *known, *figures)] for clip in found["clips"]]
    ended = [(clip["ended_by"] or "").replace("_", " ") for clip in found["clips"]]
    mean = ["mean", "", *([""] * len(known)), *(found["mean"][key] for key in figures)]
    rows = [[*row, by] for row, by in zip([*rows, mean], [*ended, ""], strict=True)]
    print_table(["clip", "behavior", *known, *columns, "ended by"], rows)
    groups = groups_of(found)
    if groups:
        print()
        print_table(["", "clips", "success", *columns], [_group_row(found, *one) for one in groups.items()])
    what = "clips tracked to the end" if "success_rate_50mm" in found else "episodes without a failure"
    print(f"success: {found['success_rate']:.0%} of the {what}{_within(found)}")
    if found.get("metrics"):
        print()
        print_table(list(FIGURES), figure_rows(found["metrics"]))
    if "robust" in found:
        print(f"\n{found['copies']} copies of each clip:")
        print_table(list(ROBUST), robust_rows(found))
    if "unguided" in found:
        print(f"\n{unguided_text(found['unguided'])}")


def figure_rows(metrics: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """A row per figure of the task, with its bar if it has one."""
    return [[row["figure"], f"{row['value']:.3g}", bar_text(row)] for row in metrics]


def bar_text(row: Mapping[str, Any]) -> str:
    """The bar of a figure in words; empty without one."""
    sign = {"least": "at least", "most": "at most"}
    return "" if row["bar"] is None else f"{sign[row['at']]} {row['bar']:g}"


def robust_rows(found: dict[str, Any]) -> list[list[str]]:
    """A row per changed world."""
    return [
        [row["change"], f"{row['success_rate']:.1%}", f"{row['mean_frames']:.0f}"] for row in found["robust"]
    ]


def unguided_text(found: dict[str, Any]) -> str:
    """What latents of the prior do, in a sentence."""
    slow, silenced = found["correlated"], found["silenced"]
    rows = (
        ("", found),
        (f"with a correlation of {slow['correlation']:g} from step to step: ", slow),
        ("without the decoder: ", silenced),
    )
    each = [
        f"{name}{one['upright']:.0%} stay upright, {one['moved']:.0%} also move 0.3 m" for name, one in rows
    ]
    return f"latents from the prior, {found['starts']} starts, {found['seconds']:g} s: " + "; ".join(each)


def _within(found: dict[str, Any]) -> str:
    """Success within distances, of a task that has them."""
    rates = {mm: found.get(f"success_rate_{mm}mm") for mm in (50, 30, 20)}
    return "".join(f", {rate:.0%} within {mm} mm" for mm, rate in rates.items() if rate is not None)


def groups_of(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The means of training and test clips and of each behavior, if there are two or more."""
    groups: dict[str, dict[str, Any]] = {}
    for kind, key in (("splits", "split"), ("behaviors", "behavior")):
        rows = found.get(kind, [])
        if len(rows) > 1:
            groups |= {row[key] or "no behavior": row for row in rows}
    return groups


def _group_row(found: dict[str, Any], name: str, group: dict[str, Any]) -> list[Any]:
    figures = (group[key] for key in columns_of(found).values())
    return [name, group["clips"], f"{group['success']:.0%}", *figures]
