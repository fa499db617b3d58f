"""Imitation of clips: what is seen of the reference, what an action does, what is rewarded.

    task = ImitationConfig().build(body, clips)
    state = task.initial_state(jnp.int32(0), key)         # at the first frame of the first clip

The reward is a table of terms, `ImitationReward`. Tracking terms give weight * exp(-(error / scale)^2),
cost terms give -weight * (cost / scale)^2; what each measures is one line of `reward`.
"""

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent import rotation
from rodent.physics.engine import PhysicsState
from rodent.sensing.proprioception import proprioception
from rodent.tasks.actuation import action_unit, commanded, neutral_setpoint
from rodent.tasks.metrics import limit_fraction, tracking_error, tracking_metrics
from rodent.tasks.reference import Reference
from rodent.tasks.settings import ImitationConfig
from rodent.tasks.task import PROPRIOCEPTION, Measure, Metric, Starts, Task

REFERENCE = "reference"
TRACKING = ("root_position", "root_orientation", "joint_angles", "joint_velocities", "end_effectors")
TRACKING = (*TRACKING, "body_positions")
"""Terms of the reward that are highest without an error."""
COSTS = ("control", "control_change", "energy")
"""Terms of the reward that are costs."""


class ImitationState(NamedTuple):
    """Where one environment stands.

    Attributes:
        frame: of the reference that the body should be at, counted over all clips, shape ().
    """

    frame: jax.Array


class Imitation(Task[ImitationState]):
    """The task of following a reference frame by frame.

    Attributes:
        config: horizon, action, reward and limits.
        reference: all frames of all clips.
    """

    config: ImitationConfig = flax.struct.field(pytree_node=False)
    reference: Reference

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """See `Task.metrics`."""
        return tracking_metrics(self.config.limits, self.scene.roles.end_effectors)

    @property
    def starts(self) -> Starts:
        """The frames of all clips, by clip; none begins at a last frame."""
        clip, first, last = self.reference.clip_of, self.reference.first, self.reference.last
        return Starts(clip, first, last, jnp.arange(self.reference.num_frames) < last[clip])

    def initial_state(self, start: jax.Array, key: jax.Array) -> ImitationState:
        """See `Task.initial_state`; a start is a frame."""
        return ImitationState(start)

    def initial_physics(self, state: ImitationState) -> PhysicsState:
        """On the reference, put down on the floor."""
        return self.reference.start(state.frame)

    def observe(self, state: ImitationState, physics: PhysicsState) -> dict[str, jax.Array]:
        """What the body senses, and the coming frames relative to it."""
        return {
            PROPRIOCEPTION: proprioception(self.scene, physics),
            REFERENCE: self.window(state, physics),
        }

    def window(self, state: ImitationState, physics: PhysicsState) -> jax.Array:
        """The next frames' root, joints and bodies relative to the present body, shape (r,)."""
        reference, rows = self.reference, self.scene.previewed_joints
        ahead = self._coming_frames(state)
        turn = physics.qpos[3:7]
        distance = reference.state.xpos[ahead] - physics.xpos[self.scene.root_row]
        target = reference.state.qpos[ahead]
        parts = [
            rotation.two_columns(rotation.multiply(rotation.conjugate(turn), target[:, 3:7])),
            rotation.into_frame(turn, distance).reshape(len(ahead), -1),
            target[:, 7:][:, rows] - physics.qpos[7:][rows],
        ]
        return jnp.concatenate(parts, -1).reshape(-1)

    def coming(self, state: ImitationState) -> jax.Array:
        """The frames of the window as the reference has them, whatever the body does.

        Returns:
            of each frame of the horizon, from the next on: root orientation relative to the reference's
            present root (two columns of the rotation), root position in its frame (m), and angles of the
            previewed joints (rad); shape (horizon * (9 + joints),).
        """
        ahead = self._coming_frames(state)
        present, target = self.reference.state.qpos[state.frame], self.reference.state.qpos[ahead]
        turn = present[3:7]
        parts = [
            rotation.two_columns(rotation.multiply(rotation.conjugate(turn), target[:, 3:7])),
            rotation.into_frame(turn, target[:, :3] - present[:3]),
            target[:, 7:][:, self.scene.previewed_joints],
        ]
        return jnp.concatenate(parts, -1).reshape(-1)

    def control(self, state: ImitationState, action: jax.Array) -> jax.Array:
        """Controls for the step from this frame to the next, in [-1, 1], shape (nu,).

        Servos are offset around the setpoint of a coming pose, so that doing nothing
        follows the reference's joints; torques come from the action alone. The pose lies
        one frame ahead and, as the muscles' filter lags by its time constant, that much more.
        """
        offset = jnp.asarray(self.config.action_scale * action_unit(self.scene), jnp.float32) * action
        if not self.scene.servos:
            return commanded(self.scene, None, offset)
        if self.config.setpoint == "neutral":
            return commanded(self.scene, jnp.asarray(neutral_setpoint(self.scene), jnp.float32), offset)
        lag = 1 + round(self.scene.activation_time / self.timestep)
        return commanded(self.scene, self.reference.setpoint[self.reference.after(state.frame, lag)], offset)

    def advance(self, state: ImitationState) -> ImitationState:
        """The next frame; a clip's last frame is held."""
        return ImitationState(self.reference.after(state.frame, 1))

    def measure(self, state: ImitationState, physics: PhysicsState) -> Measure:
        """Tracking errors against the reference at the same frame."""
        errors = tracking_error(self.scene, physics, self.reference.at(state.frame))
        return Measure(errors, limit_fraction(errors, self.config.limits) / self.config.failure_factor)

    def reward(
        self,
        state: ImitationState,
        physics: PhysicsState,
        measure: Measure,
        action: jax.Array,
        previous: jax.Array,
    ) -> dict[str, jax.Array]:
        """See `Task.reward`."""
        target, errors = self.reference.at(state.frame), measure.metrics
        strongest = np.abs(self.scene.model.actuator_forcerange[:, 1])
        values = {
            "root_position": errors["root_position"],
            "root_orientation": errors["root_orientation"],
            "joint_angles": errors["joint_angle"],
            "joint_velocities": _rms(physics.qvel[6:] - target.qvel[6:]),
            "end_effectors": _rms(errors["end_effector"]),
            "body_positions": errors["body_position"],
            "control": _rms(action),
            "control_change": _rms(action - previous),
            "energy": _rms(physics.actuator_force / jnp.asarray(strongest, jnp.float32)),
        }
        table = self.config.reward
        terms = {}
        for name in TRACKING:
            term = getattr(table, name)
            terms[name] = term.weight * jnp.exp(-jnp.square(values[name] / term.scale))
        for name in COSTS:
            term = getattr(table, name)
            terms[name] = -term.weight * jnp.square(values[name] / term.scale)
        return terms

    def truncated(self, state: ImitationState) -> jax.Array:
        """At a clip's last frame."""
        return state.frame >= self.reference.last[self.reference.clip_of[state.frame]]

    def channels(self, state: ImitationState) -> dict[str, jax.Array]:
        """The reference's pose."""
        return {REFERENCE: self.reference.state.qpos[state.frame]}

    def for_evaluation(self) -> "Imitation":
        """With the limits as they are, not tightened."""
        return self.replace(config=dataclasses.replace(self.config, failure_factor=1.0))

    def _coming_frames(self, state: ImitationState) -> jax.Array:
        """Frames of the window, shape (horizon,)."""
        return self.reference.after(state.frame, jnp.arange(1, self.config.horizon + 1))


def _rms(x: jax.Array) -> jax.Array:
    return jnp.sqrt(jnp.mean(jnp.square(x), -1))
