"""Quaternions (w x y z, unit) as jax functions; leading dimensions broadcast."""

import jax
import jax.numpy as jnp


def conjugate(q: jax.Array) -> jax.Array:
    """The inverse rotation, shape (..., 4)."""
    return q * jnp.array([1.0, -1.0, -1.0, -1.0])


def multiply(a: jax.Array, b: jax.Array) -> jax.Array:
    """The rotation b followed by a, shape (..., 4)."""
    aw, av, bw, bv = a[..., :1], a[..., 1:], b[..., :1], b[..., 1:]
    w = aw * bw - jnp.sum(av * bv, -1, keepdims=True)
    return jnp.concatenate([w, aw * bv + bw * av + jnp.cross(av, bv)], -1)


def rotate(q: jax.Array, v: jax.Array) -> jax.Array:
    """The vectors v, shape (..., 3), turned by q."""
    t = 2 * jnp.cross(q[..., 1:], v)
    return v + q[..., :1] * t + jnp.cross(q[..., 1:], t)


def into_frame(q: jax.Array, v: jax.Array) -> jax.Array:
    """World vectors v seen from a body whose orientation is q."""
    return rotate(conjugate(q), v)


def two_columns(q: jax.Array) -> jax.Array:
    """The first two columns of the rotation matrix: a continuous code of q, shape (..., 6).

    Zhou et al., On the continuity of rotation representations in neural networks, CVPR 2019.
    """
    w, x, y, z = jnp.moveaxis(q, -1, 0)
    return jnp.stack(
        [
            *(1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)),
            *(2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)),
        ],
        -1,
    )


def angle_between(a: jax.Array, b: jax.Array) -> jax.Array:
    """The angle of the rotation from a to b, radians in [0, pi], shape (...)."""
    d = multiply(conjugate(a), b)
    return 2 * jnp.arctan2(jnp.linalg.norm(d[..., 1:], axis=-1), jnp.abs(d[..., 0]))
