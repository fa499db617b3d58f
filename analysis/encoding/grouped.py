"""The least of a parabola plus the norms of groups of coefficients: the inner step of the group lasso.

    step = least_of_groups(slope, curvature, coef, groups)

One group after the other is put at its exact optimum with the others held (Qin, Scheinberg and Goldfarb,
Math. Prog. Computation 5, 143, 2013), which finds the groups that are nought. Between such rounds Newton's
method moves all other groups together. Coefficients of no group follow the others at once: they are
eliminated before. With one group the first round is the solution, however ill the parabola is scaled.
"""

import numpy as np

_MAX_ROUNDS, _MAX_NEWTON = 2000, 60
_ENOUGH = 1e-10  # of a round relative to the coefficients
_EXACT = 1e-13  # of a group's norm

Group = tuple[np.ndarray, np.ndarray]
"""Members of a group, shape (d,), and the weight of its norm for each neuron, shape (K,)."""


def least_of_groups(
    slope: np.ndarray, curvature: np.ndarray, coef: np.ndarray, groups: list[Group]
) -> np.ndarray:
    """The step from coef to the least of a parabola plus the weighted norms of groups, shape (D, K).

    Args:
        slope: of the parabola at coef, shape (D, K).
        curvature: of the parabola, positive definite, shape (K, D, D).
        coef: shape (D, K).
        groups: without common members.
    """
    rows = np.concatenate([members for members, _ in groups])
    free = np.setdiff1d(np.arange(len(coef)), rows)
    across = curvature[:, rows][:, :, free]
    # how the free ones follow the others, and their step where those stay
    ahead = np.concatenate([across.transpose(0, 2, 1), slope[free].T[..., None]], -1)
    follow = np.linalg.solve(curvature[:, free][:, :, free], ahead)
    reduced = curvature[:, rows][:, :, rows] - across @ follow[..., :-1]
    downhill = slope[rows].T - (across @ follow[..., -1:])[..., 0]
    step = _descend(downhill, reduced, coef[rows].T, [(len(m), weight) for m, weight in groups])
    found = np.empty_like(coef)
    found[rows] = step.T
    found[free] = -(follow[..., -1] + np.einsum("kfr,kr->fk", follow[..., :-1], step).T).T
    return found


def _descend(
    slope: np.ndarray, curvature: np.ndarray, start: np.ndarray, sizes: list[tuple[int, np.ndarray]]
) -> np.ndarray:
    """The step from a start, shape (K, R), of coefficients that all belong to groups, side by side."""
    ends = np.cumsum([size for size, _ in sizes])
    parts = [slice(end - size, end) for end, (size, _) in zip(ends, sizes, strict=True)]
    weights = [weight for _, weight in sizes]
    scales = [np.linalg.eigh(curvature[:, part, part]) for part in parts]
    slope = slope - np.einsum("kij,kj->ki", curvature, start)  # at nought
    now = start.copy()
    for _ in range(_MAX_ROUNDS):
        before = now.copy()
        for part, weight, (values, vectors) in zip(parts, weights, scales, strict=True):
            others = now.copy()
            others[:, part] = 0.0
            pull = slope[:, part] + np.einsum("kij,kj->ki", curvature[:, part], others)
            turned = np.einsum("kij,ki->kj", vectors, pull)
            now[:, part] = np.einsum("kij,kj->ki", vectors, _least(values, turned, weight))
        if np.abs(now - before).max(initial=0) <= _ENOUGH * max(1.0, np.abs(now).max(initial=0)):
            break
        now = _together(slope, curvature, now, parts, weights)
    return now - start


def _together(
    slope: np.ndarray, curvature: np.ndarray, now: np.ndarray, parts: list[slice], weights: list[np.ndarray]
) -> np.ndarray:
    """One step of Newton's method of all groups that are not nought, where that lowers the objective."""
    downhill = slope + np.einsum("kij,kj->ki", curvature, now)
    bent, moves = curvature.copy(), np.zeros(now.shape, bool)
    for part, weight in zip(parts, weights, strict=True):
        norm = np.linalg.norm(now[:, part], axis=1)
        moves[:, part] = (norm > 0)[:, None]
        size = np.where(norm > 0, norm, 1.0)[:, None]
        unit, round_it = now[:, part] / size, weight[:, None] / size
        downhill[:, part] += weight[:, None] * unit
        flat = np.eye(unit.shape[1]) - unit[:, :, None] * unit[:, None]
        bent[:, part, part] += round_it[..., None] * flat
    bent = np.where(moves[:, :, None] & moves[:, None], bent, np.eye(now.shape[1]))
    after = now - np.linalg.solve(bent, np.where(moves, downhill, 0.0)[..., None])[..., 0]

    def objective(x: np.ndarray) -> np.ndarray:
        norms = [weight * np.linalg.norm(x[:, p], axis=1) for p, weight in zip(parts, weights, strict=True)]
        return np.einsum("ki,ki->k", x, slope + np.einsum("kij,kj->ki", curvature, x) / 2) + sum(norms)

    return np.where((objective(after) < objective(now))[:, None], after, now)


def _least(values: np.ndarray, pull: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The least of sum(values x^2) / 2 + pull x + weight |x|, shape (K, d).

    Nought where the pull is no stronger than the weight; elsewhere x = -pull t / (values t + weight), whose
    norm t is the root of 1 / |pull / (values t + weight)| = 1. The left side is concave in t, so Newton's
    method comes nearer from below in every step.
    """
    strength = np.linalg.norm(pull, axis=1)
    away = strength > weight
    values, pull, weight = values[away], pull[away], weight[away, None]
    norm = (strength[away, None] - weight) / values.max(1, keepdims=True)
    for _ in range(_MAX_NEWTON):
        parts = pull / (values * norm + weight)
        size = np.linalg.norm(parts, axis=1, keepdims=True)
        rise = (values * parts**2 / (values * norm + weight)).sum(1, keepdims=True) / size**3
        further = (1 - 1 / size) / rise
        norm = norm + further
        if (np.abs(further) <= _EXACT * norm).all():
            break
    found = np.zeros((len(away), pull.shape[1]))
    found[away] = -pull * norm / (values * norm + weight)
    return found
