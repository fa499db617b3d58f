"""The interface of physics engines.

    state = engine.begin(physics)                        # num_envs bodies in given states
    state = engine.step(state, Command(ctrl, restart, initial))
    state.physics                                        # the physics state that the task uses

An engine is a function of its state, like an environment of brax: it has no hidden state. `step` may reuse
the memory of its argument, like `jax.jit` with donated arguments: continue with the returned state.
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
        xpos: positions of the engine's bodies (m), `Scene.tracked_ids` for a rat,
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
    """The input of an engine for one control step of num_envs environments.

    Attributes:
        ctrl: controls, constant during the step, shape (num_envs, nu).
        restart: environments that are reset at the start of this step, shape (num_envs,), bool.
        initial: the states of these environments after the reset; other rows are ignored.
        wrench: force (N) and torque (N·m) on the root body during the step, in world coordinates, shape
            (num_envs, 6); None for none.
        scales: factors on the world's quantities of the environments that begin, by name, each of shape
            (num_envs,); see `rodent.physics.scales`. None where none is ever given.
        active: environments whose state after the step is of use, shape (num_envs,), bool; None for all. An
            engine need not step the others.
    """

    ctrl: Array
    restart: Array
    initial: PhysicsState
    wrench: Array | None = None
    scales: Mapping[str, Array] | None = None
    active: Array | None = None


class EngineState(Protocol):
    """The full state of an engine; its type depends on the engine."""

    @property
    def physics(self) -> PhysicsState:
        """The physics state that the task uses."""
        ...


E = TypeVar("E", bound=EngineState)


class Engine(Protocol[E]):
    """Steps num_envs bodies, one control step at a time.

    An environment whose state is not finite has a state of NaN until it is reset. It does not affect other
    environments.

    Attributes:
        num_envs: number of environments stepped in parallel.
        traceable: whether `step` can be used in `jax.jit` and `jax.lax.scan`.
    """

    num_envs: int
    traceable: bool

    def begin(self, physics: PhysicsState, scales: Mapping[str, Array] | None = None) -> E:
        """The state of bodies with the given positions, velocities and activations.

        Args:
            physics: of all environments.
            scales: of all environments, see `Command`.
        """
        ...

    def step(self, state: E, command: Command) -> E:
        """Reset the environments of `command.restart`, then make one control step with constant controls.

        Positions and velocities are those after the step, sensors and forces those of its last substep.
        The given state must not be used again.
        """
        ...
