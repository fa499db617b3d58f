"""Poses of a whole stretch at once: what neighbouring frames tell each other.

    qpos = smoothed(solver, points, begun, fps)         # (frames, 74)

The most likely motion where keypoints err by so much and accelerations are as large as rats', both
normally distributed: the smoother of Rauch, Tung and Striebel (AIAA J. 3, 1445, 1965) for motion
that is not linear, as one least-squares problem of all frames (Bell, SIAM J. Optim. 4, 626, 1994). Its
matrix is a band, five frames wide, and is solved by Cholesky's method. An acceleration far beyond
a rat's, as where recordings were put together, counts less, as a keypoint far off the mark does.

Steps are taken or left frame by frame, and so is their damping, for what the frames around say: what
happens in one place changes nothing far from it, and a stretch gives the poses of a longer one.
"""

import dataclasses

import numpy as np
from mujoco.batch import Batch
from scipy.linalg import solveh_banded
from scipy.ndimage import uniform_filter1d

from rodent.kinematics.bounds import Solve, bounded_step
from rodent.kinematics.skeleton import BLOCK
from rodent.registration.pose import PoseSolver
from rodent.rotation import as_rotvec, conjugate, multiply

_STEPS = 3  # more gain less than a thousandth
_DAMPING, _EASE, _BRAKE = 1e-3, 0.2, 8.0  # relative to the curvature; its change after good and bad steps
_AROUND = 7  # frames whose cost decides on the step of the middle one
_JUMP = 4.0  # RMS acceleration, in standard deviations, that counts a quarter


def smoothed(
    solver: PoseSolver, points: np.ndarray, begun: np.ndarray, fps: float, apart: np.ndarray
) -> np.ndarray:
    """The most likely motion above a floor at height 0, shape (frames, 74).

    Args:
        solver: of the poses.
        points: keypoints, metres, NaN where missing, shape (frames, K, 3).
        begun: poses to begin with, shape (frames, 74).
        fps: frames per second.
        apart: frames that their neighbours tell nothing of, bool, shape (frames,).
    """
    if len(points) < 3:
        return solver.solve(points, begun, floor=True)
    skeleton, spread = solver.skeleton, _accelerations(solver) / fps**2
    tied = ~(apart[:-2] | apart[1:-1] | apart[2:])
    qpos, damping = begun, np.full((len(points), 1), _DAMPING)
    batch = skeleton.batch(len(points))
    own = _own_systems(solver, batch, points, qpos)
    for _ in range(_STEPS):
        now = _tied(own, _second_differences(qpos, skeleton.hinges), spread, tied)
        band = _band(now.matrix, now.bend)
        eased = band[0].reshape(now.slope.shape) * (1 + damping)
        held = skeleton.pressed(qpos, now.slope)
        step = bounded_step(_banded(band), eased, now.slope, *skeleton.room(qpos), held)
        trial = skeleton.moved(qpos, step)
        found = _own_systems(solver, batch, points, trial)
        then = _tied(found, _second_differences(trial, skeleton.hinges), spread, tied)
        good = then.cost < now.cost
        qpos = np.where(good[:, None], trial, qpos)
        damping *= np.where(good, _EASE, _BRAKE)[:, None]
        for part, new in zip(own, found, strict=True):
            part[good] = new[good]
    return qpos


@dataclasses.dataclass(frozen=True)
class _System:
    """Of all frames together."""

    matrix: np.ndarray  # the frames' own curvature, (frames, D, D)
    bend: np.ndarray  # curvature of second differences, (frames - 2, D)
    slope: np.ndarray  # downhill, (frames, D)
    cost: np.ndarray  # of the frames around each, (frames,)


def _own_systems(
    solver: PoseSolver, batch: Batch, points: np.ndarray, qpos: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Curvatures, slopes and costs of the frames by themselves."""
    blocks = [slice(at, at + BLOCK) for at in range(0, len(qpos), BLOCK)]
    systems = [solver.system(batch, qpos[block], points[block], floor=True) for block in blocks]
    matrix, slope, cost = (np.concatenate(parts) for parts in zip(*systems, strict=True))
    return matrix, slope, cost


def _tied(
    own: tuple[np.ndarray, np.ndarray, np.ndarray], bend: np.ndarray, spread: np.ndarray, tied: np.ndarray
) -> _System:
    """The frames' systems and their second differences, the latter where they are tied."""
    matrix, slope, cost = own[0], own[1].copy(), own[2].copy()
    bend = bend / spread
    square = np.mean(bend**2, axis=1) / _JUMP**2
    trust = (tied / (1 + square) ** 2)[:, None]
    slope -= np.diff(np.pad(trust * bend / spread, ((2, 2), (0, 0))), 2, axis=0)
    cost[1:-1] += tied * bend.shape[1] * _JUMP**2 * square / (1 + square)
    return _System(matrix, trust / spread**2, slope, uniform_filter1d(cost, _AROUND, mode="nearest"))


def _accelerations(solver: PoseSolver) -> np.ndarray:
    """Standard deviations along the directions, shape (D,)."""
    settings = solver.settings
    each = (settings.root_acceleration, settings.turn_acceleration, settings.hinge_acceleration)
    return np.repeat(each, (3, 3, len(solver.skeleton.hinges)))


def _second_differences(qpos: np.ndarray, hinges: np.ndarray) -> np.ndarray:
    """Of poses along the directions that move a keypoint, shape (frames - 2, D)."""
    turn = as_rotvec(multiply(conjugate(qpos[:-1, 3:7]), qpos[1:, 3:7]))
    change = np.diff(qpos, axis=0)
    return np.diff(np.concatenate([change[:, :3], turn, change[:, 7 + hinges]], axis=1), axis=0)


def _band(matrix: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """The whole matrix as LAPACK wants a band, its lower diagonals, shape (2 D + 1, frames D)."""
    frames, d, _ = matrix.shape
    band = np.zeros((2 * d + 1, frames, d))
    row, column = np.tril_indices(d)
    band[row - column, :, column] = matrix[:, row, column].T
    # the outer product of 1, -2, 1 with itself
    band[0, :-2] += bend
    band[0, 1:-1] += 4 * bend
    band[0, 2:] += bend
    band[d, :-2] -= 2 * bend
    band[d, 1:-1] -= 2 * bend
    band[2 * d, :-2] += bend
    return band.reshape(2 * d + 1, frames * d)


def _banded(band: np.ndarray) -> Solve:
    def solve(diagonal: np.ndarray, right: np.ndarray) -> np.ndarray:
        whole = band.copy()
        whole[0] = diagonal.ravel()
        solved = solveh_banded(whole, right.ravel(), overwrite_ab=True, lower=True, check_finite=False)
        return solved.reshape(right.shape)

    return solve
