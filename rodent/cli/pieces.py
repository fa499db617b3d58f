"""`rodent clips pieces`."""

import dataclasses
from pathlib import Path

import tyro

from rodent.motion_config import PieceConfig


@dataclasses.dataclass(frozen=True)
class PiecesCommand:
    """Write pieces of new motion made from clips, as `rodent train --motion.pieces 128` makes them.

    A piece is a part of a clip, or of two clips spliced where their poses are similar; then it is mirrored,
    varied, looks around, or has errors of tracking, each at random. Look at them with `rodent render`.

    Example: rodent clips pieces clips.h5 --count 20 --out pieces.h5
    """

    file: tyro.conf.Positional[Path]
    """Clips of any importable format, or the name of built-in clips."""
    out: Path
    """The clip file to write."""
    count: int = 20
    """Number of pieces."""
    piece: tyro.conf.OmitArgPrefixes[PieceConfig] = dataclasses.field(default_factory=PieceConfig)
    """How pieces are made."""
    seed: int = 0
    """Seed of all draws; a training's pieces have the seed of the training."""
    resample: float | None = None
    """Frame rate to which clips are resampled, Hz; by default that of the file."""
    json: bool = False
    """Print one JSON object on standard output."""

    def run(self) -> None:
        """Read, make pieces and write."""
        from rodent.clips.file import write_clips
        from rodent.clips.reading import read_clips
        from rodent.pages.output import report_written
        from rodent.progress import progress
        from rodent.scene import make_scene
        from rodent.synthesis.pieces import Pieces, piece_clips

        clips = read_clips(self.file, resample=self.resample)
        pieces = Pieces(self.piece, clips, make_scene(clips.body), self.seed)
        with progress("making", self.count, "pieces") as advance:
            made = piece_clips(pieces, self.count, advance)
        write_clips(made, self.out)
        report_written(made, self.out, self.json)
