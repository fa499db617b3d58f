"""Where bodies are in a pose, as a function that jax can differentiate."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from rodent.physics.mjx_parts import mjx
from rodent.physics.skeleton import bare_skeleton


class _Joints(NamedTuple):
    """Places and axes of the skeleton's joints in one pose, and what the root's turn was."""

    places: jax.Array
    anchor: jax.Array
    axis: jax.Array
    turn: jax.Array


def places_of(model: mujoco.MjModel, bodies: np.ndarray) -> Callable[[jax.Array], jax.Array]:
    """Forward kinematics of some bodies, with its gradient.

    The gradient is told by the geometric Jacobian, a hinge moving what hangs on it about its axis: in half
    the time, and compiled in half the time, of one through the arithmetic of each joint.

    Args:
        model: of the whole rat: a free root, and hinges.
        bodies: their indices, shape (k,).

    Returns:
        from poses, shape (n, nq), root's quaternions of unit length, to the bodies' xpos in metres,
        shape (n, k, 3).
    """
    skeleton = bare_skeleton(model, bodies)
    kinds = skeleton.model.jnt_type.tolist()
    if kinds[0] != mujoco.mjtJoint.mjJNT_FREE or set(kinds[1:]) - {mujoco.mjtJoint.mjJNT_HINGE}:
        raise ValueError("a body of one free root and hinges is wanted")
    rows, wanted = jnp.asarray(skeleton.qpos), jnp.asarray(skeleton.bodies)
    bones, still = mjx.put_model(skeleton.model), mjx.make_data(skeleton.model)
    moved = jnp.asarray(_moved(skeleton.model, skeleton.bodies), jnp.float32)

    @jax.custom_vjp
    def one(qpos: jax.Array) -> jax.Array:
        return forward(qpos)[0]

    def forward(qpos: jax.Array) -> tuple[jax.Array, _Joints]:
        data = mjx.kinematics(bones, still.replace(qpos=qpos[rows]))
        places = data.xpos[wanted]
        return places, _Joints(places, data.xanchor, data.xaxis, qpos[rows[3:7]])

    def backward(joints: _Joints, push: jax.Array) -> tuple[jax.Array]:
        """A push on each body, shape (k, 3), to what it does at each joint: force and torque."""
        force = moved @ push
        torque = moved @ jnp.cross(joints.places, push) - jnp.cross(joints.anchor, force)
        scalar, vector = joints.turn[:1], joints.turn[1:]
        # a turn w changes the quaternion q by (0, w) q / 2
        turning = jnp.concatenate([-torque[:1] @ vector, scalar * torque[0] + jnp.cross(torque[0], vector)])
        hinges = jnp.sum(joints.axis[1:] * torque[1:], -1)
        pulled = jnp.concatenate([force[0], 2 * turning, hinges])
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
