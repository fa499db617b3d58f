"""Differentiable forward kinematics: body positions from poses."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from rodent.physics.mjx_parts import mjx
from rodent.physics.skeleton import bare_skeleton


class _Joints(NamedTuple):
    """Of one pose: positions of the bodies, anchors and axes of the joints, the root's quaternion."""

    positions: jax.Array
    anchor: jax.Array
    axis: jax.Array
    root_quaternion: jax.Array


def forward_kinematics(model: mujoco.MjModel, bodies: np.ndarray) -> Callable[[jax.Array], jax.Array]:
    """Forward kinematics of some bodies, with its gradient.

    The gradient is computed with the geometric Jacobian: a hinge rotates its subtree about its axis, a slide
    shifts it. This takes half the time of automatic differentiation, and half the time to compile.

    Args:
        model: of the whole body: a free root, hinges and slides.
        bodies: indices of the bodies, shape (k,).

    Returns:
        from poses, shape (n, nq), root's quaternions of unit length, to the bodies' xpos in metres,
        shape (n, k, 3).
    """
    skeleton = bare_skeleton(model, bodies)
    kinds = skeleton.model.jnt_type
    slides = kinds[1:] == mujoco.mjtJoint.mjJNT_SLIDE
    if (
        kinds[0] != mujoco.mjtJoint.mjJNT_FREE
        or not (slides | (kinds[1:] == mujoco.mjtJoint.mjJNT_HINGE)).all()
    ):
        raise ValueError("expected a body of one free root, hinges and slides")
    rows, chosen = jnp.asarray(skeleton.qpos), jnp.asarray(skeleton.bodies)
    bones, at_rest = mjx.put_model(skeleton.model), mjx.make_data(skeleton.model)
    moved = jnp.asarray(_moved(skeleton.model, skeleton.bodies), jnp.float32)

    @jax.custom_vjp
    def one(qpos: jax.Array) -> jax.Array:
        return forward(qpos)[0]

    def forward(qpos: jax.Array) -> tuple[jax.Array, _Joints]:
        data = mjx.kinematics(bones, at_rest.replace(qpos=qpos[rows]))
        positions = data.xpos[chosen]
        return positions, _Joints(positions, data.xanchor, data.xaxis, qpos[rows[3:7]])

    def backward(joints: _Joints, push: jax.Array) -> tuple[jax.Array]:
        """Generalised forces from a force on each body, shape (k, 3)."""
        force = moved @ push
        torque = moved @ jnp.cross(joints.positions, push) - jnp.cross(joints.anchor, force)
        scalar, vector = joints.root_quaternion[:1], joints.root_quaternion[1:]
        # a rotation w changes the quaternion q by (0, w) q / 2
        turning = jnp.concatenate([-torque[:1] @ vector, scalar * torque[0] + jnp.cross(torque[0], vector)])
        along = jnp.where(slides[:, None], force[1:], torque[1:])
        pulled = jnp.concatenate([force[0], 2 * turning, jnp.sum(joints.axis[1:] * along, -1)])
        return (jnp.zeros(model.nq).at[rows].set(pulled),)

    one.defvjp(forward, backward)
    return jax.vmap(one)


def _moved(model: mujoco.MjModel, bodies: np.ndarray) -> np.ndarray:
    """Whether a joint moves a body, shape (joints, k)."""
    found = np.zeros((model.njnt, len(bodies)), bool)
    for column, body in enumerate(bodies):
        while body:
            found[model.jnt_bodyid == body, column] = True
            body = model.body_parentid[body]
    return found
