"""`rodent clips`: get, inspect and convert reference clips."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import tyro

from rodent.cli.fetch import Fetch, List
from rodent.cli.join import Join
from rodent.cli.mirror import Mirror
from rodent.cli.pieces import PiecesCommand
from rodent.cli.retarget import Retarget
from rodent.cli.synth import Synth
from rodent.cli.vary import Vary
from rodent.reading_config import ImportOptions


@dataclasses.dataclass(frozen=True)
class Info:
    """Show the clips in a file of any importable format.

    Example: rodent clips info clips.h5
    """

    file: tyro.conf.Positional[Path]
    """A clip file, stac-mjx HDF5, npz, or mimic-mjx JSON."""
    json: bool = False
    """Print one JSON object instead of a table."""

    def run(self) -> None:
        """Read, summarise and print."""
        from rodent.clips.reading import read_clips
        from rodent.clips.summary import summarise
        from rodent.pages.output import print_json

        clips = read_clips(self.file)
        rows = summarise(clips)
        total = {"clips": len(clips), "frames": clips.total_frames, "seconds": sum(c.duration for c in clips)}
        if self.json:
            print_json({"file": str(self.file), "scale": clips.scale, "clips": rows, "total": total})
        else:
            _print_table(rows, total, f"{self.file}: a body of scale {clips.scale:g}")


@dataclasses.dataclass(frozen=True)
class Import:
    """Convert motion (stac-mjx or dm_control HDF5, npz, npy, mimic-mjx JSON) to a clip file.

    Hinges are reordered, quaternions are normalised, clips are shifted in height so that the paws stand on
    the floor, and velocities are computed.

    Example: rodent clips import clips.json.gz --out clips.h5
    """

    file: tyro.conf.Positional[Path]
    """The motion file. The format is detected from the content."""
    out: Path
    """The clip file to write."""
    options: tyro.conf.OmitArgPrefixes[ImportOptions] = dataclasses.field(default_factory=ImportOptions)
    """How the file is converted."""

    def run(self) -> None:
        """Convert and write."""
        from rodent.clips.file import write_clips
        from rodent.clips.importers import import_clips
        from rodent.pages.output import say

        clips = import_clips(self.file, self.options)
        write_clips(clips, self.out)
        shifts = [1000 * clip.floor_shift for clip in clips]
        aligned = f"; raised by {min(shifts):.1f} to {max(shifts):.1f} mm" if self.options.align_floor else ""
        say(f"wrote {self.out}: {len(clips)} clips, {clips.total_frames} frames{aligned}")


@dataclasses.dataclass(frozen=True)
class Clips:
    """Reference clips: fetch, inspect, convert, join, mirror, vary, retarget and synthesise.

    Example: rodent clips info clips.h5
    """

    action: Annotated[
        Annotated[List, tyro.conf.subcommand("list")]
        | Annotated[Fetch, tyro.conf.subcommand("fetch")]
        | Annotated[Info, tyro.conf.subcommand("info")]
        | Annotated[Import, tyro.conf.subcommand("import")]
        | Annotated[Join, tyro.conf.subcommand("join")]
        | Annotated[Mirror, tyro.conf.subcommand("mirror")]
        | Annotated[PiecesCommand, tyro.conf.subcommand("pieces")]
        | Annotated[Retarget, tyro.conf.subcommand("retarget")]
        | Annotated[Synth, tyro.conf.subcommand("synth")]
        | Annotated[Vary, tyro.conf.subcommand("vary")],
        tyro.conf.arg(name=""),
    ]

    def run(self) -> None:
        """Run the chosen command."""
        self.action.run()


def _print_table(rows: list[dict[str, Any]], total: dict[str, Any], title: str) -> None:
    import rich.box
    from rich.console import Console
    from rich.table import Table

    caption = "mm/s and height: of the torso; paw: the lowest point; shift: added to the height on import"
    table = Table(title=title, caption=caption, box=rich.box.SIMPLE, padding=(0, 1, 0, 0), show_footer=True)
    table.add_column("clip", f"{total['clips']} clips", overflow="fold")
    table.add_column("behavior", overflow="fold")
    footers = {"frames": f"{total['frames']}", "s": f"{total['seconds']:.1f}"}
    for heading in ("frames", "s", "Hz", "mm/s", "height mm", "paw mm", "shift mm"):
        table.add_column(heading, footers.get(heading, ""), justify="right", no_wrap=True)
    for row in rows:
        low, high = row["height_mm"]
        table.add_row(
            row["name"],
            row["behavior"],
            f"{row['frames']}",
            f"{row['seconds']:.1f}",
            f"{row['fps']:g}",
            f"{row['speed_mm_s']:.0f}",
            f"{low:.0f}–{high:.0f}",
            f"{row['paw_mm'][0]:.1f}",
            f"{row['floor_shift_mm']:+.1f}",
        )
    Console(highlight=False).print(table)
