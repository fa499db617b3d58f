"""Forage: go from target to target in an open field; one that is reached vanishes, and another appears.

task = ForageConfig(targets=5).build(scene, None)
state = task.initial_state(jnp.int32(0), key)
state.targets.places                               # (5, 2) metres
"""

from functools import partial
from typing import ClassVar, NamedTuple

import flax.struct
import jax
import jax.numpy as jnp

from rodent.physics.engine import PhysicsState
from rodent.sensing.ground import ground_height
from rodent.sensing.proprioception import Observed, proprioception, sensed
from rodent.sensing.vision import look
from rodent.tasks.goal_settings import ForageConfig
from rodent.tasks.hunt import TARGETS, Hunt
from rodent.tasks.locomotion import in_heading, on_floor
from rodent.tasks.stance import standing
from rodent.tasks.targets import Pursuer, Square, Targets
from rodent.tasks.task import PROPRIOCEPTION, VISION

_REACH = 0.3  # metres: a target at this distance is seen at half of it


class ForageState(NamedTuple):
    """Where one environment stands; see `rodent.tasks.hunt.Hunt`."""

    step: jax.Array
    targets: Targets
    distance: jax.Array
    closer: jax.Array
    oracle: Pursuer
    stroller: Pursuer
    passed: Targets


class Forage(Hunt[ForageState]):
    """The task of foraging.

    Attributes:
        config: targets, field and times.
    """

    config: ForageConfig = flax.struct.field(pytree_node=False)
    bar: ClassVar[float | None] = 0.8

    @property
    def image(self) -> tuple[int, ...]:
        """See `Task.image`."""
        return self.config.eyes.shape if self.config.goal == "vision" else ()

    @property
    def field(self) -> Square:
        """A square around the start."""
        return Square(self.config.side, self.config.near)

    def initial_state(self, start: jax.Array, key: jax.Array) -> ForageState:
        """Draws the first targets."""
        here = on_floor(self.scene, jax.tree.map(jnp.asarray, standing(self.scene)))
        return ForageState(**self.begun(key, here, jnp.zeros(())))

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

    def _seen(self, state: ForageState, physics: PhysicsState) -> jax.Array:
        """Where the nearest targets are, ahead and to the left, with far ones drawn closer, m, shape (k, 2).

        A target at a distance d is seen at d / (1 + d / 0.3 m).
        """
        nearest = jnp.argsort(state.distance)[: self.config.seen]
        away = state.targets.places[nearest] - on_floor(self.scene, physics)
        away /= 1 + jnp.linalg.norm(away, axis=-1, keepdims=True) / _REACH
        return jax.vmap(in_heading, (None, 0))(physics.qpos[3:7], away)
