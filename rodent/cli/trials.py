"""`rodent trials`: the trials of a recording, as a table or as an NWB file."""

import dataclasses
from pathlib import Path
from typing import Any

import tyro


@dataclasses.dataclass(frozen=True)
class TrialsCommand:
    """Print the trials of a recording of a task: their times, kinds and outcomes.

    Times are in seconds since the first frame of the trial's rollout; nan stands for what did not happen. In
    an NWB file, the rollouts stand one after another on one clock.

    Example: rodent trials joystick.h5 --out trials.csv
    """

    recording: tyro.conf.Positional[Path]
    """A recording of a task with trials, such as joystick."""
    out: Path | None = None
    """File to write: .csv, .parquet, which requires the extra `parquet`, or .nwb with a table `trials`."""
    json: bool = False
    """Print one JSON object instead of a table."""

    def run(self) -> None:
        """Read, print and write."""
        from rodent.errors import InputError
        from rodent.pages.output import print_json, print_table, say
        from rodent.pages.tables import require_table_format, write_table
        from rodent.recording import open_recording
        from rodent.recording.nwb import write_trials_nwb

        nwb = self.out is not None and self.out.suffix == ".nwb"
        if self.out is not None and not nwb:
            require_table_format(self.out)
        with open_recording(self.recording) as recording:
            trials = recording.trials
            if not len(trials):
                raise InputError(
                    f"{self.recording} has no trials; expected a recording of a task with trials, such as "
                    "joystick, that this version has recorded"
                )
            if nwb:
                write_trials_nwb(recording, self.out)
        if self.out is not None:
            if not nwb:
                write_table(self.out, trials.columns)
            say(f"wrote {self.out}, {len(trials)} trials")
        rows = trials.rows()
        if self.json:
            print_json({"recording": str(self.recording), "trials": rows})
            return
        print_table(list(trials.columns), [[_cell(x) for x in row.values()] for row in rows])


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
