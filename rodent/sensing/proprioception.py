"""The body's own senses, as named parts of one array.

    senses = proprioception_parts(body)          # what parts there are, their sizes and units
    values = proprioception(body, physics)       # of one environment, shape (p,)

A part is a small function of the body and of the physics of one environment. A body without sensors of a
kind lacks that part.
"""

import dataclasses
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp

from rodent import rotation
from rodent.body import Body
from rodent.physics.engine import PhysicsState

_DOWN = (0.0, 0.0, -1.0)


@dataclasses.dataclass(frozen=True)
class Sense:
    """One part of what a body senses.

    Attributes:
        unit: of its values; `1` for those without.
        read: from the body and the physics of one environment, shape (size,).
    """

    unit: str
    read: Callable[[Body, PhysicsState], jax.Array]


def joint_angles(body: Body, physics: PhysicsState) -> jax.Array:
    """Angles of all joints but the root's, rad."""
    return physics.qpos[7:]


def joint_velocities(body: Body, physics: PhysicsState) -> jax.Array:
    """Velocities of all joints but the root's, rad/s."""
    return physics.qvel[6:]


def activations(body: Body, physics: PhysicsState) -> jax.Array:
    """Of the actuators."""
    return physics.act


def root_height(body: Body, physics: PhysicsState) -> jax.Array:
    """Height of the root above the floor's level, m."""
    return physics.xpos[body.root_row, 2:]


def gravity(body: Body, physics: PhysicsState) -> jax.Array:
    """The direction of gravity in the root's frame."""
    return rotation.into_frame(physics.qpos[3:7], jnp.array(_DOWN))


def linear_velocity(body: Body, physics: PhysicsState) -> jax.Array:
    """Of the root, in its own frame, m/s."""
    return rotation.into_frame(physics.qpos[3:7], physics.qvel[:3])


def angular_velocity(body: Body, physics: PhysicsState) -> jax.Array:
    """Of the root, in its own frame, rad/s."""
    return physics.qvel[3:6]


def inertial(body: Body, physics: PhysicsState) -> jax.Array:
    """Accelerometer, gyroscope and velocimeter: tanh of the readings over their scales."""
    rows = body.inertial_rows
    return jnp.tanh(physics.sensordata[rows] / jnp.asarray(body.sensor_scale[rows], jnp.float32))


def touch(body: Body, physics: PhysicsState) -> jax.Array:
    """Touch sensors: tanh of the force in newtons."""
    return jnp.tanh(physics.sensordata[body.touch_rows])


def end_effectors(body: Body, physics: PhysicsState) -> jax.Array:
    """Positions of the end effectors relative to the root, in its frame, m."""
    reach = physics.xpos[body.end_effector_rows] - physics.xpos[body.root_row]
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


def proprioception(body: Body, physics: PhysicsState) -> jax.Array:
    """All senses of one environment, one after the other, shape (p,)."""
    return jnp.concatenate([sense.read(body, physics) for sense in SENSES.values()], -1)
