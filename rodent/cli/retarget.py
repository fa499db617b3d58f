"""`rodent clips retarget`."""

import dataclasses
from pathlib import Path
from typing import Literal

import tyro


@dataclasses.dataclass(frozen=True)
class Retarget:
    """Carry clips over to a body of another size, such as a mouse's motion to a rat.

    Joint angles stay, paths grow with the limbs, and paws are as far above the floor as before. Time grows
    with the square root of the length, as it does between animals that move alike (equal Froude numbers).

    Example: rodent clips retarget clips.h5 --scale 0.5 --out small.h5
    """

    file: tyro.conf.Positional[Path]
    """Clips of any importable format."""
    out: Path
    """The clip file to write."""
    scale: float = 0.9
    """Size of the other body relative to dm_control's rat."""
    body: Literal["rat", "mouse"] = "rat"
    """Animal whose proportions the other body has."""
    same_time: bool = False
    """Leave durations as they are."""
    resample: float | None = None
    """Frame rate to which clips are resampled, Hz; by default that of the file."""
    json: bool = False
    """Print one JSON object on standard output."""

    def run(self) -> None:
        """Read, carry over and write."""
        from rodent.body_config import BodyConfig, MouseConfig
        from rodent.clips.file import write_clips
        from rodent.clips.reading import read_clips
        from rodent.clips.retarget import retargeted_clips
        from rodent.pages.output import report_written
        from rodent.scene import make_scene

        body = MouseConfig(scale=self.scale) if self.body == "mouse" else BodyConfig(scale=self.scale)
        scene = make_scene(body)
        clips = retargeted_clips(
            read_clips(self.file, resample=self.resample), scene, same_time=self.same_time
        )
        write_clips(clips, self.out, scene)
        report_written(clips, self.out, self.json)
