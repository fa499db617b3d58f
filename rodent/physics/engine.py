"""The protocol between what steps physics and all that looks at it."""

from typing import Any, Protocol

import flax.struct
import numpy as np

Array = Any  # a numpy or jax array; tasks take either


@flax.struct.dataclass
class PhysicsState:
    """The state of num_envs rats after a control step; SI units.

    Attributes:
        qpos: root position (m), root quaternion (w x y z), hinge angles (rad), shape (n, 74).
        qvel: root velocity (m/s, world), root angular velocity (rad/s, body frame),
            hinge velocities (rad/s), shape (n, 73).
        act: actuator activations, shape (n, 38).
        xpos: positions of the bodies the engine was asked for (m), of a rat's `Body.tracked_ids`,
            shape (n, bodies, 3).
        sensordata: the MJCF's sensors in order, of the last physics substep, shape (n, 16).
        actuator_force: forces of the last physics substep (N·m), shape (n, 38).
    """

    qpos: Array
    qvel: Array
    act: Array
    xpos: Array
    sensordata: Array
    actuator_force: Array


class Engine(Protocol):
    """Steps num_envs rats, one control step at a time."""

    num_envs: int

    def reset(self, ids: np.ndarray, qpos: np.ndarray, qvel: np.ndarray, act: np.ndarray) -> None:
        """Put the rats `ids` into the given states, shapes (len(ids), 74), (…, 73), (…, 38)."""
        ...

    def step(self, ctrl: np.ndarray, wrench: np.ndarray | None = None) -> PhysicsState:
        """Hold the controls, shape (num_envs, 38), for one control step.

        A wrench pushes the trunk meanwhile: force (N) and torque (N·m) in the world's frame,
        shape (num_envs, 6).
        """
        ...
