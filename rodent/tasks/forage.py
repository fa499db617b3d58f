"""Forage: go from target to target in an open field; one that is reached vanishes, and another appears.

    task = ForageConfig(targets=5).build(scene, None)
    state = task.initial_state(jnp.int32(0), key)
    state.targets.places                               # (5, 2) metres

Two points walk beside the animal in every episode, see `rodent.tasks.targets.Pursuer`: an oracle, which goes
to the nearest of the same targets, and a stroller, which goes to places drawn at random in the field and
reaches targets only where it passes them. Their targets per minute are what those of the animal are compared
with.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.recording.channels import Channel
from rodent.sensing.ground import ground_height
from rodent.sensing.proprioception import Observed, proprioception, sensed
from rodent.sensing.vision import look
from rodent.tasks.goal_settings import ForageConfig
from rodent.tasks.locomotion import WalkingTask, effort, fall, in_heading, on_floor
from rodent.tasks.stance import standing
from rodent.tasks.targets import Field, Pursuer, Targets, distances, pursued, scattered, visited
from rodent.tasks.task import PROPRIOCEPTION, VISION, Figure, Measure, Metric, Played

TARGETS = "targets"
_REACH = 0.3  # metres: a target at this distance is seen at half of it
_CLOSER, _SPEED = 0.4, 0.5  # weight of the reward; m/s that earns the most
_REACHED = 3.0  # reward for a target
_BAR, _NO_FALL = 0.8, 0.9


class ForageState(NamedTuple):
    """Where one environment stands.

    Attributes:
        step: control steps so far.
        targets: of the animal.
        distance: of the root from each target, m, shape (n,).
        closer: how much closer to the target that was nearest the last step has led, m, shape ().
        oracle: the point that goes to the nearest of the same targets.
        stroller: the point that goes to random places.
        passed: the same targets, as the stroller passes them.
    """

    step: jax.Array
    targets: Targets
    distance: jax.Array
    closer: jax.Array
    oracle: Pursuer
    stroller: Pursuer
    passed: Targets


class Forage(WalkingTask[ForageState]):
    """The task of foraging.

    Attributes:
        config: targets, field and times.
    """

    config: ForageConfig = flax.struct.field(pytree_node=False)

    @property
    def image(self) -> tuple[int, ...]:
        """See `Task.image`."""
        return self.config.eyes.shape if self.config.goal == "vision" else ()

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Targets that are reached per time, by the animal and by the points that it is compared with."""
        return {
            "targets": Metric("targets_per_min", "1/s", 60.0, 0.0),
            "oracle": Metric("oracle_per_min", "1/s", 60.0, 0.0, past_failure=True),
            "stroller": Metric("random_per_min", "1/s", 60.0, 0.0, past_failure=True),
        }

    def initial_state(self, start: jax.Array, key: jax.Array) -> ForageState:
        """Draws the first targets."""
        here = on_floor(self.scene, jax.tree.map(jnp.asarray, standing(self.scene)))
        key_targets, key_stroller = jax.random.split(key)
        targets = scattered(self._field, key_targets, self.config.targets)
        goal = scattered(self._field, key_stroller, 1)
        zero = jnp.zeros(())
        return ForageState(
            step=jnp.int32(0),
            targets=targets,
            distance=distances(targets, here),
            closer=zero,
            oracle=Pursuer(here, zero, targets),
            stroller=Pursuer(here, zero, goal),
            passed=targets,
        )

    def observe(self, state: ForageState, physics: PhysicsState) -> dict[str, jax.Array]:
        """What the body senses, and where the nearest targets are or what the eyes see."""
        parts = self._goal(state, physics)
        goal = {
            name: jnp.concatenate([one.values for one in group.values()]) for name, group in parts.items()
        }
        return {PROPRIOCEPTION: proprioception(self.scene, physics, self.config.senses), **goal}

    def observation_parts(self, state: ForageState, physics: PhysicsState) -> dict[str, dict[str, Observed]]:
        """See `Task.observation_parts`; targets are numbered from the nearest."""
        own = sensed(self.scene, physics, self.config.senses)
        return {PROPRIOCEPTION: own, **self._goal(state, physics)}

    def update(self, state: ForageState, physics: PhysicsState) -> ForageState:
        """Notes what has been reached, and moves the two points."""
        here = on_floor(self.scene, physics)
        nearest = jnp.argmin(state.distance)
        closer = state.distance[nearest] - distances(state.targets, here)[nearest]
        targets = visited(self._field, state.targets, here)
        step, turn = self.config.oracle_speed * self.timestep, self.config.oracle_turn * self.timestep
        stroller = pursued(self._field, state.stroller, step, turn)
        return ForageState(
            step=state.step,
            targets=targets,
            distance=distances(targets, here),
            closer=closer,
            oracle=pursued(self._field, state.oracle, step, turn),
            stroller=stroller,
            passed=visited(self._field, state.passed, stroller.place),
        )

    def measure(self, state: ForageState, physics: PhysicsState) -> Measure:
        """Targets that were reached in the last step, per second; a fall ends the episode."""
        found = {"targets": state.targets, "oracle": state.oracle.targets, "stroller": state.passed}
        rates = {name: one.reached / self.timestep for name, one in found.items()}
        return Measure(rates, fall(physics.qpos[3:7]))

    def reward(
        self,
        state: ForageState,
        physics: PhysicsState,
        measure: Measure,
        action: jax.Array,
        previous: jax.Array,
    ) -> dict[str, jax.Array]:
        """For coming closer to the nearest target, and for reaching targets; costs of effort."""
        return {
            "closer": _CLOSER * jnp.clip(state.closer / (self.timestep * _SPEED), -1.0, 1.0),
            "reached": _REACHED * state.targets.reached,
            **effort(action, previous),
        }

    def channels(self, state: ForageState) -> dict[str, jax.Array]:
        """The targets."""
        return {TARGETS: state.targets.places.reshape(-1)}

    @property
    def own_channels(self) -> Mapping[str, Channel]:
        """The targets."""
        columns = tuple(f"{axis} {i}" for i in range(self.config.targets) for axis in "xy")
        return {TARGETS: Channel("m", "positions of the targets on the floor", columns)}

    def figures(self, played: Sequence[Played]) -> list[Figure]:
        """Targets per minute as a share of the oracle's, those of all three, and who did not fall."""
        rates = {
            name: float(np.mean(np.concatenate([one.metrics[name] for one in played])))
            for name in ("oracle", "stroller")
        }
        reached = float(
            np.mean(np.concatenate([np.where(one.failed, 0.0, one.metrics["targets"]) for one in played]))
        )
        share = reached / rates["oracle"] if rates["oracle"] else float("nan")
        stood = float(np.mean([not one.failed.any() for one in played]))
        return [
            Figure("targets per minute, share of the oracle's", share, _BAR, "least"),
            Figure("no fall", stood, _NO_FALL, "least"),
            Figure("targets per minute", reached),
            Figure("targets per minute of the oracle", rates["oracle"]),
            Figure("targets per minute at random", rates["stroller"]),
        ]

    def _goal(self, state: ForageState, physics: PhysicsState) -> dict[str, dict[str, Observed]]:
        """The parts of what is observed of the targets, by group."""
        if self.config.goal == "vision":
            places = state.targets.places
            ground = jax.vmap(partial(ground_height, self.scene))(places)
            markers = jnp.concatenate([places, ground[:, None]], 1)
            return {
                VISION: {VISION: Observed(look(self.scene, self.config.eyes, physics.qpos, markers), "1")}
            }
        seen = self._seen(state, physics)
        return {TARGETS: {f"vector_{i}": Observed(one, "m") for i, one in enumerate(seen)}}

    @property
    def _field(self) -> Field:
        return Field(self.config.side, self.config.near)

    def _seen(self, state: ForageState, physics: PhysicsState) -> jax.Array:
        """Where the nearest targets are, ahead and to the left, with far ones drawn closer, m, shape (k, 2).

        A target at a distance d is seen at d / (1 + d / 0.3 m).
        """
        nearest = jnp.argsort(state.distance)[: self.config.seen]
        away = state.targets.places[nearest] - on_floor(self.scene, physics)
        away /= 1 + jnp.linalg.norm(away, axis=-1, keepdims=True) / _REACH
        return jax.vmap(in_heading, (None, 0))(physics.qpos[3:7], away)
