"""Imitation of a clip: what the rat observes, what it is rewarded for, how its action acts.

The task is a table of terms. Tracking terms give weight * exp(-(error / scale)^2), cost
terms give -weight * (cost / scale)^2; each is one small function named for what it measures.
"""

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rodent import rotation
from rodent.body import TOUCH_SENSORS, Body, in_tail
from rodent.physics.engine import PhysicsState
from rodent.tasks.metrics import END_EFFECTOR_ROWS, TORSO, TrackingError, failed, tracking_error
from rodent.tasks.reference import Reference
from rodent.tasks.settings import ImitationConfig


@dataclasses.dataclass(frozen=True)
class Term:
    """One term of the reward."""

    weight: float
    """Reward for perfect tracking, or cost at the scale."""
    scale: float
    """Error at which the reward has fallen to 1/e; unit of the error."""


TRACKING_TERMS: Mapping[str, Term] = {
    "root_position": Term(0.20, 0.030),
    "root_orientation": Term(0.20, 0.45),
    "joint_angles": Term(0.30, 0.25),
    "joint_velocities": Term(0.05, 6.0),
    "end_effectors": Term(0.20, 0.030),
    "body_positions": Term(0.20, 0.025),
}
COST_TERMS: Mapping[str, Term] = {
    "control": Term(0.01, 1.0),
    "control_change": Term(0.10, 1.0),  # for less, torques tremble
    "energy": Term(0.01, 1.0),
}


# a servo's force fades as its joint gives way: policies learn best when it is pushed by more
_SERVO = 4.0


class Observation(NamedTuple):
    """What the policy is fed.

    Attributes:
        proprioception: the body's own senses, shape (n, p).
        reference: the coming frames relative to the body, shape (n, r).
    """

    proprioception: jax.Array
    reference: jax.Array


