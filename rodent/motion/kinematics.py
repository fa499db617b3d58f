"""Velocities and resampling of poses on their manifold.

    qvel = velocities(qpos, fps)          # what mj_differentiatePos gives, for all frames
    clip = resample(clip, 100.0)

Quaternions are w x y z, arrays (frames, ...).
"""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from rodent.errors import InputError

if TYPE_CHECKING:
    from rodent.motion.clip import Clip


def velocities(qpos: np.ndarray, fps: float) -> np.ndarray:
    """Velocities by central differences, one-sided at the two ends.

    The linear part is in the world frame and the angular part in the body's frame, as
    in the qvel of MuJoCo's free joint.

    Args:
        qpos: poses, metres, quaternion, radians, shape (frames, 74).
        fps: frames per second.

    Returns:
        m/s, rad/s, rad/s, shape (frames, 73).
    """
    frames = np.arange(len(qpos))
    before, after = np.maximum(frames - 1, 0), np.minimum(frames + 1, len(qpos) - 1)
    dt = ((after - before) / fps)[:, None]
    turn = quaternion_log(quaternion_product(conjugate(qpos[before, 3:7]), qpos[after, 3:7]))
    change = qpos[after] - qpos[before]
    return np.concatenate([change[:, :3], turn, change[:, 7:]], axis=1) / dt


def continuous_quaternions(quaternions: np.ndarray) -> np.ndarray:
    """The same rotations with signs chosen so that neighbours are close, shape (frames, 4)."""
    same = np.sum(quaternions[1:] * quaternions[:-1], axis=-1) >= 0
    # a sign is flipped once for every jump before it
    signs = np.cumprod(np.concatenate([[1.0], np.where(same, 1.0, -1.0)]))
    return quaternions * signs[:, None]


def resample(clip: "Clip", fps: float) -> "Clip":
    """The clip at another frame rate, over the same time from its first frame.

    Poses are those of `poses_between`, keypoints and their residuals follow a line.
    Velocities are computed anew. Going down, nothing is filtered.
    """
    if not 1.0 <= fps <= 1000.0:
        raise InputError(f"clip {clip.name!r}: cannot resample to {fps:g} Hz; 1 to 1000 Hz is possible")
    # a hair of tolerance, so that 250 frames at 50 Hz reach frame 249 exactly
    n_frames = int(np.floor((clip.n_frames - 1) * fps / clip.fps + 1e-6)) + 1
    if n_frames < 2:
        raise InputError(f"clip {clip.name!r} lasts {clip.duration:g} s: fewer than 2 frames at {fps:g} Hz")
    at = np.minimum(np.arange(n_frames) * clip.fps / fps, clip.n_frames - 1)
    qpos = poses_between(clip.qpos, at)
    low = np.minimum(at.astype(int), clip.n_frames - 2)
    part = at - low

    def between(given: np.ndarray | None) -> np.ndarray | None:
        if given is None:
            return None
        far = part.reshape(-1, *(1,) * (given.ndim - 1))
        line = (1 - far) * given[low] + far * given[low + 1]
        # a missing point of weight nought must not spoil a frame that is there
        line = np.where(far > 0, line, given[low])
        return np.where(far < 1, line, given[low + 1])

    qvel = velocities(qpos, fps)
    points, residuals = between(clip.keypoints), between(clip.residuals)
    return dataclasses.replace(
        clip, qpos=qpos, fps=float(fps), qvel=qvel, keypoints=points, residuals=residuals
    )


def poses_between(qpos: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Poses between frames, shape (n, 74).

    Positions and angles follow a shape-preserving cubic, which never leaves the range of
    its neighbours (so joint limits hold), quaternions a spherical interpolation.

    Args:
        qpos: metres, quaternion, radians, shape (frames, 74).
        at: frames and parts of frames, 0 to frames - 1, shape (n,).
    """
    from scipy.interpolate import PchipInterpolator

    low = np.minimum(at.astype(int), len(qpos) - 2)
    found = PchipInterpolator(np.arange(len(qpos)), qpos, axis=0)(at)
    found[:, 3:7] = slerp(qpos[low, 3:7], qpos[low + 1, 3:7], at - low)
    return found


def slerp(first: np.ndarray, second: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Rotations between two, the shorter way round.

    Args:
        first, second: unit quaternions, shape (n, 4).
        part: how far, 0 to 1, shape (n,).

    Returns:
        unit quaternions, shape (n, 4).
    """
    turn = quaternion_log(quaternion_product(conjugate(first), second))
    result = quaternion_product(first, quaternion_exp(turn * part[:, None]))
    return result / np.linalg.norm(result, axis=-1, keepdims=True)


def conjugate(quaternion: np.ndarray) -> np.ndarray:
    """The inverse rotation, shape (..., 4)."""
    return quaternion * np.array([1.0, -1.0, -1.0, -1.0])


def quaternion_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Rotation b, then a, shape (..., 4)."""
    w = a[..., :1] * b[..., :1] - np.sum(a[..., 1:] * b[..., 1:], axis=-1, keepdims=True)
    v = a[..., :1] * b[..., 1:] + b[..., :1] * a[..., 1:] + np.cross(a[..., 1:], b[..., 1:])
    return np.concatenate([w, v], axis=-1)


def quaternion_log(quaternion: np.ndarray) -> np.ndarray:
    """Rotation vectors, radians, at most pi long, shape (..., 3)."""
    axis = quaternion[..., 1:]
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, quaternion[..., :1])
    angle = np.where(angle > np.pi, angle - 2.0 * np.pi, angle)
    # angle / sine tends to 2 as both vanish
    return axis * np.divide(angle, sine, out=np.full_like(sine, 2.0), where=sine > 1e-12)


def quaternion_exp(vector: np.ndarray) -> np.ndarray:
    """Unit quaternions of rotation vectors in radians, shape (..., 4)."""
    half = 0.5 * np.linalg.norm(vector, axis=-1, keepdims=True)
    # sinc(x) is sin(pi x) / (pi x)
    return np.concatenate([np.cos(half), 0.5 * vector * np.sinc(half / np.pi)], axis=-1)


def rotate(quaternion: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """The vector turned by each quaternion, shape (..., 3)."""
    axis = quaternion[..., 1:]
    first = 2.0 * np.cross(axis, vector)
    return vector + quaternion[..., :1] * first + np.cross(axis, first)
