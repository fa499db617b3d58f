"""`rodent clips mirror`."""

import dataclasses
from pathlib import Path

import tyro


@dataclasses.dataclass(frozen=True)
class Mirror:
    """Make the mirror images of clips, left and right exchanged: as much motion again to train on.

    The image of a clip has its name with _mirrored added; `rodent clips join` puts both into one file.

    Example: rodent clips mirror clips.h5 --out mirrored.h5
    """

    file: tyro.conf.Positional[Path]
    """Clips of any format that can be imported, or the name of clips that are built in."""
    out: Path
    """The clip file to write."""
    json: bool = False
    """Print one JSON object on standard output."""

    def run(self) -> None:
        """Read, reflect and write."""
        from rodent.body import Body, BodyConfig
        from rodent.cli.output import tell_written
        from rodent.clips.file import write_clips
        from rodent.clips.mirror import mirrored_clips
        from rodent.clips.reading import read_clips

        clips = read_clips(self.file)
        images = mirrored_clips(clips, Body(BodyConfig(scale=clips.scale)))
        write_clips(images, self.out)
        tell_written(images, self.out, self.json)
