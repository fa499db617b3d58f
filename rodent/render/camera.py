"""The camera follows the rat smoothly and never rotates.

Views are named relative to the rat's mean heading in a rollout, so that `side` shows its flank for any
direction of walking.
"""

import dataclasses

import numpy as np
from scipy import ndimage

from rodent.errors import unknown
from rodent.rotation import rotate

CAMERAS = {
    # azimuth from the rat's heading and elevation, degrees: the way that the camera looks
    "oblique": (-130.0, -18.0),
    "side": (-90.0, -8.0),
    "front": (180.0, -12.0),
    "back": (0.0, -22.0),
    "top": (90.0, -89.9),
}
_SMOOTHING = 0.3  # seconds, standard deviation of the window over the rat's path


@dataclasses.dataclass(frozen=True)
class View:
    """One position of the camera."""

    lookat: np.ndarray
    """Point in the centre of the image, metres, shape (3,)."""
    azimuth: float
    """Viewing direction, degrees counter-clockwise from x, as in MuJoCo's free camera."""
    elevation: float
    """Degrees, negative when it looks down."""


@dataclasses.dataclass(frozen=True)
class Follow:
    """A camera that follows a motion: `follow[frame]` is its view."""

    path: np.ndarray
    """Points that it looks at, metres, shape (frames, 3)."""
    azimuth: float
    elevation: float

    def __getitem__(self, frame: int) -> View:
        return View(self.path[frame], self.azimuth, self.elevation)


def heading(qpos: np.ndarray) -> float:
    """Mean heading of a motion, degrees counter-clockwise from x; poses of shape (frames, nq)."""
    forward = rotate(qpos[:, 3:7], np.array([1.0, 0.0, 0.0])).sum(axis=0)
    return float(np.degrees(np.arctan2(forward[1], forward[0])))


def camera_angles(qpos: np.ndarray, camera: str) -> tuple[float, float]:
    """Azimuth and elevation of a camera for a motion, degrees; see `View`.

    Args:
        qpos: poses, all finite, shape (frames, nq).
        camera: a name in CAMERAS.
    """
    if camera not in CAMERAS:
        raise unknown("camera", camera, CAMERAS)
    turn, elevation = CAMERAS[camera]
    return heading(qpos) + turn, elevation


def follow(qpos: np.ndarray, fps: float, middle: np.ndarray, camera: str = "oblique") -> Follow:
    """The camera for a motion.

    Args:
        qpos: poses, metres and unit quaternions, all finite, shape (frames, nq).
        fps: frames per second.
        middle: the point in the walker's frame in the centre of the image, metres, shape (3,).
        camera: a name in CAMERAS.
    """
    path = qpos[:, :3] + rotate(qpos[:, 3:7], middle)
    path = ndimage.gaussian_filter1d(path, _SMOOTHING * fps, axis=0, mode="nearest")
    return Follow(path, *camera_angles(qpos, camera))
