"""Where the camera stands: it follows the rat smoothly and never turns.

Views are named from the rat's mean heading in a rollout, so that `side` shows its flank
whichever way it walked, while the world stays still in the picture.
"""

import dataclasses

import numpy as np
from scipy import ndimage

from rodent.errors import unknown
from rodent.motion.kinematics import rotate

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
    """Point in the middle of the picture, metres, shape (3,)."""
    azimuth: float
    """Degrees, as in MuJoCo's free camera."""
    elevation: float
    """Degrees, negative from above."""


def follow(qpos: np.ndarray, fps: float, middle: np.ndarray, camera: str = "oblique") -> list[View]:
    """A view for every frame of a motion.

    Args:
        qpos: poses, metres and unit quaternions, all finite, shape (frames, 74).
        fps: frames per second.
        middle: the point of the walker's frame to keep in the picture's middle, metres, shape (3,).
        camera: a name in CAMERAS.
    """
    if camera not in CAMERAS:
        raise unknown("camera", camera, CAMERAS)
    turn, elevation = CAMERAS[camera]
    root = qpos[:, :7]
    forward = rotate(root[:, 3:], np.array([1.0, 0.0, 0.0])).sum(0)
    heading = np.degrees(np.arctan2(forward[1], forward[0]))
    path = root[:, :3] + rotate(root[:, 3:], middle)
    path = ndimage.gaussian_filter1d(path, _SMOOTHING * fps, axis=0, mode="nearest")
    return [View(point, heading + turn, elevation) for point in path]
