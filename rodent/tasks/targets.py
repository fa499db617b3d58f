"""Targets in a square field: one that is reached vanishes, and a new one appears elsewhere.

    field = Field(side=2.0, near=0.05)
    targets = scattered(field, key, 5)                     # the first five of a key
    targets = visited(field, targets, place)               # a point has moved to a place
    targets.total                                          # how many it has reached

The i-th target of a key is always at the same place, so points that visit the targets in different orders can
be compared. A `Pursuer` is such a point.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp


class Field(NamedTuple):
    """Where targets appear, and when they are reached.

    Attributes:
        side: of the square, whose middle is the origin, m.
        near: distance from a target at which it is reached, m.
    """

    side: float
    near: float


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
    """Distance of each target from a place of shape (2,), m, shape (n,)."""
    return jnp.linalg.norm(targets.places - place, axis=-1)


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

    It turns towards the nearest target, and moves ahead by its step times the cosine of the target's bearing,
    but not beyond the target. While the target is to the side or behind, it turns on the spot.

    Args:
        field: of its targets.
        point: before the step.
        step: longest way in the step, m.
        turn: largest turn in the step, rad.
    """
    away = point.targets.places[jnp.argmin(distances(point.targets, point.place))] - point.place
    bearing = jnp.arctan2(away[1], away[0]) - point.heading
    bearing = jnp.arctan2(jnp.sin(bearing), jnp.cos(bearing))
    turned = jnp.clip(bearing, -turn, turn)
    ahead = jnp.minimum(step, jnp.linalg.norm(away)) * jnp.maximum(jnp.cos(bearing - turned), 0.0)
    heading = point.heading + turned
    place = point.place + ahead * jnp.array([jnp.cos(heading), jnp.sin(heading)])
    return Pursuer(place, heading, visited(field, point.targets, place))


def _places(field: Field, key: jax.Array, numbers: jax.Array) -> jax.Array:
    """Where the targets of these numbers appear, m, shape (n, 2)."""

    def place(number: jax.Array) -> jax.Array:
        return jax.random.uniform(jax.random.fold_in(key, number), (2,), minval=-0.5, maxval=0.5)

    return field.side * jax.vmap(place)(numbers)
