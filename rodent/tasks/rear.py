"""Rear on a cue: lift the head above a height, keep it there, and come down again.

task = RearConfig().build(scene, None)
state = task.initial_state(jnp.int32(0), key)      # draws when the cue comes
state.cue                                          # s
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.recording.channels import Channel
from rodent.recording.trials import Trial, first_time
from rodent.sensing.proprioception import Observed, proprioception, sensed
from rodent.tasks.goal_settings import RearConfig
from rodent.tasks.locomotion import WalkingTask, effort, fall
from rodent.tasks.task import PROPRIOCEPTION, Figure, Measure, Metric, Played

CUE = "cue"
_SCALE = 0.03  # metres that the head is off at which a reward has fallen to 1/e
_BAR = 0.9


class RearState(NamedTuple):
    """Where one environment stands.

    Attributes:
        step: control steps so far.
        cue: time at which the cue comes, s.
        held: time for which the head has been high without a break since the cue, s.
        reared: whether it has been high for long enough, shape (), bool.
        down: whether it has come down since, shape (), bool.
    """

    step: jax.Array
    cue: jax.Array
    held: jax.Array
    reared: jax.Array
    down: jax.Array


class Rear(WalkingTask[RearState]):
    """The task of rearing on a cue. The cue ends once the animal has reared for long enough.

    Attributes:
        config: height and times.
    """

    config: RearConfig = flax.struct.field(pytree_node=False)

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Distance of the head from where it should be; whether the animal has reared, and come down."""
        return {
            "head_height": Metric("head_height_error_mm", "m", 1e3, 1e3 * self.config.height),
            "reared": Metric("reared", "1", 1.0, 0.0),
            "down": Metric("down", "1", 1.0, 0.0),
        }

    def initial_state(self, start: jax.Array, key: jax.Array) -> RearState:
        """Draws the time of the cue."""
        low, high = self.config.cue
        no = jnp.zeros((), bool)
        return RearState(
            jnp.int32(0), jax.random.uniform(key, minval=low, maxval=high), jnp.zeros(()), no, no
        )

    def observe(self, state: RearState, physics: PhysicsState) -> dict[str, jax.Array]:
        """What the body senses, and whether the cue is on."""
        senses = self.config.senses
        return {PROPRIOCEPTION: proprioception(self.scene, physics, senses), CUE: self._cue(state)[None]}

    def observation_parts(self, state: RearState, physics: PhysicsState) -> dict[str, dict[str, Observed]]:
        """See `Task.observation_parts`."""
        return {
            PROPRIOCEPTION: sensed(self.scene, physics, self.config.senses),
            CUE: {"on": Observed(self._cue(state)[None], "1")},
        }

    def update(self, state: RearState, physics: PhysicsState) -> RearState:
        """Follows how long the head has been high."""
        head = self._head(physics)
        up = (self._cue(state) > 0) & (head >= self.config.height)
        held = jnp.where(up, state.held + self.timestep, 0.0)
        # half a step less, so that sums of steps are not a matter of rounding
        reared = state.reared | (held >= self.config.hold - 0.5 * self.timestep)
        return state._replace(
            held=held, reared=reared, down=state.down | (state.reared & (head <= self.config.low))
        )

    def measure(self, state: RearState, physics: PhysicsState) -> Measure:
        """How far the head is too low during the cue, or too high without it; a fall ends the episode."""
        return Measure(
            {
                "head_height": self._error(state, physics),
                "reared": state.reared.astype(jnp.float32),
                "down": state.down.astype(jnp.float32),
            },
            fall(physics.qpos[3:7]),
        )

    def reward(
        self,
        state: RearState,
        physics: PhysicsState,
        measure: Measure,
        action: jax.Array,
        previous: jax.Array,
    ) -> dict[str, jax.Array]:
        """For the head where it should be; costs of effort."""
        return {
            "head": jnp.exp(-jnp.square(measure.metrics["head_height"] / _SCALE)),
            **effort(action, previous),
        }

    def channels(self, state: RearState) -> dict[str, jax.Array]:
        """The cue."""
        return {CUE: self._cue(state)[None]}

    @property
    def own_channels(self) -> Mapping[str, Channel]:
        """The cue."""
        return {CUE: Channel("1", "whether the cue to rear is on", ("on",))}

    def figures(self, played: Sequence[Played]) -> list[Figure]:
        """How many reared for long enough and came down again, without a fall."""
        done = [
            bool(one.metrics["down"][~one.failed].max(initial=0) > 0) and not one.failed.any()
            for one in played
        ]
        return [Figure("reared and came down", float(np.mean(done)), _BAR, "least")]

    def trials(self, states: RearState) -> list[Trial]:
        """One trial: the response is that the head is high, the reward comes once it was for long enough."""
        happened = (states.held > 0, states.reared, states.down)
        response, reward, down = (first_time(on, self.timestep) for on in happened)
        outcome = "missed" if np.isnan(reward) else "reared" if np.isnan(down) else "came_down"
        stop = len(states.step) * self.timestep
        return [Trial(0.0, stop, float(states.cue[0]), response, reward, "rear", outcome)]

    def _cue(self, state: RearState) -> jax.Array:
        """1 while the cue is on, else 0, shape ()."""
        return jnp.where((state.step * self.timestep >= state.cue) & ~state.reared, 1.0, 0.0)

    def _error(self, state: RearState, physics: PhysicsState) -> jax.Array:
        """How far the head is too low during the cue, or too high without it, m."""
        head, config = self._head(physics), self.config
        return jnp.maximum(0.0, jnp.where(self._cue(state) > 0, config.height - head, head - config.low))

    def _head(self, physics: PhysicsState) -> jax.Array:
        """Height of the head, the last of the body's end effectors, m."""
        return physics.xpos[self.scene.end_effector_rows[-1], 2]
