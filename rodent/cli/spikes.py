"""`rodent spikes`: the content of a file of spikes."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro

from analysis.neural.settings import LabelOptions, QualitySettings, SpikeOptions

BIN_SECONDS = 0.1
"""Approximate length of the bins in which the quality of neurons is measured."""


@dataclasses.dataclass(frozen=True)
class Spikes:
    """Show the content of a file of spikes: duration, neurons and their quality, epochs, behavior.

    Example: rodent spikes spikes.npz --min-rate 0.5
    """

    spikes: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SPIKES")]
    """NWB, a session of Aldarondo et al. (2024), a folder of Phy or Kilosort, npz of pynapple, a MAT file of
    tetrodes with its tracker's file in the same folder, npz, HDF5 or MAT of counts or times, or a format that
    an installed package adds."""
    reading: tyro.conf.OmitArgPrefixes[SpikeOptions] = dataclasses.field(default_factory=SpikeOptions)
    """How the file is read."""
    labels: LabelOptions = dataclasses.field(default_factory=LabelOptions)
    """Behavior labels of the session, from a file of their own."""
    path_out: Path | None = None
    """CSV file to write with the tracked path, for `rodent clips synth --path`."""
    between: tuple[float, float] | None = None
    """Start and end of the path to write, seconds on the clock of the spikes; by default the whole path."""
    select: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Select neurons by columns of the units table: `region=M1`, `region=M1,DLS` for either,
    `quality!=noise`, or `'depth<800'` for numbers. Several conditions, separated by commas or in several
    options, must all hold."""
    group: str | None = None
    """Column of the units table, such as `region`: adds a line for each of its values."""
    settings: tyro.conf.OmitArgPrefixes[QualitySettings] = dataclasses.field(default_factory=QualitySettings)
    json: bool = False
    """Print one JSON object instead of tables."""

    def run(self) -> None:
        """Read, judge and print."""
        from analysis.neural.contents import behavior_rows, column_rows, epoch_rows, group_rows, neuron_rows
        from analysis.neural.labels import with_labels
        from analysis.neural.path import write_path
        from analysis.neural.quality import judge
        from analysis.neural.read import read_session
        from analysis.neural.selection import select
        from rodent.errors import InputError
        from rodent.pages.output import print_json, say

        if self.between is not None and self.path_out is None:
            raise InputError("--between is the part of a path; give --path-out, too")
        session = select(with_labels(read_session(self.spikes, self.reading), self.labels), self.select)
        labels = None if self.group is None else session.labels(self.group)
        binned = session.whole(BIN_SECONDS)
        quality = judge(binned, session, self.settings)
        path = None if self.path_out is None else write_path(session, self.path_out, self.between)
        notes = [*session.notes, *quality.notes, *(path.notes if path else ())]
        for note in notes:
            say(note)
        start, stop = session.span
        groups = [] if labels is None else group_rows(quality, labels)
        columns, epochs = column_rows(session), epoch_rows(session)
        behavior, unreadable = behavior_rows(session)
        for note in unreadable:
            say(note)
        if not self.json:
            good = f"{int(quality.good.sum())} of {len(quality.good)} neurons are good"
            say(f"{self.spikes}: {session.kind}, {stop - start:.1f} s from {start:.3f} s on; {good}")
            neurons: Sequence[dict[str, Any]] = quality.table
            if labels is not None:
                neurons = [{"group": label} | row for label, row in zip(labels, neurons, strict=True)]
            for rows in (neurons, groups, columns, epochs, behavior):
                _print_table(rows)
            return
        print_json(
            {
                "spikes": str(self.spikes),
                "kind": session.kind,
                "start_seconds": start,
                "stop_seconds": stop,
                "select": self.select,
                "neurons": neuron_rows(quality, session),
                "good": int(quality.good.sum()),
                "dropped": [{"name": name, "reason": why} for name, why in quality.dropped.items()],
                "group_by": self.group,
                "groups": groups,
                "columns": columns,
                "epochs": epochs,
                "behavior": behavior,
                "path": path
                and {"file": str(self.path_out), "offset_seconds": path.start, "positions": path.seen},
                "notes": notes,
                "settings": dataclasses.asdict(self.settings),
            }
        )


def _print_table(rows: Sequence[dict[str, Any]]) -> None:
    from rodent.pages.output import print_table

    if rows:
        cells = [[f"{x:.4g}" if isinstance(x, float) else str(x) for x in row.values()] for row in rows]
        print_table(list(rows[0]), cells)
        print()
