"""The body's own senses, as named parts of one array.

    values = proprioception(scene, physics)       # of one environment, shape (p,)

A part is a small function of the body and of the physics of one environment. A body without sensors of a
kind lacks that part.
"""

import dataclasses
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp

from rodent import rotation
from rodent.physics.engine import PhysicsState
from rodent.scene import Scene

_DOWN = (0.0, 0.0, -1.0)


@dataclasses.dataclass(frozen=True)
class Sense:
    """One part of what a body senses.

    Attributes:
        unit: of its values; `1` for those without.
        read: from the body and the physics of one environment, shape (size,).
    """

    unit: str
    read: Callable[[Scene, PhysicsState], jax.Array]


def joint_angles(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Angles of all joints but the root's, rad."""
    return physics.qpos[7:]


def joint_velocities(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Velocities of all joints but the root's, rad/s."""
    return physics.qvel[6:]


def activations(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Of the actuators."""
    return physics.act


def root_height(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Height of the root above the floor's level, m."""
    return physics.xpos[scene.root_row, 2:]


def gravity(scene: Scene, physics: PhysicsState) -> jax.Array:
    """The direction of gravity in the root's frame."""
    return rotation.into_frame(physics.qpos[3:7], jnp.array(_DOWN))


def linear_velocity(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Of the root, in its own frame, m/s."""
    return rotation.into_frame(physics.qpos[3:7], physics.qvel[:3])


def angular_velocity(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Of the root, in its own frame, rad/s."""
    return physics.qvel[3:6]


def inertial(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Accelerometer, gyroscope and velocimeter: tanh of the readings over their scales."""
    rows = scene.inertial_rows
    return jnp.tanh(physics.sensordata[rows] / jnp.asarray(scene.sensor_scale[rows], jnp.float32))


def touch(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Touch sensors: tanh of the force in newtons."""
    return jnp.tanh(physics.sensordata[scene.touch_rows])


def end_effectors(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Positions of the end effectors relative to the root, in its frame, m."""
    reach = physics.xpos[scene.end_effector_rows] - physics.xpos[scene.root_row]
    return rotation.into_frame(physics.qpos[3:7], reach).reshape(-1)


SENSES: Mapping[str, Sense] = {
    "joint_angles": Sense("rad", joint_angles),
    "joint_velocities": Sense("rad/s", joint_velocities),
    "activations": Sense("1", activations),
    "height": Sense("m", root_height),
    "gravity": Sense("1", gravity),
    "linear_velocity": Sense("m/s", linear_velocity),
    "angular_velocity": Sense("rad/s", angular_velocity),
    "inertial": Sense("1", inertial),
    "touch": Sense("1", touch),
    "end_effectors": Sense("m", end_effectors),
}
"""All senses, in the order in which they stand in an observation."""


def proprioception(scene: Scene, physics: PhysicsState) -> jax.Array:
    """All senses of one environment, one after the other, shape (p,)."""
    return jnp.concatenate([sense.read(scene, physics) for sense in SENSES.values()], -1)
