"""The protocol between what steps physics and all that looks at it.

    state = engine.begin(physics)                        # num_envs bodies in given states
    state = engine.step(state, Command(ctrl, restart, initial))
    state.physics                                        # what the task sees

An engine is a function of its state, as an environment of brax is: what it is given decides what it
returns, and nothing is hidden in it. `step` may reuse the memory of the state that it is given, as
`jax.jit` does with donated arguments: go on with the state that it returns.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

import flax.struct

Array = Any  # a numpy or jax array; tasks take either


@flax.struct.dataclass
class PhysicsState:
    """The state of num_envs bodies after a control step; SI units.

    Attributes:
        qpos: root position (m), root quaternion (w x y z), joint angles (rad), shape (num_envs, nq).
        qvel: root velocity (m/s, world), root angular velocity (rad/s, body frame),
            joint velocities (rad/s), shape (num_envs, nv).
        act: actuator activations, shape (num_envs, na).
        xpos: positions of the bodies the engine was asked for (m), of a rat's `Body.tracked_ids`,
            shape (num_envs, bodies, 3).
        sensordata: the MJCF's sensors in order, of the last physics substep, shape (num_envs, nsensordata).
        actuator_force: forces of the last physics substep (N·m), shape (num_envs, nu).
    """

    qpos: Array
    qvel: Array
    act: Array
    xpos: Array
    sensordata: Array
    actuator_force: Array


class Command(NamedTuple):
    """What an engine does in one control step of num_envs environments.

    Attributes:
        ctrl: controls that are held for the step, shape (num_envs, nu).
        restart: environments that begin a new episode with this step, shape (num_envs,), bool.
        initial: the states in which those begin; the rows of all others are ignored.
        wrench: force (N) and torque (N·m) in the world's frame that push the root body for the step, shape
            (num_envs, 6); None for none.
        scales: factors on the world's quantities of the environments that begin, by name, each of shape
            (num_envs,); see `rodent.physics.scales`. None where none is ever given.
    """

    ctrl: Array
    restart: Array
    initial: PhysicsState
    wrench: Array | None = None
    scales: Mapping[str, Array] | None = None


class EngineState(Protocol):
    """All that the next step depends on; of what kind is the engine's own affair."""

    @property
    def physics(self) -> PhysicsState:
        """What the task sees of it."""
        ...


E = TypeVar("E", bound=EngineState)


class Engine(Protocol[E]):
    """Steps num_envs bodies, one control step at a time.

    An environment whose state is no longer finite keeps a state of NaN, which no other sees, until it is
    restarted.

    Attributes:
        num_envs: environments stepped at once.
        traceable: whether `step` may stand inside `jax.jit` and `jax.lax.scan`.
    """

    num_envs: int
    traceable: bool

    def begin(self, physics: PhysicsState, scales: Mapping[str, Array] | None = None) -> E:
        """The state of bodies that are in the given positions, velocities and activations.

        Args:
            physics: of all environments.
            scales: of all environments, see `Command`.
        """
        ...

    def step(self, state: E, command: Command) -> E:
        """Restart the environments that are to begin anew, then hold the controls for one control step.

        Positions and velocities are those after the step, sensors and forces those of its last substep.
        The given state must not be used again.
        """
        ...
