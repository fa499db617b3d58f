"""Bounded least-squares steps, by an active set.

    step = bounded_step(dense(matrix), diagonal, slope, low, high)

A variable that a step would push beyond its bound is put on the bound. The step is then solved again
with that variable held.
"""

from collections.abc import Callable

import numpy as np

_HELD = 1e12  # curvature of a held variable, relative to its own

Solve = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes a diagonal and a right side, (..., n) each; returns the solution for that diagonal."""


def bounded_step(
    solve: Solve,
    diagonal: np.ndarray,
    slope: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    held: np.ndarray | None = None,
    longest: float = np.inf,
    times: int = 3,
) -> np.ndarray:
    """The step that minimises a quadratic cost between bounds.

    Args:
        solve: solver for the Hessian.
        diagonal: of the Hessian, shape (..., n).
        slope: negative gradient, shape (..., n).
        low, high: bounds of the step, shape (..., n).
        held: variables that must not move, bool, shape (..., n); none by default.
        longest: steps with a larger component are shortened, keeping their direction.
        times: most solves, each with more variables held; the last step is clipped.

    Returns:
        shape (..., n).
    """
    step = np.zeros_like(slope)
    held = np.zeros(slope.shape, bool) if held is None else held
    for _ in range(times):
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
    """A solver for dense matrices, shape (..., n, n). Their diagonals are overwritten.

    It solves only the systems that differ from those of the call before: most steps reach no new bound.
    """
    at = np.arange(matrix.shape[-1])
    solved, last = np.zeros(matrix.shape[:-1]), np.full((2, *matrix.shape[:-1]), np.nan)

    def solve(diagonal: np.ndarray, right: np.ndarray) -> np.ndarray:
        matrix[..., at, at] = diagonal
        new = np.any((last[0] != diagonal) | (last[1] != right), axis=-1)
        solved[new] = np.linalg.solve(matrix[new], right[new][..., None])[..., 0]
        last[:] = diagonal, right
        return solved.copy()

    return solve