class Imitation:
    """The task's pure functions, bound to one body.

    Args:
        body: names and indices.
        config: horizon and action.
        timestep: seconds per frame of the reference, which is a control step.
    """

    def __init__(self, body: Body, config: ImitationConfig, timestep: float):
        self.config = config
        self.servo = body.config.actuation == "position"
        self._lead = 1 + round(body.config.activation_time / timestep)
        self._touch = jnp.asarray(body.sensor_rows(TOUCH_SENSORS))
        self._inertial = jnp.asarray(body.sensor_rows(("accelerometer", "gyro", "velocimeter")))
        # the tail has 24 of the 67 hinges and needs no preview: its servos follow their setpoints
        self._previewed = jnp.asarray(np.flatnonzero([not in_tail(name) for name in body.joint_names]))
        self._action_unit = jnp.asarray(config.action_scale * action_unit(body), jnp.float32)
        self._force_scale = jnp.asarray(np.abs(body.model.actuator_forcerange[:, 1]), jnp.float32)

    def observe(self, state: PhysicsState, reference: Reference, frame: jax.Array) -> Observation:
        """What rats see that are at the given frames of their clips, shape of frame: (n,)."""
        return Observation(self.proprioception(state), self.preview(state, reference, frame))

    def proprioception(self, state: PhysicsState) -> jax.Array:
        """Joints, muscles, height, gravity, velocities, touch and end effectors, shape (n, p)."""
        turn = state.qpos[:, 3:7]
        torso = state.xpos[:, TORSO]
        reach = state.xpos[:, jnp.array(END_EFFECTOR_ROWS)] - torso[:, None]
        n = turn.shape[0]
        inertial = state.sensordata[:, self._inertial]
        return jnp.concatenate(
            [
                state.qpos[:, 7:],
                state.qvel[:, 6:],
                state.act,
                torso[:, 2:],
                rotation.into_frame(turn, jnp.array([0.0, 0.0, -1.0])),
                rotation.into_frame(turn, state.qvel[:, :3]),
                state.qvel[:, 3:6],
                jnp.tanh(inertial / jnp.repeat(jnp.array([30.0, 10.0, 1.0]), 3)),
                jnp.tanh(state.sensordata[:, self._touch]),
                rotation.into_frame(turn[:, None], reach).reshape(n, -1),
            ],
            -1,
        )

    def preview(self, state: PhysicsState, reference: Reference, frame: jax.Array) -> jax.Array:
        """The next frames' root, joints and bodies relative to the present body, shape (n, r)."""
        ahead = reference.after(frame[:, None], jnp.arange(1, self.config.horizon + 1))
        turn = state.qpos[:, None, 3:7]
        wanted = reference.state.xpos[ahead] - state.xpos[:, None, TORSO, None]
        target = reference.state.qpos[ahead]
        joints = target[..., 7:][..., self._previewed] - state.qpos[:, None, 7:][..., self._previewed]
        n, k = ahead.shape
        parts = [
            rotation.two_columns(rotation.multiply(rotation.conjugate(turn), target[..., 3:7])),
            rotation.into_frame(turn[:, :, None], wanted).reshape(n, k, -1),
            joints,
        ]
        return jnp.concatenate(parts, -1).reshape(n, -1)

    def ctrl(self, action: jax.Array, reference: Reference, frame: jax.Array) -> jax.Array:
        """Controls for the step from `frame` to the next, in [-1, 1], shape (n, 38).

        Servos are offset around the setpoint of a coming pose, so that doing nothing
        follows the reference's joints; torques come from the action alone. The pose lies
        one frame ahead and, as the muscles' filter lags by its time constant, that much more.
        """
        offset = self._action_unit * action
        if self.servo:
            offset = offset + reference.setpoint[reference.after(frame, jnp.array(self._lead))]
        return jnp.clip(offset, -1.0, 1.0)

    def rewards(
        self,
        state: PhysicsState,
        wanted: PhysicsState,
        error: TrackingError,
        action: jax.Array,
        previous_action: jax.Array,
    ) -> dict[str, jax.Array]:
        """All terms of the reward for having reached `state` where `wanted` was asked, each (n,).

        Args:
            state: after the step.
            wanted: the reference at the same frame.
            error: their tracking error.
            action: what was done, shape (n, 38).
            previous_action: what was done the step before.
        """
        errors = {
            "root_position": error.root_position,
            "root_orientation": error.root_orientation,
            "joint_angles": error.joint_angle,
            "joint_velocities": _rms(state.qvel[:, 6:] - wanted.qvel[:, 6:]),
            "end_effectors": _rms(error.end_effector),
            "body_positions": error.body_position,
        }
        power = state.actuator_force / self._force_scale
        costs = {
            "control": _rms(action),
            "control_change": _rms(action - previous_action),
            "energy": _rms(power),
        }
        tracking = {
            k: t.weight * jnp.exp(-jnp.square(errors[k] / t.scale)) for k, t in TRACKING_TERMS.items()
        }
        cost = {k: -t.weight * jnp.square(costs[k] / t.scale) for k, t in COST_TERMS.items()}
        return tracking | cost

    def error(self, state: PhysicsState, wanted: PhysicsState) -> TrackingError:
        """The tracking error of rats against the states wanted."""
        return tracking_error(state, wanted)

    def failed(self, state: PhysicsState, error: TrackingError) -> jax.Array:
        """Whether the episode ends in failure, shape (n,)."""
        return failed(state, error, self.config.failure_factor)


def action_unit(body: Body) -> np.ndarray:
    """Change of control by one action: torques change by their usual force, servos by four times theirs.

    In shares of the control range noise throws the trunk about before the legs have tried a step.

    Args:
        body: the rat; its servos or its torques.

    Returns:
        share of the control range, shape (38,).
    """
    times = _SERVO if body.config.actuation == "position" else 1.0
    return times * body.usual_force / body.model.actuator_gainprm[:, 0]


def _rms(x: jax.Array) -> jax.Array:
    return jnp.sqrt(jnp.mean(jnp.square(x), -1))
