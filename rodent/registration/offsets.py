"""Where keypoints sit on the body, and how large it is: one step towards the best for a sample of poses.

    step = adjusted(solver, sample, qpos, scale, guess, worth)
    step.offsets, step.scale, step.noise

Offsets and scale are moved so that the errors fall most when the poses give way to them, as they
will: the poses are eliminated from the normal equations (variable projection; Golub and Pereyra, SIAM
J. Numer. Anal. 10, 413, 1973). What poses can make up for, as an offset of the knee along the way it
swings, is so told from what they cannot, and few rounds of poses and offsets are needed.
"""

import dataclasses

import numpy as np

from rodent.registration.pose import PoseSolver
from rodent.rotation import rotate

SCALE_SPREAD = 0.1
"""Standard deviation of the logarithm of adult rats' size: length goes with the cube root of mass, and one of
0.25 to 0.45 kg is 0.9 to 1.1 times as long as dm_control's of 0.34 kg."""
_SURE = 1e-9  # standard deviation of what must not change


@dataclasses.dataclass(frozen=True)
class Prior:
    """What is believed before any keypoints are seen."""

    offsets: np.ndarray
    """Metres at scale 1, shape (K, 3)."""
    freedoms: np.ndarray
    """Their standard deviations, metres, shape (K,); 0 keeps them."""
    scale: float
    spread: float
    """Standard deviation of the scale's logarithm; 0 keeps it."""


@dataclasses.dataclass(frozen=True)
class Step:
    """What a step has come to."""

    offsets: np.ndarray
    """Metres at scale 1, shape (K, 3)."""
    scale: float
    qpos: np.ndarray
    """Poses on a body of scale 1 that have given way, shape (n, 74)."""
    moved: float
    """The longest way that an offset has gone along an axis, metres at scale 1."""
    noise: float
    """Standard deviation of a keypoint's coordinate about the poses before, metres."""


def adjusted(
    solver: PoseSolver, sample: np.ndarray, qpos: np.ndarray, scale: float, guess: Prior, worth: float
) -> Step:
    """The most likely offsets and scale, as far as a linear step tells.

    Args:
        solver: for the offsets so far.
        sample: keypoints, metres, NaN where missing, shape (n, K, 3).
        qpos: their poses on a body of scale 1, as `solver` finds them, shape (n, 74).
        scale: so far.
        guess: what was believed.
        worth: independent frames that the whole sample counts for against the guess.
    """
    skeleton, k = solver.skeleton, len(solver.weights)
    batch = skeleton.batch(len(qpos))
    matrix, slope, _ = solver.system(batch, qpos, sample / scale, floor=False)
    place, rows = skeleton.linear(batch, qpos, solver.offsets)
    error, trust, _ = solver.misfit(sample / scale, place[:, :k])
    firm = trust / solver.settings.keypoint_error**2
    turn = skeleton.frames(batch, qpos)[1][:, :k]
    moves = np.concatenate([_axes(turn), (place[:, :k] - qpos[:, None, :3])[..., None]], axis=-1)
    whole, down = _own(firm, moves, error)
    across = _across(firm, rows[:, :k], moves)
    # hinges that press against an end of their range do not give way
    free = ~skeleton.pressed(qpos, slope)
    matrix *= free[:, :, None] & free[:, None, :]
    diagonal = np.arange(matrix.shape[1])
    matrix[:, diagonal, diagonal] += ~free
    inverse = np.linalg.inv(matrix) * free[:, None, :] * free[..., None]
    yields = inverse @ across
    whole -= np.einsum("nde,ndf->ef", across, yields)
    down -= np.einsum("nd,nde->e", slope, yields)
    believed = np.maximum(np.append(np.repeat(guess.freedoms, 3), guess.spread), _SURE) ** -2.0
    away = np.append((guess.offsets - solver.offsets[:k]).ravel(), np.log(guess.scale / scale))
    share = worth / len(qpos)
    step = np.linalg.solve(share * whole + np.diag(believed), share * down + believed * away)
    growth = float(np.exp(step[-1]))
    given = (inverse @ slope[..., None])[..., 0] - yields @ step
    shrunk = np.concatenate([qpos[:, :3] / growth, qpos[:, 3:]], axis=1)
    # every direction that is free takes up the noise of one coordinate, the less the firmer it is held anyway
    used = np.sum(free) - np.sum(inverse[:, diagonal, diagonal] * solver.prior)
    left = np.sum(trust * np.sum(error**2, axis=-1)) / max(3 * np.sum(trust) - used, 1.0)
    return Step(
        offsets=solver.offsets[:k] + step[:-1].reshape(k, 3),
        scale=scale * growth,
        qpos=skeleton.moved(shrunk, given),
        moved=float(np.abs(step[:-1]).max()),
        noise=float(scale * np.sqrt(left)),
    )


def _axes(turn: np.ndarray) -> np.ndarray:
    """Directions of bodies' axes, the columns of (n, K, 3, 3), for their turns (n, K, 4)."""
    return rotate(turn[:, :, None], np.broadcast_to(np.eye(3), (*turn.shape[:2], 3, 3))).swapaxes(-1, -2)


def _own(firm: np.ndarray, moves: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Curvature (3 K + 1, 3 K + 1) and downhill slope (3 K + 1,) of all offsets and of the scale.

    Args:
        firm: curvature of the keypoints' errors, shape (n, K).
        moves: of a keypoint with its own offset and with the scale, shape (n, K, 3, 4).
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
    """Curvature between poses' directions and all offsets and the scale, shape (n, D, 3 K + 1)."""
    each = (rows * firm[..., None, None]).swapaxes(-1, -2) @ moves
    n, k, d, _ = each.shape
    offsets = each[..., :3].transpose(0, 2, 1, 3).reshape(n, d, 3 * k)
    return np.concatenate([offsets, each[..., 3].sum(axis=1)[..., None]], axis=-1)
