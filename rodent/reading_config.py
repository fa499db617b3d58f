"""How files are read. Light to import: the command line is derived from it."""

import dataclasses
from typing import Literal

from rodent.errors import InputError

Units = Literal["m", "cm", "mm"]
Root = Literal["walker", "torso"]

AXES = "x,y,z"
"""The axes of a file that needs no change."""


@dataclasses.dataclass(frozen=True)
class KeypointOptions:
    """How a file of keypoints is read."""

    units: Units | None = None
    """Unit of the coordinates, if the file does not state it."""
    fps: float | None = None
    """Frames per second, if the file does not state it or is wrong. If given, the file's timestamps are
    ignored."""
    names: tuple[str, ...] = ()
    """Names of the keypoints in the file's order, if it has none or wrong ones."""
    unnamed: tuple[str, ...] = ()
    """Names for a file that has none, in its order. `rodent register` takes those of the marker set by
    default."""
    ignore: tuple[str, ...] = ()
    """Keypoints to leave out, of the file or of the marker set: those that only one of them has, and badly
    tracked ones."""
    animal: str | None = None
    """Animal to read from a file of several: its name or, in files without names, its number from 1 on."""
    axes: str = AXES
    """The file's axes that become x, y and z of a right-handed frame with z up, each with an optional minus.
    Example: x,-z,y if y points up."""
    min_confidence: float = 0.0
    """Points with a lower confidence count as missing. The scale is that of the file."""
    format: str = ""
    """Name of the reader, if several recognise the file. By default the content decides."""

    @property
    def expected(self) -> tuple[str, ...]:
        """Names that the keypoints of a file without names will have."""
        return self.names or self.unnamed


@dataclasses.dataclass(frozen=True)
class ImportOptions:
    """How a motion file is converted."""

    fps: float | None = None
    """Frames per second, if the file does not state it or is wrong."""
    scale: float | None = None
    """Scale of the body relative to dm_control's rat, if the file does not state it or is wrong."""
    resample: float | None = None
    """New frame rate, Hz; by default that of the file."""
    align_floor: bool = True
    """Shift each clip in height so that its lowest paw is on the floor in the median frame."""
    max_floor_shift: float = 0.03
    """Largest accepted shift, metres. Public clips need 0 to 8 mm; 50 mm indicate a root pose of the
    wrong body."""
    root: Root | None = None
    """The body whose pose qpos begins with; by default detected from the file if possible, else walker."""
    frames_per_clip: int | None = None
    """Cut into clips of this many frames; by default the file's own clips."""
    name: str = ""
    """Prefix of the clips' names, such as `monday`, so that sets with the same names can be joined."""
    subject: str | None = None
    """Name of the animal, for all clips."""
    session: str | None = None
    """Name of the recording session, for all clips. Clips of one session stay together when data are
    split."""
    licence: str | None = None
    """Licence of the motion."""
    format: str = ""
    """Name of the reader, if several recognise the file. By default the content decides."""

    def __post_init__(self) -> None:
        if not self.max_floor_shift >= 0:
            raise InputError(f"max_floor_shift is {self.max_floor_shift:g} m; it must not be negative")
