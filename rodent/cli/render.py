"""`rodent render`."""

import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import tyro


@dataclasses.dataclass(frozen=True)
class Render:
    """Render a video of a recording or of clips.

    Example: rodent render walk.h5 --out walk.mp4 --ghost

    A film of every clip, in several processes: rodent render walk.h5 --out films/{clip}.mp4
    """

    source: tyro.conf.Positional[Path]
    """A recording, or clips in any format that `rodent clips import` reads."""
    out: Path
    """The file to write: .mp4 or .gif for a video, .png for a sheet of six frames. With {clip} in its name a
    file for every clip, such as films/{clip}.mp4."""
    ghost: bool = False
    """Show the reference of a recording as a translucent second rat."""
    clip: tuple[str, ...] = ()
    """Names of the rollouts or clips to show, in this order; by default all of them."""
    fps: float | None = None
    """Frames per second of the video; by default those of the motion."""
    size: Annotated[str | None, tyro.conf.arg(metavar="WxH")] = None
    """Width and height, pixels; by default 640x480, and 2400x800 for a poster."""
    camera: Literal["oblique", "side", "front", "back", "top"] = "oblique"
    """Position of the camera relative to the rat's mean heading. It follows the rat and does not rotate."""
    distance: float = 1.0
    """Distance of the camera, relative to the usual one: 5 shows a maze around the rat."""
    speed: float = 1.0
    """Playback speed; below 1 is slow motion: 0.25 takes four times as long."""
    forces: bool = False
    """Show the forces of the ground on the paws: vectors in the picture, and below it the upward force on
    each paw over time, in newtons and body weights."""
    geoms: bool = False
    """Show the collision geoms instead of the skin."""
    poster: Literal["path", "row"] | None = None
    """One picture (.png) of several moments of one clip, for a paper. `path`: the rat where it was, as on a
    plate that was exposed several times; `row`: side by side, for movements in place."""
    times: tuple[float, ...] = ()
    """Moments of a poster, seconds since the clip's first frame; by default evenly spaced."""
    workers: int = 0
    """Processes that render the files of {clip}; 0: one per core."""
    json: bool = False
    """Print one JSON object on standard output."""

    def run(self) -> None:
        """Render, then print how long it took."""
        from rodent.errors import InputError
        from rodent.pages.output import print_json, say
        from rodent.render import RenderOptions, render, render_each
        from rodent.render.each import CLIP

        size = self.size or ("2400x800" if self.poster else "640x480")
        sides = size.lower().split("x")
        if len(sides) != 2 or not all(s.isdecimal() for s in sides):
            raise InputError(f"--size is {size!r}; expected width x height, such as 640x480")
        options = RenderOptions(
            ghost=self.ghost,
            forces=self.forces,
            geoms=self.geoms,
            camera=self.camera,
            size=(int(sides[0]), int(sides[1])),
            fps=self.fps,
            speed=self.speed,
            clips=self.clip,
            distance=self.distance,
            poster=self.poster,
            times=self.times,
        )
        if CLIP in self.out.name:
            done = render_each(self.source, self.out, options, self.workers)
        elif self.workers:
            raise InputError(
                f"--workers renders several files; name them with {CLIP}, such as films/{CLIP}.mp4"
            )
        else:
            done = render(self.source, self.out, options)
        rate = done.frames / done.seconds
        if self.json:
            print_json({"out": str(self.out), **dataclasses.asdict(done), "frames_per_second": rate})
        else:
            files = f"{len(done.files)} files, " if CLIP in self.out.name else ""
            say(f"{self.out}: {files}{done.frames} frames in {done.seconds:.1f} s, {rate:.0f} frames/s")
