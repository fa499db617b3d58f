"""Collect targets in a maze: they lie in its rooms, and are seen by both eyes.

    task = MazeTaskConfig().build(make_scene(SceneConfig(arena=MazeConfig())), None)
    state = task.initial_state(jnp.int32(0), key)      # draws the first room, the direction and the targets
    state.start                                        # m, m, rad

A target that is reached vanishes, and another appears in some room. The ways of the oracle and of the reward
for coming closer lead through doors. An animal that gets into another room than through a door, or out of the
maze, ends its episode.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.sensing.proprioception import Observed, proprioception, sensed
from rodent.sensing.vision import look
from rodent.tasks.arena_settings import MazeTaskConfig
from rodent.tasks.hunt import Hunt
from rodent.tasks.locomotion import on_floor, sunk
from rodent.tasks.rooms import Rooms
from rodent.tasks.stance import standing_at
from rodent.tasks.targets import Pursuer, Targets
from rodent.tasks.task import PROPRIOCEPTION, VISION, Figure, Measure, Metric, Played

_BAR = 2.0  # times the targets of a point that goes to random places
_LOST = 2.0  # of the limit, for an animal that is outside


class MazeState(NamedTuple):
    """Where one environment stands; see `rodent.tasks.hunt.Hunt`, and:

    Attributes:
        start: x and y where the episode began, m, and direction, rad, shape (3,).
        room: that the root is in, or was in before it left the maze, shape ().
        left: whether the root has got through a wall, over it, or below the ground, shape (), bool.
    """

    step: jax.Array
    targets: Targets
    distance: jax.Array
    closer: jax.Array
    oracle: Pursuer
    stroller: Pursuer
    passed: Targets
    start: jax.Array
    room: jax.Array
    left: jax.Array


class Maze(Hunt[MazeState]):
    """The task of collecting targets in a maze.

    Attributes:
        config: targets, eyes and times.
        rooms: of the maze.
    """

    config: MazeTaskConfig = flax.struct.field(pytree_node=False)
    rooms: Rooms

    @property
    def field(self) -> Rooms:
        """The rooms."""
        return self.rooms

    @property
    def image(self) -> tuple[int, ...]:
        """See `Task.image`; a blind animal has images, too, in which there is nothing."""
        return self.config.eyes.shape

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Targets per time, and whether the animal has left the maze."""
        return {**super().metrics, "left": Metric("left_the_maze", "1", 1.0, 1.0)}

    def initial_state(self, start: jax.Array, key: jax.Array) -> MazeState:
        """Draws a room in whose middle the animal begins, a direction, and the first targets."""
        key_room, key_turn, key_targets = jax.random.split(key, 3)
        room = jax.random.randint(key_room, (), 0, len(self.rooms.centres))
        turn = jax.random.uniform(key_turn, (), minval=-np.pi, maxval=np.pi)
        place = jnp.concatenate([self.rooms.centres[room], turn[None]])
        here = on_floor(self.scene, standing_at(self.scene, place))
        return MazeState(
            **self.begun(key_targets, here, turn), start=place, room=room, left=jnp.zeros((), bool)
        )

    def initial_physics(self, state: MazeState) -> PhysicsState:
        """Standing at the start."""
        return standing_at(self.scene, state.start)

    def observe(self, state: MazeState, physics: PhysicsState) -> dict[str, jax.Array]:
        """What the body senses, and what the eyes see."""
        senses = proprioception(self.scene, physics, self.config.senses)
        return {PROPRIOCEPTION: senses, VISION: self._pixels(state, physics)}

    def observation_parts(self, state: MazeState, physics: PhysicsState) -> dict[str, dict[str, Observed]]:
        """See `Task.observation_parts`."""
        return {
            PROPRIOCEPTION: sensed(self.scene, physics, self.config.senses),
            VISION: {VISION: Observed(self._pixels(state, physics), "1")},
        }

    def update(self, state: MazeState, physics: PhysicsState) -> MazeState:
        """Notes what has been reached, and which room the animal is in."""
        room = self.rooms.reached_room(state.room, on_floor(self.scene, physics))
        left = state.left | (room < 0) | (sunk(self.scene, physics) > 1)
        moved = super().update(state, physics)
        return moved._replace(room=jnp.where(room < 0, state.room, room), left=left)

    def measure(self, state: MazeState, physics: PhysicsState) -> Measure:
        """Targets per time; a fall ends the episode, and so does leaving the maze."""
        rates, fallen = super().measure(state, physics)
        metrics = {**rates, "left": state.left.astype(jnp.float32)}
        return Measure(metrics, jnp.maximum(fallen, _LOST * state.left))

    def figures(self, played: Sequence[Played]) -> list[Figure]:
        """Targets per minute, how many fell, and how many left the maze."""
        failed = np.array([one.failed.any() for one in played])
        # at the first failure, as a body that has fallen may roll on
        left = failed & [one.metrics["left"][one.failed.argmax()] > 0 for one in played]
        rates = super().figures(played)
        by_name = {row.figure: row.value for row in rates}
        own, chance = by_name["targets per minute"], by_name["targets per minute at random"]
        return [
            *rates,
            Figure(
                "targets per minute, times those at random", own / chance if chance else np.nan, _BAR, "least"
            ),
            Figure("fell", float((failed & ~left).mean())),
            Figure("left the maze", float(left.mean())),
        ]

    def _pixels(self, state: MazeState, physics: PhysicsState) -> jax.Array:
        """What the eyes see; nothing for a blind animal."""
        if self.config.blind:
            return jnp.zeros(self.config.eyes.size)
        markers = jnp.pad(state.targets.places, ((0, 0), (0, 1)))
        return look(self.scene, self.config.eyes, physics.qpos, markers)
