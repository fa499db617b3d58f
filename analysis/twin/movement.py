"""Coordinates of whole movements, in which real ones have variance 1.

    space = MovementSpace.of(windows, fps)      # real movements, poses of shape (movements, frames, 74)
    at = space.coordinates(poses)               # (movements, components, frequencies)
    space.moved(poses, change)                  # the same movements, changed in these coordinates

A frame is described by the root's velocity over the floor, its height, turn and tilt, and by all hinges.
Their principal components are taken apart into frequencies (a cosine transform over the movement), and each
coordinate is divided by its standard deviation over real movements. A change of one unit is thus as large and
as fast as what rats do: its spectrum is that of the data. What is beyond the coordinates, such as fast
detail, stays as it is.
"""

import dataclasses

import numpy as np

from rodent.kinematics.floor import lowest_paw
from rodent.rotation import Array, as_rotvec, conjugate, from_rotvec, multiply
from rodent.scene import Scene

COMPONENTS = 24
"""Principal components of the description of a frame."""
HIGHEST_HZ = 8.0
"""Highest frequency of a coordinate, Hz."""
_ROOT = 7  # columns of the root in a description, as many as in a pose
_LEAST = 1e-3  # of the largest coordinate's standard deviation
_TINY = 1e-9  # radians
_CONSTANT = 1e-9  # standard deviation, m/s, m, rad/s or rad


@dataclasses.dataclass(frozen=True)
class MovementSpace:
    """Coordinates of movements of one length.

    Attributes:
        fps: frames per second.
        center, scale: of the description, shape (columns,).
        components: principal components, shape (columns, components).
        cosines: of the frequencies, orthonormal, shape (frames, frequencies).
        middle, spread: of the coordinates before they are scaled, shape (components, frequencies).
    """

    fps: float
    center: np.ndarray
    scale: np.ndarray
    components: np.ndarray
    cosines: np.ndarray
    middle: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, poses: np.ndarray, fps: float) -> "MovementSpace":
        """The space of real movements.

        Args:
            poses: metres, quaternion, radians, shape (movements, frames, 74).
            fps: frames per second.
        """
        from scipy.fft import dct

        values, frames = described(poses, fps), poses.shape[1]
        flat = values.reshape(-1, values.shape[-1])
        center, scale = flat.mean(0), flat.std(0)
        # what is constant but for rounding, such as the tilt about the vertical, is no part of a component
        scale = np.where(scale > _CONSTANT, scale, 1.0)
        _, _, directions = np.linalg.svd((flat - center) / scale, full_matrices=False)
        frequencies = min(frames, 1 + round(2 * HIGHEST_HZ * frames / fps))
        cosines = dct(np.eye(frames), norm="ortho", axis=0)[:frequencies].T
        plain = cls(fps, center, scale, directions[:COMPONENTS].T, cosines, np.zeros(1), np.ones(1))
        found = plain.coordinates(poses)
        spread = found.std(0)
        spread = np.maximum(spread, _LEAST * spread.max())
        return dataclasses.replace(plain, middle=found.mean(0), spread=spread)

    def coordinates(self, poses: np.ndarray) -> np.ndarray:
        """Of movements, shape (movements, components, frequencies); poses (movements, frames, 74)."""
        values = (described(poses, self.fps) - self.center) / self.scale @ self.components
        return (np.einsum("mtk,tf->mkf", values, self.cosines) - self.middle) / self.spread

    def moved(self, poses: Array, change: Array) -> Array:
        """Movements with other coordinates; NumPy or JAX arrays.

        Args:
            poses: shape (movements, frames, 74).
            change: of the coordinates, shape (movements, components, frequencies).

        Returns:
            poses, shape (movements, frames, 74); within no limits yet, see `settled`.
        """
        columns = np.swapaxes(self.components, 0, 1) * self.scale
        offset = (self.cosines @ (change * self.spread).swapaxes(-1, -2)) @ columns
        return posed(described(poses, self.fps) + offset, poses[:, 0], self.fps)


def described(poses: Array, fps: float) -> Array:
    """Movements without place and heading.

    Args:
        poses: shape (movements, frames, 74).
        fps: frames per second.

    Returns:
        velocity over the floor ahead and to the left, m/s, and of the turn, rad/s, each to the next frame;
        height, m; tilt, radians (3); and hinges, radians; shape (movements, frames, 74).
    """
    xp = poses.__array_namespace__()
    heading = _heading(poses[..., 3:7])
    turn = _wrapped(heading[:, 1:] - heading[:, :-1]) * fps
    step = (poses[:, 1:, :2] - poses[:, :-1, :2]) * fps
    cosine, sine = xp.cos(heading[:, :-1]), xp.sin(heading[:, :-1])
    ahead, left = cosine * step[..., 0] + sine * step[..., 1], cosine * step[..., 1] - sine * step[..., 0]
    velocity = xp.stack([ahead, left, turn], -1)
    velocity = xp.concatenate([velocity, velocity[:, -1:]], 1)
    tilt = as_rotvec(multiply(conjugate(_about_vertical(heading)), poses[..., 3:7]))
    return xp.concatenate([velocity, poses[..., 2:3], tilt, poses[..., 7:]], -1)


def posed(description: Array, first: Array, fps: float) -> Array:
    """The inverse of `described`: poses that begin at the place and heading of a first pose.

    Args:
        description: shape (movements, frames, 74).
        first: poses, shape (movements, 74).
        fps: frames per second.
    """
    xp = description.__array_namespace__()
    velocity = description[:, :-1, :3] / fps

    def summed(steps: Array, begin: Array) -> Array:
        return xp.cumsum(xp.concatenate([begin[:, None], steps], 1), axis=1)

    heading = summed(velocity[..., 2], _heading(first[:, 3:7]))
    cosine, sine = xp.cos(heading[:, :-1]), xp.sin(heading[:, :-1])
    x = summed(cosine * velocity[..., 0] - sine * velocity[..., 1], first[:, 0])
    y = summed(sine * velocity[..., 0] + cosine * velocity[..., 1], first[:, 1])
    # no tilt at all has no derivative
    turn = multiply(_about_vertical(heading), from_rotvec(description[..., 4:7] + _TINY))
    return xp.concatenate([xp.stack([x, y, description[..., 3]], -1), turn, description[..., 7:]], -1)


def settled(poses: np.ndarray, like: np.ndarray, scene: Scene) -> np.ndarray:
    """Poses within the joints' limits, at the height at which the lowest paw is where it was.

    Args:
        poses: shape (movements, frames, 74).
        like: the movements before they were changed, shape (movements, frames, 74).
        scene: of the body.
    """
    flat = poses.reshape(-1, poses.shape[-1]).copy()
    flat[:, 7:] = np.clip(flat[:, 7:], *scene.joint_range.T)
    before = like.reshape(flat.shape)
    flat[:, 2] += lowest_paw(before, scene) - lowest_paw(flat, scene)
    return flat.reshape(poses.shape)


def _heading(quaternion: Array) -> Array:
    """Rotation about the vertical (of the swing-twist decomposition), radians, shape (...)."""
    xp = quaternion.__array_namespace__()
    return 2 * xp.arctan2(quaternion[..., 3], quaternion[..., 0])


def _about_vertical(angle: Array) -> Array:
    xp = angle.__array_namespace__()
    zero = xp.zeros_like(angle)
    return xp.stack([xp.cos(angle / 2), zero, zero, xp.sin(angle / 2)], -1)


def _wrapped(angle: Array) -> Array:
    xp = angle.__array_namespace__()
    return xp.arctan2(xp.sin(angle), xp.cos(angle))
