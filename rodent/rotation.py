"""Rotations as unit quaternions (w x y z), for NumPy and JAX arrays alike.

    turned = rotate(multiply(a, b), vector)      # b first, then a
    step = as_rotvec(multiply(conjugate(a), b))  # rotation vector from a to b, radians

Every function computes with the library of its arguments: JAX if one of them is a JAX array, else
NumPy. Leading dimensions broadcast.
"""

from typing import Any

import numpy as np

Array = Any  # of NumPy or JAX: the result is of the same kind as the arguments


def conjugate(q: Array) -> Array:
    """The inverse rotation, shape (..., 4)."""
    return q * _library(q).array([1.0, -1.0, -1.0, -1.0])


def multiply(a: Array, b: Array) -> Array:
    """The rotation b followed by a, shape (..., 4)."""
    xp = _library(a, b)
    aw, av, bw, bv = a[..., :1], a[..., 1:], b[..., :1], b[..., 1:]
    w = aw * bw - xp.sum(av * bv, -1, keepdims=True)
    return xp.concatenate([w, aw * bv + bw * av + xp.cross(av, bv)], -1)


def rotate(q: Array, v: Array) -> Array:
    """The vectors v, shape (..., 3), turned by q."""
    xp = _library(q, v)
    t = 2 * xp.cross(q[..., 1:], v)
    return v + q[..., :1] * t + xp.cross(q[..., 1:], t)


def into_frame(q: Array, v: Array) -> Array:
    """World vectors v, shape (..., 3), in the frame of a body whose orientation is q."""
    return rotate(conjugate(q), v)


def as_rotvec(q: Array) -> Array:
    """Rotation vectors, radians, at most pi long, shape (..., 3)."""
    xp = _library(q)
    axis = q[..., 1:]
    sine = xp.linalg.norm(axis, axis=-1, keepdims=True)
    angle = 2.0 * xp.arctan2(sine, q[..., :1])
    angle = xp.where(angle > np.pi, angle - 2.0 * np.pi, angle)
    # angle / sine tends to 2 as both vanish
    small = sine <= 1e-12
    return axis * xp.where(small, 2.0, angle / xp.where(small, 1.0, sine))


def from_rotvec(vector: Array) -> Array:
    """Unit quaternions of rotation vectors in radians, shape (..., 4)."""
    xp = _library(vector)
    half = 0.5 * xp.linalg.norm(vector, axis=-1, keepdims=True)
    # sinc(x) is sin(pi x) / (pi x)
    return xp.concatenate([xp.cos(half), 0.5 * vector * xp.sinc(half / np.pi)], axis=-1)


def slerp(first: Array, second: Array, fraction: Array) -> Array:
    """Spherical interpolation between two rotations, the shorter way round.

    Args:
        first, second: unit quaternions, shape (n, 4).
        fraction: position between them, 0 to 1, shape (n,).

    Returns:
        unit quaternions, shape (n, 4).
    """
    turn = as_rotvec(multiply(conjugate(first), second))
    result = multiply(first, from_rotvec(turn * fraction[:, None]))
    return result / _library(result).linalg.norm(result, axis=-1, keepdims=True)


def continuous(quaternions: Array) -> Array:
    """The same rotations with signs chosen so that neighbours are close, shape (frames, 4)."""
    xp = _library(quaternions)
    same = xp.sum(quaternions[1:] * quaternions[:-1], axis=-1) >= 0
    # a sign is flipped once for every jump before it
    signs = xp.cumprod(xp.concatenate([xp.ones(1), xp.where(same, 1.0, -1.0)]))
    return quaternions * signs[:, None]


def two_columns(q: Array) -> Array:
    """The first two columns of the rotation matrix: a continuous code of q, shape (..., 6).

    Zhou et al., On the continuity of rotation representations in neural networks, CVPR 2019.
    """
    xp = _library(q)
    w, x, y, z = xp.moveaxis(q, -1, 0)
    return xp.stack(
        [
            *(1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)),
            *(2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)),
        ],
        -1,
    )


def angle_between(a: Array, b: Array) -> Array:
    """The angle of the rotation from a to b, radians in [0, pi], shape (...)."""
    xp = _library(a, b)
    d = multiply(conjugate(a), b)
    return 2 * xp.arctan2(xp.linalg.norm(d[..., 1:], axis=-1), xp.abs(d[..., 0]))


def _library(*arrays: Any) -> Any:
    """The module that computes with these arrays: jax.numpy if one is of JAX, else numpy."""
    return next((xp for a in arrays if (xp := a.__array_namespace__()) is not np), np)
