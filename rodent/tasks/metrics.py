"""How well a rat tracks a clip: the one definition that training, evaluation and reports share.

Errors compare the rat with the reference at the same frame, in the world frame. The
torso is the root. Lifespan ends with the first frame of failure: root position or mean
body position more than 50 mm off, root orientation more than 60 degrees off, or a
state that is not finite.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from rodent import rotation
from rodent.body import END_EFFECTORS, TRACKED_BODIES
from rodent.physics.engine import Array, PhysicsState

ROOT_POSITION_LIMIT = 0.050
BODY_POSITION_LIMIT = 0.050
ROOT_ORIENTATION_LIMIT = jnp.deg2rad(60.0)

TORSO = TRACKED_BODIES.index("torso")
END_EFFECTOR_ROWS = tuple(TRACKED_BODIES.index(name) for name in END_EFFECTORS)


class TrackingError(NamedTuple):
    """Distances between rats and their references, arrays of shape (n,) unless stated.

    Attributes:
        root_position: torso, metres.
        root_orientation: radians.
        joint_angle: root mean square over hinges, radians.
        body_position: mean over the tracked bodies, metres.
        end_effector: by end effector, metres, shape (n, 5).
    """

    root_position: Array
    root_orientation: Array
    joint_angle: Array
    body_position: Array
    end_effector: Array


def tracking_error(state: PhysicsState, reference: PhysicsState) -> TrackingError:
    """Compare rats with their references at the same frame.

    Args:
        state: the rats.
        reference: the wanted states, as if they were rats.
    """
    distance = jnp.linalg.norm(state.xpos - reference.xpos, axis=-1)
    joints = state.qpos[:, 7:] - reference.qpos[:, 7:]
    return TrackingError(
        root_position=distance[:, TORSO],
        root_orientation=rotation.angle_between(state.qpos[:, 3:7], reference.qpos[:, 3:7]),
        joint_angle=jnp.sqrt(jnp.mean(joints**2, -1)),
        body_position=jnp.mean(distance, -1),
        end_effector=distance[:, jnp.array(END_EFFECTOR_ROWS)],
    )


def finite(state: PhysicsState) -> jax.Array:
    """Whether all of a rat's state is finite, shape (n,)."""
    fields = [jnp.isfinite(x).reshape(x.shape[0], -1).all(-1) for x in jax.tree.leaves(state)]
    return jnp.stack(fields).all(0)


def failed(state: PhysicsState, error: TrackingError, factor: float = 1.0) -> jax.Array:
    """Whether the rat has lost its reference, shape (n,); `factor` tightens the limits."""
    return (share_of_limits(error, factor) > 1) | ~finite(state)


def share_of_limits(error: TrackingError, factor: float = 1.0) -> jax.Array:
    """The largest error as a share of its limit, shape (n,): beyond 1 the reference is lost."""
    position = jnp.maximum(
        error.root_position / ROOT_POSITION_LIMIT, error.body_position / BODY_POSITION_LIMIT
    )
    return jnp.maximum(position, error.root_orientation / ROOT_ORIENTATION_LIMIT) / factor
