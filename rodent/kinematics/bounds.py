"""Least-squares steps between bounds, by an active set.

    step = bounded_step(dense(matrix), diagonal, slope, low, high)

What a step would push beyond a bound is put on it and the step is solved again with that held, so that
the rest does the best with it.
"""

from collections.abc import Callable

import numpy as np

_TIMES = 3  # that a step is solved, each time with more held
_HELD = 1e12  # curvature of what is held, relative to its own

Solve = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of a diagonal and a right side, shape (..., n) both: the solution of the matrix that has this diagonal."""


def bounded_step(
    solve: Solve,
    diagonal: np.ndarray,
    slope: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    held: np.ndarray | None = None,
    longest: float = np.inf,
) -> np.ndarray:
    """The step that goes furthest down a quadratic slope, between bounds.

    Args:
        solve: of the quadratic's matrix.
        diagonal: of that matrix, shape (..., n).
        slope: downhill, shape (..., n).
        low, high: bounds of the step, shape (..., n).
        held: what stays where it is, bool, shape (..., n); nothing if not given.
        longest: a step with a longer part is shortened, keeping its direction.

    Returns:
        shape (..., n).
    """
    step = np.zeros_like(slope)
    held = np.zeros(slope.shape, bool) if held is None else held
    for _ in range(_TIMES):
        firm = np.where(held, _HELD * diagonal, diagonal)
        free = np.where(held, 0.0, solve(firm, np.where(held, firm * step, slope)))
        if longest < np.inf:
            free *= longest / np.maximum(np.abs(free).max(axis=-1, keepdims=True), longest)
        step = np.where(held, step, free)
        beyond = (step < low) | (step > high)
        step = np.clip(step, low, high)
        if not np.any(beyond):
            break
        held = held | beyond
    return step


def dense(matrix: np.ndarray) -> Solve:
    """The solution of matrices, shape (..., n, n); their diagonals are changed."""
    at = np.arange(matrix.shape[-1])

    def solve(diagonal: np.ndarray, right: np.ndarray) -> np.ndarray:
        matrix[..., at, at] = diagonal
        return np.linalg.solve(matrix, right[..., None])[..., 0]

    return solve
