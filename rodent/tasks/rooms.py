"""The rooms of a maze as a field of targets, see `rodent.tasks.targets`: ways lead through doors.

rooms = Rooms.of(MazeConfig(), near=0.05, margin=0.1)
rooms.way(here, goal)                    # where to go next, m, and the length of the way, m
rooms.reached_room(room, place)          # the room of a place; -1 where no door leads there
"""

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
from scipy.sparse.csgraph import floyd_warshall

from rodent.scene_config import MazeConfig
from rodent.tasks.targets import Way

_BESIDE, _LOOSE = 0.1, 0.03  # metres before and behind a door where a way turns, and how near is there


@flax.struct.dataclass
class Rooms:
    """Rooms and doors; R rooms, D doors.

    Attributes:
        centres: middles of the rooms, m, shape (R, 2).
        doors: middles of the doors, m, shape (D, 2).
        joins: the two rooms that each door joins, shape (D, 2), int.
        far: lengths of the shortest ways between doors, m, shape (D, D).
        pitch: from the middle of a room to that of the next, m.
        half: half the side of the square in a room in which targets appear, m.
        width: of the doors, m.
        near: distance from a target at which it is reached, m.
    """

    centres: jax.Array
    doors: jax.Array
    joins: jax.Array
    far: jax.Array
    pitch: float = flax.struct.field(pytree_node=False)
    half: float = flax.struct.field(pytree_node=False)
    width: float = flax.struct.field(pytree_node=False)
    near: float = flax.struct.field(pytree_node=False)

    @classmethod
    def of(cls, arena: MazeConfig, near: float, margin: float) -> "Rooms":
        """The rooms of an arena.

        Args:
            arena: the maze.
            near: distance from a target at which it is reached, m.
            margin: between targets and walls, m.
        """
        layout, pitch = arena.layout, arena.room + arena.wall
        centres = layout.centres(pitch)
        doors = centres[layout.doors].mean(1)
        shared = (layout.doors[:, None, :, None] == layout.doors[None, :, None, :]).any((2, 3))
        straight = np.linalg.norm(doors[:, None] - doors[None], axis=-1)
        far = floyd_warshall(np.where(shared, straight, np.inf))
        arrays = (jnp.asarray(one, jnp.float32) for one in (centres, doors))
        joins = jnp.asarray(layout.doors, jnp.int32)
        half = arena.room / 2 - margin
        return cls(*arrays, joins, jnp.asarray(far, jnp.float32), pitch, half, arena.door, near)

    def drawn(self, key: jax.Array) -> jax.Array:
        """See `Field.drawn`; in any room with the same probability."""
        key_room, key_place = jax.random.split(key)
        room = jax.random.randint(key_room, (), 0, len(self.centres))
        return self.centres[room] + self.half * jax.random.uniform(key_place, (2,), minval=-1.0)

    def way(self, here: jax.Array, goal: jax.Array) -> Way:
        """See `Field.way`; through doors. Before a door it leads to a point in front of its middle."""
        room, last = self.room(here), self.room(goal)
        begin = jnp.where((self.joins == room).any(1), jnp.linalg.norm(self.doors - here, axis=1), jnp.inf)
        end = jnp.where((self.joins == last).any(1), jnp.linalg.norm(self.doors - goal, axis=1), jnp.inf)
        lengths = begin[:, None] + self.far + end[None]
        door = jnp.argmin(lengths.min(1))
        same = room == last
        straight = jnp.linalg.norm(goal - here)
        through = self._through(here, room, door)
        return Way(jnp.where(same, goal, through), jnp.where(same, straight, lengths.min()))

    def moved(self, here: jax.Array, there: jax.Array) -> jax.Array:
        """See `Field.moved`; a point stays where no door leads to where it would be."""
        return jnp.where(self.reached_room(self.room(here), there) >= 0, there, here)

    def room(self, place: jax.Array) -> jax.Array:
        """The room that a place, shape (2,), is in; -1 outside of the maze."""
        away = jnp.abs(self.centres - place).max(1)
        nearest = jnp.argmin(away)
        return jnp.where(away[nearest] <= self.pitch / 2, nearest, -1)

    def reached_room(self, room: jax.Array, place: jax.Array) -> jax.Array:
        """The room of a place that is reached from a room; -1 where it is another one that no door joins."""
        now = self.room(place)
        joined = (self.joins == jnp.array([room, now])) | (self.joins == jnp.array([now, room]))
        return jnp.where((now == room) | joined.all(1).any(), now, -1)

    def _through(self, here: jax.Array, room: jax.Array, door: jax.Array) -> jax.Array:
        """The next point of the way through a door: in front of it or, once there, behind it."""
        one, other = self.joins[door]
        to = self.centres[jnp.where(room == one, other, one)] - self.centres[room]
        ahead = to / self.pitch
        away = here - self.doors[door]
        side = jnp.abs(away[0] * ahead[1] - away[1] * ahead[0])
        there = (side < self.width / 4) & (away @ ahead > -_BESIDE - _LOOSE)
        return self.doors[door] + jnp.where(there, _BESIDE, -_BESIDE) * ahead
