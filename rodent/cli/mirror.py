"""`rodent clips mirror`."""

import dataclasses
from pathlib import Path

import tyro


@dataclasses.dataclass(frozen=True)
class Mirror:
    """Write the mirror images of clips, with left and right swapped. They double the training data.

    The mirror image of Walk_280 is named Walk_280_mirrored. `rodent clips join` joins both into one file.

    Example: rodent clips mirror clips.h5 --out mirrored.h5
    """

    file: tyro.conf.Positional[Path]
    """Clips of any importable format, or the name of built-in clips."""
    out: Path
    """The clip file to write."""
    resample: float | None = None
    """Frame rate to which clips are resampled, Hz; by default that of the file."""
    json: bool = False
    """Print one JSON object on standard output."""

    def run(self) -> None:
        """Read, reflect and write."""
        from rodent.clips.file import write_clips
        from rodent.clips.mirror import mirrored_clips
        from rodent.clips.reading import read_clips
        from rodent.pages.output import report_written
        from rodent.scene import make_scene

        clips = read_clips(self.file, resample=self.resample)
        images = mirrored_clips(clips, make_scene(clips.body))
        write_clips(images, self.out)
        report_written(images, self.out, self.json)
