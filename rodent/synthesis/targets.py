"""Target positions and orientations of the four paws, frame by frame: the input of inverse kinematics."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class PawTargets:
    """Targets of the four paws, in the order of PAW_NAMES."""

    place: np.ndarray
    """Contact points on the floor plan, metres, shape (frames, 4, 2)."""
    clearance: np.ndarray
    """Heights of the paws' lowest points above the floor, metres, shape (frames, 4)."""
    quaternion: np.ndarray
    """Orientations of the paws in the world, unit quaternions, shape (frames, 4, 4)."""
    tolerance: np.ndarray
    """Tolerances along x, y and up, metres, shape (frames, 4, 3)."""

    def frames(self, which: slice | np.ndarray) -> "PawTargets":
        """The targets of some frames."""
        return PawTargets(*(getattr(self, field.name)[which] for field in dataclasses.fields(self)))
