"""What commands print: results on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rodent.files import atomic_path
from rodent.progress import STDERR

if TYPE_CHECKING:
    from rodent.clips.clip import ClipSet


def print_json(result: Mapping[str, Any]) -> None:
    """One JSON object on standard output; NaN becomes null, as JSON has no NaN."""
    json.dump(_plain(result), sys.stdout, allow_nan=False)
    sys.stdout.write("\n")


def write_json(result: Mapping[str, Any], path: Path) -> None:
    """The same in a file."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(_plain(result), allow_nan=False, indent=1) + "\n")


def say(message: str) -> None:
    """Print a line on standard error."""
    STDERR.print(message, soft_wrap=True, markup=False)


def report_written(clips: "ClipSet", out: Path, as_json: bool) -> None:
    """Print the number of clips in a new file: as JSON on standard output, or as a line for the user."""
    if as_json:
        print_json({"out": str(out), "clips": len(clips), "frames": clips.total_frames})
    else:
        say(f"wrote {out}: {len(clips)} clips, {clips.total_frames} frames")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "tolist"):  # a numpy scalar or array
        return _plain(value.tolist())
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def print_table(columns: list[str], rows: list[list[Any]]) -> None:
    """A table on standard output; floats with one decimal."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, column in enumerate(columns):
        numeric = any(isinstance(row[i], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(f"{x:.1f}" if isinstance(x, float) else str(x) for x in row))
    # wider than any row, so that no cell is truncated: a terminal wraps long lines
    Console(width=10_000, soft_wrap=True, highlight=False).print(table)
