"""Keypoint offsets and the scale of the body: one Gauss-Newton step for a sample of frames.

    step = offset_step(solver, sample, qpos, scale, prior)
    step.offsets, step.scale, step.noise

The poses are eliminated from the normal equations (variable projection; Golub and Pereyra, SIAM J. Numer.
Anal. 10, 413, 1973). The step therefore anticipates how poses will adapt to new offsets and scale, and few
alternations are needed. Directions that poses can compensate, such as an offset of the knee along its swing,
are told apart from those that they cannot.
"""

import dataclasses

import numpy as np

from rodent.registration.pose import PoseSolver
from rodent.registration.stance import Stance
from rodent.rotation import rotate

_SURE = 1e-9  # standard deviation of a fixed parameter
_TIMES = 4  # solves of one step, each with more offsets held on their bounds


ASSUMED = 16.0
"""Effective number of independent frames of what is assumed of all frames, against the prior."""


@dataclasses.dataclass(frozen=True)
class Prior:
    """Normal prior of offsets and scale."""

    offsets: np.ndarray
    """Means, metres at scale 1, shape (K, 3)."""
    spreads: np.ndarray
    """Standard deviations of the offsets along each axis, metres, shape (K,); 0 fixes them."""
    bounds: np.ndarray
    """Largest distances of the offsets from their means, metres, shape (K,)."""
    scale: float
    """Median of the scale."""
    spread: float
    """Standard deviation of the scale's logarithm; 0 fixes it."""
    worth: float = ASSUMED
    """Effective number of independent frames of a sample, against the prior: the model is not exact."""

    def bounded(self, offsets: np.ndarray) -> np.ndarray:
        """The nearest offsets within their bounds, metres, shape (K, 3)."""
        away = offsets - self.offsets
        length = np.linalg.norm(away, axis=-1)
        return self.offsets + away * (np.minimum(length, self.bounds) / np.maximum(length, _SURE))[:, None]

    def cost(self, offsets: np.ndarray) -> float:
        """Negative logarithm of the density of offsets, shape (K, 3), times two."""
        return float(np.sum(((offsets - self.offsets) / np.maximum(self.spreads, _SURE)[:, None]) ** 2))


@dataclasses.dataclass(frozen=True)
class Step:
    """Result of a step."""

    offsets: np.ndarray
    """Metres at scale 1, shape (K, 3)."""
    scale: float
    qpos: np.ndarray
    """Adapted poses on a body of scale 1, shape (n, 74)."""
    moved: float
    """Largest change of an offset along an axis, metres at scale 1."""
    noise: float
    """Standard deviation of a keypoint's coordinate around the previous poses, metres."""


def offset_step(
    solver: PoseSolver,
    sample: np.ndarray,
    qpos: np.ndarray,
    scale: float,
    prior: Prior,
    stance: Stance | None = None,
) -> Step:
    """The most likely offsets and scale in a linear approximation.

    Args:
        solver: for the current offsets.
        sample: keypoints, metres, NaN where missing, shape (n, K, 3).
        qpos: their poses on a body of scale 1, as `solver` finds them, shape (n, 74).
        scale: current value.
        prior: of offsets and scale.
        stance: paws that stand, and then above a floor at height 0, lengths on a body of scale 1.
    """
    skeleton, k = solver.skeleton, len(solver.weights)
    batch = skeleton.batch(len(qpos))
    matrix, slope, _ = solver.system(batch, qpos, sample / scale, stance is not None, stance)
    linear = skeleton.linear(batch, qpos, solver.offsets).at(slice(k))
    error, trust, _ = solver.misfit(sample / scale, linear.place)
    firm = trust / solver.settings.keypoint_error**2
    turn = skeleton.frames(batch, qpos)[1][:, :k]
    moves = np.concatenate([_axes(turn), linear.arms[..., None]], axis=-1)
    whole, down = _own(firm, moves, error)
    across = _across(firm, linear.jacobian(), moves)
    # hinges at a limit do not adapt
    free = ~skeleton.pressed(qpos, slope)
    matrix *= free[:, :, None] & free[:, None, :]
    diagonal = np.arange(matrix.shape[1])
    matrix[:, diagonal, diagonal] += ~free
    inverse = np.linalg.inv(matrix) * free[:, None, :] * free[..., None]
    yields = inverse @ across
    whole -= np.einsum("nde,ndf->ef", across, yields)
    down -= np.einsum("nd,nde->e", slope, yields)
    spread = np.append(np.repeat(prior.spreads, 3), prior.spread)
    believed = np.maximum(spread, _SURE) ** -2.0
    away = np.append((prior.offsets - solver.offsets[:k]).ravel(), np.log(prior.scale / scale))
    weight = prior.worth / len(qpos)
    hessian, gradient = weight * whole + np.diag(believed), weight * down + believed * away
    step = _bounded_step(hessian, gradient, solver.offsets[:k], prior)
    growth = float(np.exp(step[-1]))
    given = (inverse @ slope[..., None])[..., 0] - yields @ step
    shrunk = np.concatenate([qpos[:, :3] / growth, qpos[:, 3:]], axis=1)
    # effective degrees of freedom: every free direction absorbs noise, less so where the prior is firm
    used = np.sum(free) - np.sum(inverse[:, diagonal, diagonal] * solver.prior)
    left = np.sum(trust * np.sum(error**2, axis=-1)) / max(3 * np.sum(trust) - used, 1.0)
    return Step(
        offsets=solver.offsets[:k] + step[:-1].reshape(k, 3),
        scale=scale * growth,
        qpos=skeleton.moved(shrunk, given),
        moved=float(np.abs(step[:-1]).max()),
        noise=float(scale * np.sqrt(left)),
    )


