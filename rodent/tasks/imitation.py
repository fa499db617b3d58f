"""Imitation of clips: what is seen of the reference, what an action does, what is rewarded.

    task = ImitationConfig().build(body, clips)
    state = task.initial_state(jnp.int32(0), key)         # at the first frame of the first clip

The reward is a table of terms, see `rodent.tasks.reward`; what the body senses is a list of senses, see
`rodent.sensing.proprioception`. Both are chosen in the configuration.
"""

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

import flax.struct
import jax
import jax.numpy as jnp

from rodent import rotation
from rodent.physics.engine import PhysicsState
from rodent.sensing.proprioception import Observed, proprioception, sensed
from rodent.tasks.actuation import action_unit, commanded, neutral_setpoint
from rodent.tasks.metrics import limit_fraction, tracking_error, tracking_metrics, without_drift
from rodent.tasks.reference import Reference
from rodent.tasks.reward import Reached, rewards
from rodent.tasks.settings import ImitationConfig, ImitationLimits
from rodent.tasks.task import PROPRIOCEPTION, Measure, Metric, Starts, Task

REFERENCE = "reference"
_UNITS = {"orientation": "1", "positions": "m", "joints": "rad"}  # of the window


class ImitationState(NamedTuple):
    """Where one environment stands.

    Attributes:
        frame: of the reference that the body should be at, counted over all clips, shape ().
    """

    frame: jax.Array


class Imitation(Task[ImitationState]):
    """The task of following a reference frame by frame.

    Attributes:
        config: horizon, action, senses, reward and limits.
        reference: all frames of all clips.
    """

    config: ImitationConfig = flax.struct.field(pytree_node=False)
    reference: Reference

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """See `Task.metrics`."""
        return tracking_metrics(self.limits, self.scene.roles.end_effectors)

    @property
    def limits(self) -> ImitationLimits:
        """Limits of failure on this body."""
        return self.config.limits.of_body(self.scene.scale, self.scene.proportions)

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
            PROPRIOCEPTION: proprioception(self.scene, physics, self.config.senses),
            REFERENCE: self.window(state, physics),
        }

    def observation_parts(
        self, state: ImitationState, physics: PhysicsState
    ) -> dict[str, dict[str, Observed]]:
        """Senses by name; of the window on the reference, orientations, positions and joints."""
        seen = self._seen(state, physics)
        return {
            PROPRIOCEPTION: sensed(self.scene, physics, self.config.senses),
            REFERENCE: {name: Observed(values.reshape(-1), _UNITS[name]) for name, values in seen.items()},
        }

    def window(self, state: ImitationState, physics: PhysicsState) -> jax.Array:
        """The next frames' root, joints and bodies, relative to the frame of the window, shape (r,)."""
        return jnp.concatenate(list(self._seen(state, physics).values()), -1).reshape(-1)

    def _seen(self, state: ImitationState, physics: PhysicsState) -> dict[str, jax.Array]:
        """What the window shows of every frame, shape (horizon, size) each; units in `_UNITS`."""
        reference, rows = self.reference, self.scene.previewed_joints
        ahead = self._coming_frames(state)
        present = physics if self.config.window == "body" else reference.at(state.frame)
        turn = present.qpos[3:7]
        distance = reference.state.xpos[ahead] - present.xpos[self.scene.root_row]
        target = reference.state.qpos[ahead]
        return {
            "orientation": rotation.two_columns(rotation.multiply(rotation.conjugate(turn), target[:, 3:7])),
            "positions": rotation.into_frame(turn, distance).reshape(len(ahead), -1),
            "joints": target[:, 7:][:, rows] - present.qpos[7:][rows],
        }

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
        return commanded(self.scene, self._setpoint(state), self._action_unit * action)

    def action_for(self, state: ImitationState, controls: jax.Array) -> jax.Array:
        """The action whose controls these are, shape (nu,); the inverse of `control`."""
        setpoint = self._setpoint(state)
        return (controls if setpoint is None else controls - setpoint) / self._action_unit

    @property
    def _action_unit(self) -> jax.Array:
        """Change of control by an action of one, shape (nu,)."""
        return jnp.asarray(self.config.action_scale * action_unit(self.scene), jnp.float32)

    def _setpoint(self, state: ImitationState) -> jax.Array | None:
        """Controls that an action changes, shape (nu,); None for torques."""
        if not self.scene.servos:
            return None
        if self.config.setpoint == "neutral":
            return jnp.asarray(neutral_setpoint(self.scene), jnp.float32)
        lag = 1 + round(self.scene.activation_time / self.timestep)
        return self.reference.setpoint[self.reference.after(state.frame, lag)]

    def advance(self, state: ImitationState) -> ImitationState:
        """The next frame; a clip's last frame is held."""
        return ImitationState(self.reference.after(state.frame, 1))

    def measure(self, state: ImitationState, physics: PhysicsState) -> Measure:
        """Tracking errors against the reference at the same frame."""
        errors = tracking_error(self.scene, self.compared(state, physics), self.reference.at(state.frame))
        return Measure(errors, limit_fraction(errors, self.limits) / self.config.failure_factor)

    def reward(
        self,
        state: ImitationState,
        physics: PhysicsState,
        measure: Measure,
        action: jax.Array,
        previous: jax.Array,
    ) -> dict[str, jax.Array]:
        """See `Task.reward`."""
        target = self.reference.at(state.frame)
        placed = self.compared(state, physics)
        reached = Reached(self, state, placed, target, measure.metrics, action, previous)
        return rewards(self.config.reward, reached)

    def compared(self, state: ImitationState, physics: PhysicsState) -> PhysicsState:
        """The body as it is compared with the reference.

        It is moved onto the reference over the floor where the policy cannot know how far it has drifted.
        """
        if self.config.window == "body":
            return physics
        return without_drift(physics, self.reference.at(state.frame))

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
