"""`rodent clips vary`."""

import dataclasses
from pathlib import Path

import tyro

from rodent.variation_config import Variation


@dataclasses.dataclass(frozen=True)
class Vary:
    """Write variants of clips with a different pace and posture, as data augmentation for training.

    On average, weight-bearing paws keep their positions in the clip. Variants of Walk_280 are named
    Walk_280_varied_0, Walk_280_varied_1, … `rodent clips join` joins all into one file.

    Example: rodent clips vary clips.h5 --out varied.h5 --copies 3
    """

    file: tyro.conf.Positional[Path]
    """Clips of any importable format, or the name of built-in clips."""
    out: Path
    """The clip file to write."""
    variation: tyro.conf.OmitArgPrefixes[Variation] = dataclasses.field(default_factory=Variation)
    """How variants differ."""
    resample: float | None = None
    """Frame rate to which clips are resampled, Hz; by default that of the file."""
    json: bool = False
    """Print one JSON object on standard output."""

    def run(self) -> None:
        """Read, vary and write."""
        from rodent.clips.file import write_clips
        from rodent.clips.reading import read_clips
        from rodent.pages.output import report_written
        from rodent.progress import progress
        from rodent.scene import make_scene
        from rodent.synthesis.variation import varied_clips

        clips = read_clips(self.file, resample=self.resample)
        scene = make_scene(clips.body)
        with progress("varying", len(clips) * self.variation.copies, "clips") as advance:
            variants = varied_clips(clips, scene, self.variation, advance)
        write_clips(variants, self.out)
        report_written(variants, self.out, self.json)
