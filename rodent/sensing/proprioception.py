"""The body's own senses, as named parts of one array.

    values = proprioception(scene, physics)                          # of one environment, shape (p,)
    values = proprioception(scene, physics, ("touch", "gravity"))    # these two alone, in this order
    sensed(scene, physics)["touch"]                                  # one part, with its unit

A sense is a small function of the scene and of the physics of one environment. A body without sensors of a
kind lacks that part: its size is 0. More senses are added to the registry `rodent.parts.SENSES`:

    @SENSES.register("speed")
    @sense("m/s")
    def speed(scene, physics):
        return jnp.linalg.norm(physics.qvel[:3], keepdims=True)
"""

import dataclasses
from collections.abc import Callable, Sequence

import flax.struct
import jax
import jax.numpy as jnp

from rodent import rotation
from rodent.errors import InputError
from rodent.parts import SENSES, USUAL_SENSES
from rodent.physics.engine import PhysicsState
from rodent.scene import Scene
from rodent.sensing.ground import height_above_ground

_DOWN = (0.0, 0.0, -1.0)
Read = Callable[[Scene, PhysicsState], jax.Array]


@dataclasses.dataclass(frozen=True)
class Sense:
    """One part of what a body senses; called like the function that it holds.

    Attributes:
        unit: of its values; `1` for those without.
        read: from the scene and the physics of one environment, shape (size,).
    """

    unit: str
    read: Read

    def __call__(self, scene: Scene, physics: PhysicsState) -> jax.Array:
        """The values, shape (size,)."""
        return self.read(scene, physics)


@flax.struct.dataclass
class Observed:
    """The values of one part of an observation.

    Attributes:
        values: shape (…, size).
        unit: of the values; `1` for those without, empty if it is not stated.
    """

    values: jax.Array
    unit: str = flax.struct.field(pytree_node=False)


def sense(unit: str) -> Callable[[Read], Sense]:
    """A decorator that makes a sense of a function of a scene and physics; the unit is that of its values."""
    return lambda read: Sense(unit, read)


@sense("rad")
def joint_angles(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Angles of all joints of the body but the root's, rad."""
    return physics.qpos[7 : 7 + scene.body_joints]


@sense("rad/s")
def joint_velocities(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Velocities of all joints of the body but the root's, rad/s."""
    return physics.qvel[6 : 6 + scene.body_joints]


@sense("1")
def activations(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Of the actuators."""
    return physics.act


@sense("m")
def root_height(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Height of the root above the ground below it, m."""
    return height_above_ground(scene, physics.xpos[scene.root_row])[None]


@sense("1")
def gravity(scene: Scene, physics: PhysicsState) -> jax.Array:
    """The direction of gravity in the root's frame."""
    return rotation.into_frame(physics.qpos[3:7], jnp.array(_DOWN))


@sense("m/s")
def linear_velocity(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Of the root, in its own frame, m/s."""
    return rotation.into_frame(physics.qpos[3:7], physics.qvel[:3])


@sense("rad/s")
def angular_velocity(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Of the root, in its own frame, rad/s."""
    return physics.qvel[3:6]


@sense("1")
def inertial(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Accelerometer, gyroscope and velocimeter: tanh of the readings over their scales."""
    rows = scene.inertial_rows
    return jnp.tanh(physics.sensordata[rows] / jnp.asarray(scene.sensor_scale[rows], jnp.float32))


@sense("1")
def touch(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Touch sensors: tanh of the force in newtons."""
    return jnp.tanh(physics.sensordata[scene.touch_rows])


@sense("m")
def end_effectors(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Positions of the end effectors relative to the root, in its frame, m."""
    reach = physics.xpos[scene.end_effector_rows] - physics.xpos[scene.root_row]
    return rotation.into_frame(physics.qpos[3:7], reach).reshape(-1)


def sensed(scene: Scene, physics: PhysicsState, senses: Sequence[str] = USUAL_SENSES) -> dict[str, Observed]:
    """Senses of one environment by name, in the order given.

    Raises:
        InputError: no sense has such a name, its package is broken, or it does not give a row of numbers.
    """
    found = {}
    for name in senses:
        one = SENSES.get(name)
        values = one(scene, physics)
        if values.ndim != 1:
            raise InputError(
                f"sense {name!r} ({SENSES.origins()[name]}) gives an array of shape {values.shape}; one of "
                "shape (size,) is expected"
            )
        found[name] = Observed(values, one.unit)
    return found


def proprioception(scene: Scene, physics: PhysicsState, senses: Sequence[str] = USUAL_SENSES) -> jax.Array:
    """Senses of one environment, one after the other, shape (p,).

    Args:
        scene: names and indices.
        physics: of one environment.
        senses: names of at least one, in order.

    Raises:
        InputError: as `sensed`.
    """
    return jnp.concatenate([part.values for part in sensed(scene, physics, senses).values()], -1)
