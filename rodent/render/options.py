"""Options of pictures and videos, and what comes of them."""

import dataclasses
from typing import Literal

from rodent.errors import InputError, unknown
from rodent.recording.channels import GROUND_FORCE
from rodent.render.camera import CAMERAS
from rodent.render.force_strip import SMALLEST

POSTERS = ("path", "row")


@dataclasses.dataclass(frozen=True)
class RenderOptions:
    """Options of a video."""

    ghost: bool = False
    """Show the reference of a recording as a translucent second rat."""
    geoms: bool = False
    """Show the geoms that collide instead of the skin."""
    camera: str = "oblique"
    """A name in `rodent.render.CAMERAS`."""
    size: tuple[int, int] = (640, 480)
    """Width and height, pixels."""
    fps: float | None = None
    """Frames per second of the video; None for those of the motion, up to 120 (.mp4) or 25 (.gif)."""
    speed: float = 1.0
    """Below 1 is slow motion."""
    clips: tuple[str, ...] = ()
    """Names of the rollouts or clips to show; none for all."""
    distance: float = 1.0
    """Distance of the camera, relative to the usual one."""
    forces: bool = False
    """Show the forces of the ground: vectors at the paws of a translucent rat, and a strip over time."""

    poster: Literal["path", "row"] | None = None
    """One picture of several moments: where the body was, or side by side; None for a film or a sheet."""
    times: tuple[float, ...] = ()
    """Moments of a poster, seconds since the first frame; none for evenly spaced ones."""

    def __post_init__(self) -> None:
        if self.poster not in (None, *POSTERS):
            raise unknown("poster", str(self.poster), POSTERS)
        if self.times and not self.poster:
            raise InputError("times are given without a poster; they are the moments of a poster")
        if self.poster and (self.fps is not None or self.speed != 1):
            raise InputError("a poster has neither fps nor speed; choose its moments by their times")
        if self.camera not in CAMERAS:
            raise unknown("camera", self.camera, CAMERAS)
        for name, value, low, high in (
            ("fps", self.fps, 1, 240),
            ("speed", self.speed, 0.01, 100),
            ("distance", self.distance, 0.3, 30),
        ):
            if value is not None and not low <= value <= high:
                raise InputError(f"{name} is {value:g}; it must be in [{low:g}, {high:g}]")
        if (
            self.forces
            and not self.poster
            and any(side < least for side, least in zip(self.size, SMALLEST, strict=True))
        ):
            raise InputError(
                f"the size is {self.size[0]}x{self.size[1]}; a film with forces needs at least "
                f"{SMALLEST[0]}x{SMALLEST[1]} pixels"
            )

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels of a recording that are shown."""
        shown = {"qpos": True, "reference": self.ghost, GROUND_FORCE: self.forces}
        return tuple(name for name, yes in shown.items() if yes)


@dataclasses.dataclass(frozen=True)
class Rendered:
    """Summary of a rendered file."""

    frames: int
    """Frames in the file."""
    seconds: float
    """Time to render it."""
    duration: float
    """Length of the video, seconds; zero for a picture."""
    files: tuple[str, ...]
    """What was written."""
