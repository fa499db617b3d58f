"""The phase of a foot in its cycle of steps, while the body walks: from the present and the past alone.

    state = GaitPhase.begin(num_envs)
    phase, state = gait_phase(ahead, speed, state, is_first, timestep)       # cycles, shape (num_envs,)

Selections of units use the phase of the analytic signal (`rodent.intervention.behaviour`), which needs the
whole rollout. Here the phase is the angle in a plane of two numbers: the foot's position ahead of the root
minus its running mean, and the change of this position, each divided by its running root mean square. It is 0
where the foot is farthest ahead and 0.5 where it is farthest behind. On the built-in gaits it differs by 0.02
cycles from the analytic phase, in the median.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

PHASE = "phase/"
WALKING = 0.05
"""Slowest speed of the root at which a phase is known, m/s."""
_MEMORY = 0.5  # s; time constant of running means
_UNKNOWN = 0.3  # s; until the running means are of a part of a cycle
_LEAST = 1e-12  # m²


class GaitPhase(NamedTuple):
    """Memory of the phase of a foot, arrays (n,).

    Attributes:
        steps: control steps since the episode began.
        previous: position in the last step, m.
        total, weight: running sum of positions, m, and of their weights.
        position, change: running mean squares, m².
    """

    steps: jax.Array
    previous: jax.Array
    total: jax.Array
    weight: jax.Array
    position: jax.Array
    change: jax.Array

    @classmethod
    def begin(cls, n: int) -> "GaitPhase":
        """Before the first step of n environments."""
        return cls(jnp.zeros(n, jnp.int32), *jnp.zeros((5, n)))


def gait_phase(
    ahead: jax.Array, speed: jax.Array, state: GaitPhase, is_first: jax.Array, timestep: float
) -> tuple[jax.Array, GaitPhase]:
    """The phase in cycles, shape (n,), and the next state; NaN where it is not known.

    Args:
        ahead: position of the foot ahead of the root, m, shape (n,).
        speed: of the root on the level, m/s, shape (n,).
        state: of the step before.
        is_first: whether an episode begins, shape (n,).
        timestep: of control, s.
    """
    begun = GaitPhase.begin(len(ahead))._replace(previous=ahead)
    fresh = is_first | (state.steps == 0)
    state = GaitPhase(*(jnp.where(fresh, new, old) for new, old in zip(begun, state, strict=True)))
    kept = math.exp(-timestep / _MEMORY)

    def running(old: jax.Array, new: jax.Array | float) -> jax.Array:
        return kept * old + (1 - kept) * new

    total, weight = running(state.total, ahead), running(state.weight, 1.0)
    position, change = ahead - total / weight, ahead - state.previous
    squares = running(state.position, position**2), running(state.change, change**2)
    along, across = position / _root(squares[0]), change / _root(squares[1])
    phase = jnp.mod(jnp.arctan2(-across, along) / (2 * jnp.pi), 1.0)
    known = (speed > WALKING) & (state.steps >= round(_UNKNOWN / timestep))
    return jnp.where(known, phase, jnp.nan), GaitPhase(state.steps + 1, ahead, total, weight, *squares)


def _root(square: jax.Array) -> jax.Array:
    return jnp.sqrt(jnp.maximum(square, _LEAST))
