"""Where bodies are in a pose, as a function that jax can differentiate."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from rodent.physics.host import bare_skeleton
from rodent.physics.mjx_parts import mjx


def places_of(model: mujoco.MjModel, bodies: np.ndarray) -> Callable[[jax.Array], jax.Array]:
    """Forward kinematics of some bodies.

    Args:
        model: of the whole rat.
        bodies: their indices, shape (k,).

    Returns:
        from poses, shape (n, nq), to the bodies' xpos in metres, shape (n, k, 3).
    """
    skeleton = bare_skeleton(model, bodies)
    rows, wanted = jnp.asarray(skeleton.qpos), jnp.asarray(skeleton.bodies)
    bones, still = mjx.put_model(skeleton.model), mjx.make_data(skeleton.model)

    def one(qpos: jax.Array) -> jax.Array:
        return mjx.kinematics(bones, still.replace(qpos=qpos[rows])).xpos[wanted]

    return jax.vmap(one)
