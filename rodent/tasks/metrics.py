"""How well a rat tracks a clip: the one definition that training, evaluation and reports share.

Errors compare the rat with the reference at the same frame, in the world frame; of a policy that does not see
where its body is relative to the reference, without its drift over the floor. Lifespan ends with the
first frame of failure: an error beyond its limit (see `ImitationLimits`; by default root position or mean
body position more than 50 mm off, root orientation more than 60 degrees off), or a state that is not
finite.
"""

import dataclasses

import jax
import jax.numpy as jnp

from rodent import rotation
from rodent.physics.engine import PhysicsState
from rodent.scene import Scene
from rodent.tasks.settings import ImitationLimits
from rodent.tasks.task import Metric

_DEGREES = 57.29577951308232  # per radian
_UNSEEN = 1e-9


def tracking_metrics(limits: ImitationLimits, end_effectors: tuple[str, ...]) -> dict[str, Metric]:
    """How the tracking errors of a body with these end effectors are reported: millimetres and degrees."""
    return {
        "root_position": Metric("root_position_error_mm", "m", 1e3, 50.0, 1e3 * limits.root_position),
        "root_orientation": Metric(
            "root_orientation_error_deg", "rad", _DEGREES, 90.0, limits.root_orientation
        ),
        "joint_angle": Metric("joint_angle_error_deg", "rad", _DEGREES, 90.0),
        "body_position": Metric("body_position_error_mm", "m", 1e3, 50.0, 1e3 * limits.body_position),
        "end_effector": Metric("end_effector_error_mm", "m", 1e3, 50.0, parts=end_effectors),
    }


def tracking_error(scene: Scene, physics: PhysicsState, target: PhysicsState) -> dict[str, jax.Array]:
    """Compare a rat with its reference at the same frame.

    Args:
        scene: names and indices.
        physics: the rat.
        target: the reference's state, as if it were a rat.

    Returns:
        root_position (the torso, m), root_orientation (rad), joint_angle (root mean square over joints, rad),
        body_position (mean over the tracked bodies, m), and end_effector (m, shape (5,)).
    """
    distance = jnp.linalg.norm(physics.xpos - target.xpos, axis=-1)
    joints = physics.qpos[7:] - target.qpos[7:]
    return {
        "root_position": distance[scene.root_row],
        "root_orientation": rotation.angle_between(physics.qpos[3:7], target.qpos[3:7]),
        "joint_angle": jnp.sqrt(jnp.mean(joints**2, -1)),
        "body_position": jnp.mean(distance, -1),
        "end_effector": distance[scene.end_effector_rows],
    }


def without_drift(physics: PhysicsState, target: PhysicsState) -> PhysicsState:
    """A rat moved over the floor and turned about the vertical so that it is where its reference is.

    Velocities and sensors stay as they are.

    Args:
        physics: the rat.
        target: the reference's state, as if it were a rat.
    """
    root, orientation = physics.qpos[:3], physics.qpos[3:7]
    between = rotation.multiply(target.qpos[3:7], rotation.conjugate(orientation))
    # the twist about the vertical of the rotation between them
    twist = between * jnp.array([1.0, 0.0, 0.0, 1.0])
    twist /= jnp.linalg.norm(twist) + _UNSEEN
    place = jnp.concatenate([target.qpos[:2], root[2:]])
    qpos = jnp.concatenate([place, rotation.multiply(twist, orientation), physics.qpos[7:]])
    xpos = rotation.rotate(jnp.broadcast_to(twist, (*physics.xpos.shape[:-1], 4)), physics.xpos - root)
    return dataclasses.replace(physics, qpos=qpos, xpos=xpos + place)


def limit_fraction(errors: dict[str, jax.Array], limits: ImitationLimits) -> jax.Array:
    """The largest error as a fraction of its limit, shape (): beyond 1 the reference is lost."""
    position = jnp.maximum(
        errors["root_position"] / limits.root_position, errors["body_position"] / limits.body_position
    )
    return jnp.maximum(position, errors["root_orientation"] / jnp.deg2rad(limits.root_orientation))
