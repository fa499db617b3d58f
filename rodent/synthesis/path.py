"""Paths for the rat to follow: position and heading of its torso, frame by frame.

path = along(points, speed)            # along a line of points, with a speed profile
path = turning(heading)                # turning on the spot
path = tracked(time, points)           # the path and speed of a recorded animal
path.speed                             # m/s, shape (frames,)
"""

import dataclasses

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from rodent.errors import InputError
from rodent.synthesis.gait_statistics import TOP_SPEED

FPS = 50.0
"""Frames per second of synthetic motion: that of the public motion capture."""
SMOOTHING = 0.1
"""Standard deviation of the window that smooths a recorded path, seconds."""
PIVOT = 0.05
"""Metres from the torso back to the hips, about which a rat turns on the spot."""
_FACING_SPEED = 0.06  # m/s above which the rat faces where it goes
_TURN_SMOOTHING = 0.20  # seconds


@dataclasses.dataclass(frozen=True)
class Path:
    """A path at `FPS` frames per second."""

    place: np.ndarray
    """The torso on the floor plan, metres, shape (frames, 2)."""
    heading: np.ndarray
    """Heading, radians counter-clockwise from x, continuous, shape (frames,)."""

    @property
    def speed(self) -> np.ndarray:
        """Metres per second over the floor, shape (frames,)."""
        return np.linalg.norm(np.gradient(self.place, 1 / FPS, axis=0), axis=1)


def along(points: np.ndarray, speed: np.ndarray) -> Path:
    """A path along a line of points, with a speed per frame.

    Args:
        points: metres, finely spaced, shape (points, 2).
        speed: m/s, shape (frames,); the path ends with it.

    Raises:
        InputError: the line is shorter than the distance travelled at that speed.
    """
    way = np.concatenate([[0.0], np.cumsum((speed[1:] + speed[:-1]) / (2 * FPS))])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    if way[-1] > length[-1] + 1e-9:
        raise InputError(f"the path is {length[-1]:.3f} m long; {way[-1]:.3f} m are expected at that speed")
    direction = np.gradient(points, length, axis=0)
    heading = np.unwrap(np.arctan2(direction[:, 1], direction[:, 0]))
    curve = PchipInterpolator(length, np.column_stack([points, heading]))(np.minimum(way, length[-1]))
    return Path(curve[:, :2], curve[:, 2])


def turned_to(heading: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points on the floor plan, rotated from the frame of a rat that faces x to this heading.

    Args:
        heading: radians counter-clockwise from x, any shape.
        points: ahead and to the left, shape (..., 2), the rest of which broadcasts with heading.
    """
    x, y = points[..., 0], points[..., 1]
    cos, sin = np.cos(heading), np.sin(heading)
    return np.stack([x * cos - y * sin, x * sin + y * cos], axis=-1)


def turning(heading: np.ndarray) -> Path:
    """Turning on the spot: the torso swings around the hips.

    Args:
        heading: radians, shape (frames,).
    """
    return Path(turned_to(heading, np.array([PIVOT, 0.0])), heading)


def tracked(time: np.ndarray, points: np.ndarray, smoothing: float = SMOOTHING) -> Path:
    """The path and speed of a recorded animal.

    The positions are brought to `FPS` frames per second by a shape-preserving cubic and smoothed
    by a Gaussian window. The rat faces its direction of travel. While it hardly moves, its heading
    is interpolated.

    Args:
        time: seconds, rising, shape (samples,).
        points: metres, shape (samples, 2).
        smoothing: standard deviation of the window, seconds.

    Raises:
        InputError: the animal is faster than the rat can be, or the recording too short.
    """
    frames = int(np.floor((time[-1] - time[0]) * FPS + 1e-6)) + 1
    if frames < 5:
        raise InputError(f"the path lasts {time[-1] - time[0]:g} s; at least {4 / FPS:g} s are needed")
    at = time[0] + np.arange(frames) / FPS
    place = PchipInterpolator(time, points)(np.minimum(at, time[-1]))
    place = _smooth(place, smoothing)
    velocity = np.gradient(place, 1 / FPS, axis=0)
    speed = np.linalg.norm(velocity, axis=1)
    if speed.max() > TOP_SPEED:
        frame = int(speed.argmax())
        raise InputError(
            f"at {at[frame]:.2f} s the path is followed at {speed[frame]:.2f} m/s; at most {TOP_SPEED:g} is "
            "possible (positions not in metres, a jump, or too little smoothing?)"
        )
    moving = speed > _FACING_SPEED
    if not moving.any():
        return Path(place, np.zeros(frames))
    direction = np.unwrap(np.arctan2(*velocity[moving].T[::-1]))
    heading = np.interp(np.arange(frames), np.flatnonzero(moving), direction)
    return Path(place, _smooth(heading[:, None], _TURN_SMOOTHING)[:, 0])


def _smooth(values: np.ndarray, seconds: float) -> np.ndarray:
    """Smoothed by a Gaussian window over frames; the ends are extrapolated by reflection."""
    if seconds == 0:
        return values
    reach = min(int(np.ceil(4 * seconds * FPS)), len(values) - 1)
    before = 2 * values[:1] - values[reach:0:-1]
    after = 2 * values[-1:] - values[-2 : -2 - reach : -1]
    longer = np.concatenate([before, values, after])
    return gaussian_filter1d(longer, seconds * FPS, axis=0)[reach : reach + len(values)]
