"""Time constants and frequencies of linear dynamics, and fixed points of a generator.

    modes_of(matrix, bin_seconds)                           # of a map from bin to bin
    points = fixed_points(step, starts, bin_seconds)        # where a step changes nothing
    points[0].modes.stable

Fixed points are found by gradient descent on the squared length of a step, from many states (Sussillo and
Barak, Neural Computation 25, 626, 2013).
"""

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import jax

_DESCENT_STEPS = 1500
_RATE = 0.03
_STILL = 1e-3  # length of a step at a fixed point, relative to the median distance of states from their mean
_APART = 0.1  # of different points, relative to the same
_MOST = 8
_LEAST_SIZE = 1e-6  # of an eigenvalue; smaller ones are gone within a bin
_SAME = 1e-9


@dataclasses.dataclass(frozen=True)
class Modes:
    """Modes of a linear map, slowest first; a pair of complex ones is one mode.

    Attributes:
        seconds: time constants: time in which a mode falls to 1/e; infinite where it does not fall.
        hertz: frequencies; 0 for modes that do not rotate.
        stable: whether every mode falls.
    """

    seconds: np.ndarray
    hertz: np.ndarray
    stable: bool


@dataclasses.dataclass(frozen=True)
class FixedPoint:
    """A state that a step does not change.

    Attributes:
        state: shape (generator,).
        speed: length of the step there, relative to the spread of states.
        starts: descents that ended there.
        modes: of the linear map around it.
    """

    state: np.ndarray
    speed: float
    starts: int
    modes: Modes


def modes_of(matrix: np.ndarray, bin_seconds: float) -> Modes:
    """Modes of a map from bin to bin, shape (dimensions, dimensions)."""
    values = np.linalg.eigvals(matrix)
    values = values[(values.imag > -_SAME) & (np.abs(values) > _LEAST_SIZE)]
    values = values[np.argsort(-np.abs(values), kind="stable")]
    size = np.abs(values)
    rates = -np.log(size)
    seconds = np.divide(bin_seconds, rates, out=np.full(len(size), math.inf), where=rates > _SAME)
    return Modes(seconds, np.abs(np.angle(values)) / (2 * np.pi * bin_seconds), bool((size < 1).all()))


def fixed_points(
    step: "Callable[[jax.Array], jax.Array]", starts: np.ndarray, bin_seconds: float
) -> list[FixedPoint]:
    """Fixed points of a step, those that most descents end in first; at most eight.

    Args:
        step: from states (n, size) to those a bin later.
        starts: states to begin from, shape (n, size).
        bin_seconds: length of a bin.
    """
    import jax
    import jax.numpy as jnp
    import optax

    spread = float(np.median(np.linalg.norm(starts - starts.mean(0), axis=1)))
    optimiser = optax.adam(optax.cosine_decay_schedule(_RATE, _DESCENT_STEPS))

    def speeds(states: jax.Array) -> jax.Array:
        return jnp.square(step(states) - states).sum(-1)

    @jax.jit
    def descend(states: jax.Array) -> tuple[jax.Array, jax.Array]:
        def one(carry: tuple, _: None) -> tuple:
            now, memory = carry
            change, memory = optimiser.update(jax.grad(lambda s: speeds(s).sum())(now), memory)
            return (optax.apply_updates(now, change), memory), None

        (states, _), _ = jax.lax.scan(one, (states, optimiser.init(states)), None, length=_DESCENT_STEPS)
        return states, jnp.sqrt(speeds(states))

    ends, speed = (np.asarray(one, float) for one in descend(jnp.asarray(starts, jnp.float32)))
    still = speed / spread < _STILL
    left = ends[still][np.argsort(speed[still])]
    found = []
    while len(left) and len(found) < _MOST:
        near = np.linalg.norm(left - left[0], axis=1) < _APART * spread
        state = jnp.asarray(left[0], jnp.float32)
        jacobian = np.asarray(jax.jacobian(step)(state), float)
        own = float(jnp.sqrt(speeds(state))) / spread
        found.append(FixedPoint(left[0], own, int(near.sum()), modes_of(jacobian, bin_seconds)))
        left = left[~near]
    return sorted(found, key=lambda point: -point.starts)
