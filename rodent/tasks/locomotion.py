"""What tasks of walking share: begin and end, falls, the heading, and a smoothed motion over the floor."""

from typing import Any, NamedTuple, TypeVar

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.rotation import rotate
from rodent.scene import Scene
from rodent.sensing.ground import height_above_ground
from rodent.tasks.stance import standing
from rodent.tasks.task import Task

_ON_SIDE, _ON_BACK = 0.7, 0.5  # of the vertical along the axes to the left and down of the body
_BELOW = 0.02  # metres below the ground at which the root has fallen through it or off it
_STRIDE = 0.25  # seconds over which a motion is smoothed, about a stride
_UNSEEN = 1e-6
_EFFORT, _CHANGE = 0.01, 0.05  # weights of costs
S = TypeVar("S")


class WalkingTask(Task[S]):
    """Base of tasks that begin standing still and last for `config.seconds`.

    Their states are named tuples with the field `step`: control steps so far, shape ().

    Attributes:
        config: settings of the task.
    """

    config: Any = flax.struct.field(pytree_node=False)

    def initial_physics(self, state: S) -> PhysicsState:
        """Standing still."""
        return jax.tree.map(jnp.asarray, standing(self.scene))

    def advance(self, state: Any) -> Any:
        """See `Task.advance`."""
        return state._replace(step=state.step + 1)

    def truncated(self, state: Any) -> jax.Array:
        """After the episode's time."""
        return state.step >= self._steps

    def episode_steps(self, groups: np.ndarray) -> np.ndarray:
        """See `Task.episode_steps`."""
        return np.full(len(groups), self._steps)

    @property
    def _steps(self) -> int:
        return round(self.config.seconds / self.timestep)


def effort(action: jax.Array, previous: jax.Array) -> dict[str, jax.Array]:
    """Costs of actions and of their change, as terms of a reward."""
    return {
        "effort": -_EFFORT * jnp.mean(jnp.square(action)),
        "change": -_CHANGE * jnp.mean(jnp.square(action - previous)),
    }


class Pace(NamedTuple):
    """Motion of the root over the floor in the frame of its heading, smoothed over about a stride.

    Attributes:
        ahead, left: m/s.
        turn: to the left, rad/s.
    """

    ahead: jax.Array
    left: jax.Array
    turn: jax.Array


def fall(quaternion: jax.Array) -> jax.Array:
    """How near a body is to having fallen, as a fraction of the limit, shape (...).

    It has fallen on a side where its left is more than 45 degrees above or below level, and on its back where
    its belly is more than 30 degrees above level. A rat that rears has done neither.

    Args:
        quaternion: orientation of the root, shape (..., 4).
    """
    left, up = (rotate(quaternion, jnp.array(axis))[..., 2] for axis in ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
    return jnp.maximum(jnp.abs(left) / _ON_SIDE, -up / _ON_BACK)


def tilt(quaternion: jax.Array) -> jax.Array:
    """Square of how near a body is to having fallen, at most 1, shape (...); see `fall`."""
    return jnp.square(jnp.minimum(fall(quaternion), 1.0))


def sunk(scene: Scene, physics: PhysicsState) -> jax.Array:
    """How deep a body has sunk below the ground or beside it, as a fraction of the limit, shape ()."""
    return -height_above_ground(scene, physics.xpos[scene.root_row]) / _BELOW


def heading(quaternion: jax.Array) -> jax.Array:
    """Direction of the body's x axis on the floor, a unit vector, shape (2,)."""
    ahead = rotate(quaternion, jnp.array([1.0, 0.0, 0.0]))[:2]
    return ahead / jnp.maximum(jnp.linalg.norm(ahead), _UNSEEN)


def on_floor(scene: Scene, physics: PhysicsState) -> jax.Array:
    """Position of the root on the floor, m, shape (2,)."""
    return physics.xpos[scene.root_row, :2]


def in_heading(quaternion: jax.Array, vector: jax.Array) -> jax.Array:
    """A vector on the floor, shape (2,), ahead and to the left of the body, shape (2,)."""
    ahead = heading(quaternion)
    return jnp.array([vector @ ahead, vector @ jnp.array([-ahead[1], ahead[0]])])


def at_rest() -> Pace:
    """The pace of a body that does not move."""
    return Pace(jnp.zeros(()), jnp.zeros(()), jnp.zeros(()))


def smoothed_pace(pace: Pace, physics: PhysicsState, timestep: float) -> Pace:
    """The pace a control step later.

    Args:
        pace: before the step.
        physics: after the step.
        timestep: seconds of the step.
    """
    ahead, left = in_heading(physics.qpos[3:7], physics.qvel[:2])
    # angular velocity is in the frame of the body
    turn = rotate(physics.qpos[3:7], physics.qvel[3:6])[2]
    share = timestep / (_STRIDE + timestep)
    return Pace(*(old + share * (new - old) for old, new in zip(pace, (ahead, left, turn), strict=True)))
