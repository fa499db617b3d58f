"""Escape from a bowl: leave it over the rim, in any direction.

task = BowlTaskConfig().build(make_scene(SceneConfig(arena=BowlConfig())), None)
state = task.initial_state(jnp.int32(0), key)      # draws where the animal stands, and which way
state.start                                        # m, m, rad
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.sensing.proprioception import Observed, proprioception, sensed
from rodent.tasks.arena_settings import BowlTaskConfig
from rodent.tasks.locomotion import WalkingTask, effort, fall, in_heading, on_floor, sunk
from rodent.tasks.stance import standing_at
from rodent.tasks.task import PROPRIOCEPTION, Figure, Measure, Metric, Played

MIDDLE = "middle"
_OUTWARD, _SPEED, _ESCAPED = 0.4, 0.5, 5.0  # weight of moving outward, m/s that earns the most; for escaping
_BAR = 0.8


class BowlState(NamedTuple):
    """Where one environment stands.

    Attributes:
        step: control steps so far.
        start: x and y where the episode began, m, and direction, rad, shape (3,).
        distance: of the root from the middle at the last step, and at the step before, m, shape (2,).
        sunk: whether the root has been below the ground, shape (), bool.
    """

    step: jax.Array
    start: jax.Array
    distance: jax.Array
    sunk: jax.Array


class Bowl(WalkingTask[BowlState]):
    """The task of escaping from a bowl.

    Attributes:
        config: times and starts.
        radius: of the bowl's rim, m.
    """

    config: BowlTaskConfig = flax.struct.field(pytree_node=False)
    radius: float = flax.struct.field(pytree_node=False)

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Distance of the root from the middle; whether it is below the ground."""
        return {
            "distance": Metric("distance_m", "m", 1.0, 0.0),
            "sunk": Metric("below_ground", "1", 1.0, 1.0),
        }

    def initial_state(self, start: jax.Array, key: jax.Array) -> BowlState:
        """Draws where the animal begins."""
        place = begins(self.config, jax.random.uniform(key, (3,)))
        distance = jnp.linalg.norm(on_floor(self.scene, standing_at(self.scene, place)))
        return BowlState(jnp.int32(0), place, jnp.array([distance, distance]), jnp.zeros((), bool))

    def initial_physics(self, state: BowlState) -> PhysicsState:
        """Standing at the start."""
        return standing_at(self.scene, state.start)

    def observe(self, state: BowlState, physics: PhysicsState) -> dict[str, jax.Array]:
        """What the body senses, and where the middle of the bowl is."""
        senses = self.config.senses
        return {PROPRIOCEPTION: proprioception(self.scene, physics, senses), MIDDLE: self._middle(physics)}

    def observation_parts(self, state: BowlState, physics: PhysicsState) -> dict[str, dict[str, Observed]]:
        """See `Task.observation_parts`."""
        return {
            PROPRIOCEPTION: sensed(self.scene, physics, self.config.senses),
            MIDDLE: {"vector": Observed(self._middle(physics), "m")},
        }

    def update(self, state: BowlState, physics: PhysicsState) -> BowlState:
        """Notes how far out the animal is."""
        now = jnp.linalg.norm(on_floor(self.scene, physics))
        below = sunk(self.scene, physics) > 1
        return state._replace(distance=jnp.array([now, state.distance[0]]), sunk=state.sunk | below)

    def measure(self, state: BowlState, physics: PhysicsState) -> Measure:
        """The distance; a fall ends the episode, and so does a body below the ground."""
        metrics = {"distance": state.distance[0], "sunk": state.sunk.astype(jnp.float32)}
        return Measure(metrics, jnp.maximum(fall(physics.qpos[3:7]), sunk(self.scene, physics)))

    def reward(
        self,
        state: BowlState,
        physics: PhysicsState,
        measure: Measure,
        action: jax.Array,
        previous: jax.Array,
    ) -> dict[str, jax.Array]:
        """For moving outward, and for the step over the rim; costs of effort."""
        now, before = state.distance
        outward = (now - before) / (self.timestep * _SPEED)
        over = (now > self.radius) & (before <= self.radius)
        return {
            "outward": _OUTWARD * jnp.clip(outward, -1.0, 1.0),
            "escaped": _ESCAPED * over,
            **effort(action, previous),
        }

    def truncated(self, state: BowlState) -> jax.Array:
        """Once the animal has escaped, or after the episode's time."""
        return super().truncated(state) | (state.distance[0] > self.radius)

    def figures(self, played: Sequence[Played]) -> list[Figure]:
        """How many escaped before they fell; how many fell, and how many ended below the ground."""
        out = [(one.metrics["distance"] > self.radius) & ~one.failed for one in played]
        escaped = np.array([one.any() for one in out])
        failed = np.array([one.failed.any() for one in played]) & ~escaped
        below = np.array([one.metrics["sunk"][-1] > 0 for one in played]) & failed
        return [
            Figure("escaped", float(escaped.mean()), _BAR, "least"),
            Figure("fell before", float((failed & ~below).mean())),
            Figure("fell through the ground or off it before", float(below.mean())),
        ]

    def _middle(self, physics: PhysicsState) -> jax.Array:
        """Where the middle of the bowl is, ahead and to the left, m, shape (2,)."""
        return in_heading(physics.qpos[3:7], -on_floor(self.scene, physics))


def begins(config: BowlTaskConfig, uniform: jax.Array) -> jax.Array:
    """Where an episode begins: x, y (m) and direction (rad), from three numbers in [0, 1), shape (3,)."""
    span = jnp.array([config.start, config.start, np.pi])
    return span * (2 * uniform - 1)
