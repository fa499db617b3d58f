"""Poses of a registered recording, with the keypoints that they were fitted to."""

import dataclasses

import numpy as np

from rodent.registration.ground import Floor
from rodent.registration.markers import MarkerSet


@dataclasses.dataclass(frozen=True)
class Registered:
    """Poses fitted to keypoints, and the residual errors."""

    qpos: np.ndarray
    """For a body of the fitted scale, shape (frames, 74)."""
    points: np.ndarray
    """The measured keypoints, levelled with the floor at height 0, metres, shape (frames, K, 3)."""
    positions: np.ndarray
    """Positions of the keypoints on the fitted body, metres, shape (frames, K, 3)."""
    error: np.ndarray
    """Distances of the measured keypoints from `positions`, metres, NaN where missing, shape (frames, K)."""
    floor: Floor
    """The floor before levelling, metres."""
    standing: np.ndarray
    """Whether a paw stands, as the keypoints show it, in the order of PAW_NAMES, bool, shape (frames, 4)."""
    probed: tuple[bool, ...]
    """Whether there are keypoints on a paw, or on the segment above it, of the four paws."""
    markers: MarkerSet
    """The marker set with fitted offsets."""
    fps: float
    """Frames per second."""
    source: str
    """Where the keypoints came from."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the keypoints."""
        return self.markers.names
