"""`rodent clips join`."""

import dataclasses
from pathlib import Path

import tyro


@dataclasses.dataclass(frozen=True)
class Join:
    """Join the clips of several files into one file.

    Example: rodent clips join monday.h5 tuesday.h5 gaits --out all.h5
    """

    files: tyro.conf.Positional[tuple[Path, ...]]
    """Clip files of any importable format, or names of built-in clips."""
    out: Path
    """The clip file to write."""
    resample: float | None = None
    """Frame rate to which clips are resampled, Hz; by default that of the file."""
    json: bool = False
    """Print one JSON object on standard output."""

    def run(self) -> None:
        """Read all files and write one."""
        from rodent.clips.clip import joined
        from rodent.clips.file import write_clips
        from rodent.clips.reading import read_clips
        from rodent.errors import InputError
        from rodent.pages.output import report_written

        if len(self.files) < 2:
            raise InputError(f"there are {len(self.files)} clip files to join; expected two or more")
        clips = joined([(str(file), read_clips(file, resample=self.resample)) for file in self.files])
        write_clips(clips, self.out)
        report_written(clips, self.out, self.json)
