"""Go to a target in any direction, and stay there.

task = GoToConfig(distance=(1.0, 1.0)).build(scene, None)
state = task.initial_state(jnp.int32(0), key)
state.target                                       # (2,) metres
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
from rodent.tasks.goal_settings import GoToConfig
from rodent.tasks.locomotion import WalkingTask, effort, fall, in_heading, on_floor
from rodent.tasks.stance import standing
from rodent.tasks.task import PROPRIOCEPTION, Figure, Measure, Metric, Played

TARGET = "target"
_REACH = 0.3  # metres: the target is seen no farther away than this, so that far ones look alike
_NEAR, _CLOSER, _SPEED = 0.1, 0.4, 0.5  # scale (m) and weights of the reward; m/s that earns the most
_BAR = 0.9
_SIDES = ("ahead", "left", "behind", "right")


class GoToState(NamedTuple):
    """Where one environment stands.

    Attributes:
        step: control steps so far.
        target: on the floor, m, shape (2,).
        distance: of the root from it at the last step, and at the step before, m, shape (2,).
    """

    step: jax.Array
    target: jax.Array
    distance: jax.Array


class GoTo(WalkingTask[GoToState]):
    """The task of going to a target.

    Attributes:
        config: distances and times.
    """

    config: GoToConfig = flax.struct.field(pytree_node=False)

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Distance of the root from the target."""
        return {"distance": Metric("distance_m", "m", 1.0, max(1.0, self.config.distance[1]))}

    def initial_state(self, start: jax.Array, key: jax.Array) -> GoToState:
        """Draws the target."""
        key_angle, key_distance = jax.random.split(key)
        low, high = self.config.distance
        angle = jax.random.uniform(key_angle, maxval=2 * np.pi)
        distance = jax.random.uniform(key_distance, minval=low, maxval=high)
        from_here = on_floor(self.scene, jax.tree.map(jnp.asarray, standing(self.scene)))
        target = from_here + distance * jnp.array([jnp.cos(angle), jnp.sin(angle)])
        return GoToState(jnp.int32(0), target, jnp.array([distance, distance]))

    def observe(self, state: GoToState, physics: PhysicsState) -> dict[str, jax.Array]:
        """What the body senses, and where the target is."""
        senses = self.config.senses
        return {
            PROPRIOCEPTION: proprioception(self.scene, physics, senses),
            TARGET: self._seen(state, physics),
        }

    def observation_parts(self, state: GoToState, physics: PhysicsState) -> dict[str, dict[str, Observed]]:
        """See `Task.observation_parts`."""
        return {
            PROPRIOCEPTION: sensed(self.scene, physics, self.config.senses),
            TARGET: {"vector": Observed(self._seen(state, physics), "m")},
        }

    def update(self, state: GoToState, physics: PhysicsState) -> GoToState:
        """Notes how far the target is."""
        now = jnp.linalg.norm(state.target - on_floor(self.scene, physics))
        return state._replace(distance=jnp.array([now, state.distance[0]]))

    def measure(self, state: GoToState, physics: PhysicsState) -> Measure:
        """The distance; a fall ends the episode."""
        return Measure({"distance": state.distance[0]}, fall(physics.qpos[3:7]))

    def reward(
        self,
        state: GoToState,
        physics: PhysicsState,
        measure: Measure,
        action: jax.Array,
        previous: jax.Array,
    ) -> dict[str, jax.Array]:
        """For coming closer, and for being near; costs of effort."""
        now, before = state.distance
        closer = (before - now) / (self.timestep * _SPEED)
        return {
            "closer": _CLOSER * jnp.clip(closer, -1.0, 1.0),
            "near": jnp.exp(-jnp.square(now / _NEAR)),
            **effort(action, previous),
        }

    def channels(self, state: GoToState) -> dict[str, jax.Array]:
        """The target."""
        return {TARGET: state.target}

    @property
    def own_channels(self) -> Mapping[str, Channel]:
        """The target."""
        return {TARGET: Channel("m", "position of the target on the floor", ("x", "y"))}

    def figures(self, played: Sequence[Played]) -> list[Figure]:
        """How many came near before they fell or their time was over."""
        arrived = [((one.metrics["distance"] <= self.config.near) & ~one.failed).any() for one in played]
        return [Figure(f"within {100 * self.config.near:g} cm", float(np.mean(arrived)), _BAR, "least")]

    def trials(self, states: GoToState) -> list[Trial]:
        """One trial: the target is there from the start, and the response is that it is reached."""
        near = np.asarray(states.distance[:, 0] <= self.config.near)
        at = first_time(near, self.timestep)
        # the animal begins facing x
        x, y = np.asarray(states.target[0]).tolist()
        angle = np.arctan2(y, x)
        kind = _SIDES[round(angle / (np.pi / 2)) % len(_SIDES)]
        values = {"target_x": x, "target_y": y}
        outcome = "reached" if near.any() else "missed"
        return [Trial(0.0, len(near) * self.timestep, 0.0, at, at, kind, outcome, values)]

    @property
    def trial_columns(self) -> Mapping[str, Channel]:
        """The target of a trial."""
        return {
            f"target_{axis}": Channel("m", "position of the target on the floor", (), "f8") for axis in "xy"
        }

    def _root(self, physics: PhysicsState) -> jax.Array:
        """Position of the root on the floor, shape (2,)."""
        return physics.xpos[self.scene.root_row, :2]

    def _seen(self, state: GoToState, physics: PhysicsState) -> jax.Array:
        """Where the target is, ahead and to the left, at most so far away, m, shape (2,)."""
        away = state.target - on_floor(self.scene, physics)
        shorter = jnp.minimum(1.0, _REACH / jnp.maximum(jnp.linalg.norm(away), 1e-6))
        return in_heading(physics.qpos[3:7], shorter * away)
