"""Targets in a field: one that is reached vanishes, and a new one appears elsewhere.

    field = Square(side=2.0, near=0.05)
    targets = scattered(field, key, 5)                     # the first five of a key
    targets = visited(field, targets, place)               # a point has moved to a place
    targets.total                                          # how many it has reached

The i-th target of a key is always at the same place, so points that visit the targets in different orders can
be compared. A `Pursuer` is such a point.
"""

from typing import NamedTuple, Protocol

import jax
import jax.numpy as jnp


class Way(NamedTuple):
    """The shortest way to a goal.

    Attributes:
        aim: the next point on it, m, shape (2,).
        length: of all of it, m, shape ().
    """

    aim: jax.Array
    length: jax.Array


class Field(Protocol):
    """Where targets appear, when they are reached, and how."""

    @property
    def near(self) -> float:
        """Distance from a target at which it is reached, m."""
        ...

    def drawn(self, key: jax.Array) -> jax.Array:
        """A place for a target, m, shape (2,)."""
        ...

    def way(self, here: jax.Array, goal: jax.Array) -> Way:
        """The way from a place of shape (2,) to another."""
        ...

    def moved(self, here: jax.Array, there: jax.Array) -> jax.Array:
        """Where a point is that would move from a place to another close by, shape (2,)."""
        ...


class Square(NamedTuple):
    """An open square field whose middle is the origin.

    Attributes:
        side: of the square, m.
        near: see `Field.near`.
    """

    side: float
    near: float

    def drawn(self, key: jax.Array) -> jax.Array:
        """See `Field.drawn`; anywhere."""
        return self.side * jax.random.uniform(key, (2,), minval=-0.5, maxval=0.5)

    def way(self, here: jax.Array, goal: jax.Array) -> Way:
        """See `Field.way`; straight."""
        return Way(goal, jnp.linalg.norm(goal - here))

    def moved(self, here: jax.Array, there: jax.Array) -> jax.Array:
        """See `Field.moved`; there."""
        return there


class Targets(NamedTuple):
    """The targets of one environment.

    Attributes:
        key: of all places.
        places: of the targets now, m, shape (n, 2).
        reached: how many were reached in the last step, shape ().
        total: how many have been reached so far, shape ().
    """

    key: jax.Array
    places: jax.Array
    reached: jax.Array
    total: jax.Array


def scattered(field: Field, key: jax.Array, n: int) -> Targets:
    """The first n targets of a key."""
    return Targets(key, _places(field, key, jnp.arange(n)), jnp.int32(0), jnp.int32(0))


def visited(field: Field, targets: Targets, place: jax.Array) -> Targets:
    """The targets after a step to a place, shape (2,); those that it reached are replaced."""
    reached = distances(targets, place) <= field.near
    numbers = len(targets.places) + targets.total + jnp.cumsum(reached) - 1
    places = jnp.where(reached[:, None], _places(field, targets.key, numbers), targets.places)
    now = jnp.sum(reached, dtype=jnp.int32)
    return Targets(targets.key, places, now, targets.total + now)


def distances(targets: Targets, place: jax.Array) -> jax.Array:
    """Distance of each target from a place of shape (2,), as the crow flies, m, shape (n,)."""
    return jnp.linalg.norm(targets.places - place, axis=-1)


def ways(field: Field, targets: Targets, place: jax.Array) -> Way:
    """The way to each target from a place of shape (2,); arrays lead with (n, …)."""
    return jax.vmap(field.way, (None, 0))(place, targets.places)


class Pursuer(NamedTuple):
    """A point that moves to the nearest of its targets.

    Attributes:
        place: m, shape (2,).
        heading: direction in which it moves, rad, shape ().
        targets: its own.
    """

    place: jax.Array
    heading: jax.Array
    targets: Targets


def pursued(field: Field, point: Pursuer, step: float, turn: float) -> Pursuer:
    """The point a control step later, by pure pursuit.

    It turns towards the next point on the way to the nearest target, and moves ahead by its step times the
    cosine of that point's bearing, but not beyond it. While the point is to the side or behind, it turns on
    the spot.

    Args:
        field: of its targets.
        point: before the step.
        step: longest way in the step, m.
        turn: largest turn in the step, rad.
    """
    found = ways(field, point.targets, point.place)
    away = found.aim[jnp.argmin(found.length)] - point.place
    bearing = jnp.arctan2(away[1], away[0]) - point.heading
    bearing = jnp.arctan2(jnp.sin(bearing), jnp.cos(bearing))
    turned = jnp.clip(bearing, -turn, turn)
    ahead = jnp.minimum(step, jnp.linalg.norm(away)) * jnp.maximum(jnp.cos(bearing - turned), 0.0)
    heading = point.heading + turned
    there = point.place + ahead * jnp.array([jnp.cos(heading), jnp.sin(heading)])
    place = field.moved(point.place, there)
    return Pursuer(place, heading, visited(field, point.targets, place))


def _places(field: Field, key: jax.Array, numbers: jax.Array) -> jax.Array:
    """Where the targets of these numbers appear, m, shape (n, 2)."""
    return jax.vmap(lambda number: field.drawn(jax.random.fold_in(key, number)))(numbers)
