"""Terms of the reward of imitation: small functions, each named for what it measures.

    rewards(config.reward, reached)["root_position"]      # weight * exp(-(error / scale)^2), shape ()

A term measures one environment after a control step. A tracking term measures an error, and earns its weight
where there is none; a cost term measures a cost, and takes its weight away where the cost is the scale. Which
terms count how much is a table of the task's configuration. More terms are added to the registry
`rodent.parts.REWARD_TERMS`:

    @REWARD_TERMS.register("sideways")
    @cost("m/s")
    def sideways(reached):
        return rotation.into_frame(reached.physics.qpos[3:7], reached.physics.qvel[:3])[1]
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rodent.errors import InputError
from rodent.parts import REWARD_TERMS
from rodent.physics.engine import PhysicsState
from rodent.tasks.settings import Term

if TYPE_CHECKING:
    from rodent.tasks.imitation import Imitation, ImitationState


class Reached(NamedTuple):
    """What a term measures: one environment after a control step.

    Attributes:
        task: of imitation; its `scene` has names and indices, its `timestep` the seconds of a step.
        state: of the task: the frame of the reference that the body should be at.
        physics: of the body.
        target: the reference at that frame, as if it were a body.
        errors: tracking errors, see `rodent.tasks.metrics.tracking_error`.
        action, previous: that of the step, and that of the step before, shape (actions,).
    """

    task: "Imitation"
    state: "ImitationState"
    physics: PhysicsState
    target: PhysicsState
    errors: Mapping[str, jax.Array]
    action: jax.Array
    previous: jax.Array


Measurement = Callable[[Reached], jax.Array]


@dataclasses.dataclass(frozen=True)
class RewardTerm:
    """A term of the reward; called like the function that it holds.

    Attributes:
        unit: of what it measures, and of its scale; `1` for what has none.
        measure: what it measures, shape ().
        is_cost: whether that is a cost; else it is an error.
    """

    unit: str
    measure: Measurement
    is_cost: bool

    def __call__(self, reached: Reached) -> jax.Array:
        """What it measures, in its unit, shape ()."""
        return self.measure(reached)

    def reward(self, value: jax.Array, term: Term) -> jax.Array:
        """What a measured value earns."""
        if self.is_cost:
            return -term.weight * jnp.square(value / term.scale)
        return term.weight * jnp.exp(-jnp.square(value / term.scale))


def tracking(unit: str) -> Callable[[Measurement], RewardTerm]:
    """A decorator that makes a tracking term of a function that measures an error in a unit."""
    return lambda measure: RewardTerm(unit, measure, is_cost=False)


def cost(unit: str) -> Callable[[Measurement], RewardTerm]:
    """A decorator that makes a cost term of a function that measures a cost in a unit."""
    return lambda measure: RewardTerm(unit, measure, is_cost=True)


@tracking("m")
def root_position(reached: Reached) -> jax.Array:
    """Distance of the root."""
    return reached.errors["root_position"]


@tracking("rad")
def root_orientation(reached: Reached) -> jax.Array:
    """Angle of the root."""
    return reached.errors["root_orientation"]


@tracking("rad")
def joint_angles(reached: Reached) -> jax.Array:
    """Root mean square over joints."""
    return reached.errors["joint_angle"]


@tracking("rad/s")
def joint_velocities(reached: Reached) -> jax.Array:
    """Root mean square over joints."""
    return _rms(reached.physics.qvel[6:] - reached.target.qvel[6:])


@tracking("m")
def end_effectors(reached: Reached) -> jax.Array:
    """Root mean square over paws and head of their distances."""
    return _rms(reached.errors["end_effector"])


@tracking("m")
def body_positions(reached: Reached) -> jax.Array:
    """Mean distance of the tracked bodies."""
    return reached.errors["body_position"]


@cost("1")
def control(reached: Reached) -> jax.Array:
    """Root mean square of the action."""
    return _rms(reached.action)


@cost("1")
def control_change(reached: Reached) -> jax.Array:
    """Root mean square of the action's change from the step before."""
    return _rms(reached.action - reached.previous)


@cost("1")
def energy(reached: Reached) -> jax.Array:
    """Root mean square of the actuators' forces relative to their limits."""
    strongest = np.abs(reached.task.scene.model.actuator_forcerange[:, 1])
    return _rms(reached.physics.actuator_force / jnp.asarray(strongest, jnp.float32))


def rewards(table: Mapping[str, Term], reached: Reached) -> dict[str, jax.Array]:
    """What every term of a table earns, by name, shape () each; the reward is their sum.

    Raises:
        InputError: no term has such a name, its package is broken, or it does not give a single number.
    """
    found = {}
    for name, term in table.items():
        one = REWARD_TERMS.get(name)
        value = jnp.asarray(one(reached))
        if value.shape:
            raise InputError(
                f"reward term {name!r} ({REWARD_TERMS.origins()[name]}) gives an array of shape "
                f"{value.shape}; a single number is expected"
            )
        found[name] = one.reward(value, term)
    return found


def _rms(x: jax.Array) -> jax.Array:
    return jnp.sqrt(jnp.mean(jnp.square(x), -1))