def _bounded_step(hessian: np.ndarray, gradient: np.ndarray, offsets: np.ndarray, prior: Prior) -> np.ndarray:
    """Step of offsets and scale that keeps the offsets within their bounds, by an active set.

    Args:
        hessian: shape (3 K + 1, 3 K + 1).
        gradient: negative, shape (3 K + 1,).
        offsets: current, metres, shape (K, 3).
        prior: of offsets and scale.

    Returns:
        shape (3 K + 1,).
    """
    step, held = np.zeros(len(gradient)), np.zeros(len(gradient), bool)
    for _ in range(_TIMES):
        free = ~held
        right = gradient[free] - hessian[np.ix_(free, held)] @ step[held]
        step[free] = np.linalg.solve(hessian[np.ix_(free, free)], right)
        reached = offsets + step[:-1].reshape(offsets.shape)
        kept = prior.bounded(reached)
        step[:-1] = (kept - offsets).ravel()
        far = np.linalg.norm(kept - reached, axis=1) > _SURE
        if not far.any():
            break
        held[:-1] |= np.repeat(far, 3)
    return step


def _axes(turn: np.ndarray) -> np.ndarray:
    """Rotation matrices (n, K, 3, 3) of bodies with orientations (n, K, 4)."""
    return rotate(turn[:, :, None], np.broadcast_to(np.eye(3), (*turn.shape[:2], 3, 3))).swapaxes(-1, -2)


def _own(firm: np.ndarray, moves: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hessian (3 K + 1, 3 K + 1) and negative gradient (3 K + 1,) of all offsets and the scale.

    Args:
        firm: weights of the keypoints, shape (n, K).
        moves: Jacobian of a keypoint by its own offset and the scale, shape (n, K, 3, 4).
        error: metres, shape (n, K, 3).
    """
    k = firm.shape[1]
    blocks = np.einsum("nk,nkij,nkil->kjl", firm, moves, moves)
    downs = np.einsum("nk,nkij,nki->kj", firm, moves, error)
    whole, at = np.zeros((3 * k + 1, 3 * k + 1)), np.arange(3 * k).reshape(k, 3)
    whole[at[:, :, None], at[:, None, :]] = blocks[:, :3, :3]
    whole[-1, :-1] = whole[:-1, -1] = blocks[:, 3, :3].ravel()
    whole[-1, -1] = blocks[:, 3, 3].sum()
    return whole, np.append(downs[:, :3].ravel(), downs[:, 3].sum())


def _across(firm: np.ndarray, rows: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Hessian between pose directions, and all offsets and the scale, shape (n, D, 3 K + 1)."""
    each = (rows * firm[..., None, None]).swapaxes(-1, -2) @ moves
    n, k, d, _ = each.shape
    offsets = each[..., :3].transpose(0, 2, 1, 3).reshape(n, d, 3 * k)
    return np.concatenate([offsets, each[..., 3].sum(axis=1)[..., None]], axis=-1)
