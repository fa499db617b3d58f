"""Smoother: the poses of a whole window jointly, coupled by a prior on accelerations.

    qpos = smoothed(solver, points, initial, fps, apart, standing)       # (frames, 74)

It finds the most likely motion for normally distributed keypoint errors and accelerations. This is the
nonlinear version of the smoother of Rauch, Tung and Striebel (AIAA J. 3, 1445, 1965), as one least-squares
problem over all frames (Bell, SIAM J. Optim. 4, 626, 1994). The matrix is banded, five frames wide, and
solved by Cholesky factorisation. Implausible accelerations, for example where recordings were spliced, are
downweighted like outlying keypoints.

Steps are accepted and damped per frame, by the cost of the frames around. So distant frames do not affect
each other, and a window gives the same poses as a longer one.
"""

import dataclasses

import numpy as np
from mujoco.batch import Batch
from scipy.linalg import solveh_banded
from scipy.ndimage import uniform_filter1d

from rodent.kinematics.bounds import Solve, bounded_step
from rodent.kinematics.skeleton import BLOCK
from rodent.registration.pose import PoseSolver
from rodent.registration.stance import Stance
from rodent.rotation import as_rotvec, conjugate, multiply

_STEPS = (np.float32, np.float32, np.float64)  # precisions; further steps gain less than a thousandth
_TIMES = 2  # solves of a step; a third one for hinges at their limits changes little
_DAMPING, _EASE, _BRAKE = 1e-3, 0.2, 8.0  # relative to the curvature; its change after good and bad steps
_AROUND = 7  # frames whose cost decides about the step of the middle frame
_JUMP = 4.0  # RMS acceleration, in standard deviations, with a weight of one quarter


def smoothed(
    solver: PoseSolver,
    points: np.ndarray,
    initial: np.ndarray,
    fps: float,
    apart: np.ndarray,
    standing: np.ndarray,
) -> np.ndarray:
    """The most likely motion above a floor at height 0, shape (frames, 74).

    Args:
        solver: of the poses.
        points: keypoints, metres, NaN where missing, shape (frames, K, 3).
        initial: poses, shape (frames, 74).
        fps: frames per second.
        apart: frames that are not coupled to their neighbours, bool, shape (frames,).
        standing: whether a paw stands, bool, shape (frames, 4). Such paws are held on the floor, where they
            are on average during their stance.
    """
    if len(points) < 3:
        return solver.solve(points, initial, floor=True)  # too short for a stance
    skeleton, spread = solver.skeleton, _accelerations(solver) / fps**2
    tied = ~(apart[:-2] | apart[1:-1] | apart[2:])

    def resting(poses: np.ndarray) -> Stance:
        return Stance.resting(standing, solver.pads(poses), fps)

    qpos, damping = initial, np.full((len(points), 1), _DAMPING)
    batch = skeleton.batch(len(points))
    own = _own_systems(solver, batch, points, qpos, resting(qpos))
    for precision in _STEPS:
        now = _tied(own, _second_differences(qpos, skeleton.hinges), spread, tied)
        band = _band(now.matrix.astype(precision), now.bend)
        eased = band[..., 0] * (1 + damping)
        held = skeleton.pressed(qpos, now.slope)
        step = bounded_step(_banded(band), eased, now.slope, *skeleton.room(qpos), held, times=_TIMES)
        trial = skeleton.moved(qpos, step)
        found = _own_systems(solver, batch, points, trial, resting(trial))
        then = _tied(found, _second_differences(trial, skeleton.hinges), spread, tied)
        good = then.cost < now.cost
        qpos = np.where(good[:, None], trial, qpos)
        damping *= np.where(good, _EASE, _BRAKE)[:, None]
        for part, new in zip(own, found, strict=True):
            part[good] = new[good]
    return qpos


@dataclasses.dataclass(frozen=True)
class _System:
    """The least-squares problem of all frames."""

    matrix: np.ndarray  # Hessian blocks of the frames, (frames, D, D)
    bend: np.ndarray  # weights of second differences, (frames - 2, D)
    slope: np.ndarray  # negative gradient, (frames, D)
    cost: np.ndarray  # of the frames around each, (frames,)


def _own_systems(
    solver: PoseSolver, batch: Batch, points: np.ndarray, qpos: np.ndarray, stance: Stance
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hessians, negative gradients and costs of the frames without coupling."""
    blocks = [slice(at, at + BLOCK) for at in range(0, len(qpos), BLOCK)]
    systems = [
        solver.system(batch, qpos[block], points[block], floor=True, stance=stance.at(block))
        for block in blocks
    ]
    matrix, slope, cost = (np.concatenate(parts) for parts in zip(*systems, strict=True))
    return matrix, slope, cost


def _tied(
    own: tuple[np.ndarray, np.ndarray, np.ndarray], bend: np.ndarray, spread: np.ndarray, tied: np.ndarray
) -> _System:
    """The frames' systems with the coupling by second differences, where `tied`."""
    matrix, slope, cost = own[0], own[1].copy(), own[2].copy()
    bend = bend / spread
    square = np.mean(bend**2, axis=1) / _JUMP**2
    trust = (tied / (1 + square) ** 2)[:, None]
    slope -= np.diff(np.pad(trust * bend / spread, ((2, 2), (0, 0))), 2, axis=0)
    cost[1:-1] += tied * bend.shape[1] * _JUMP**2 * square / (1 + square)
    return _System(matrix, trust / spread**2, slope, uniform_filter1d(cost, _AROUND, mode="nearest"))


def _accelerations(solver: PoseSolver) -> np.ndarray:
    """Standard deviations of accelerations along the directions, shape (D,)."""
    settings = solver.settings
    each = (settings.root_acceleration, settings.turn_acceleration, settings.hinge_acceleration)
    return np.repeat(each, (3, 3, len(solver.skeleton.hinges)))


def _second_differences(qpos: np.ndarray, hinges: np.ndarray) -> np.ndarray:
    """Second differences of poses along the directions that move a keypoint, shape (frames - 2, D)."""
    turn = as_rotvec(multiply(conjugate(qpos[:-1, 3:7]), qpos[1:, 3:7]))
    change = np.diff(qpos, axis=0)
    return np.diff(np.concatenate([change[:, :3], turn, change[:, 7 + hinges]], axis=1), axis=0)


def _band(matrix: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """The whole matrix in LAPACK's lower banded storage, transposed, shape (frames, D, 2 D + 1)."""
    frames, d, _ = matrix.shape
    band = np.zeros((frames, d, 2 * d + 1), matrix.dtype)
    for column in range(d):
        band[:, column, : d - column] = matrix[:, column, column:]
    # the outer product of 1, -2, 1 with itself
    band[:-2, :, 0] += bend
    band[1:-1, :, 0] += 4 * bend
    band[2:, :, 0] += bend
    band[:-2, :, d] -= 2 * bend
    band[1:-1, :, d] -= 2 * bend
    band[:-2, :, 2 * d] += bend
    return band


def _banded(band: np.ndarray) -> Solve:
    def solve(diagonal: np.ndarray, right: np.ndarray) -> np.ndarray:
        whole = band.copy()
        whole[..., 0] = diagonal
        lower = whole.reshape(-1, band.shape[-1]).T  # columns are contiguous, as LAPACK has them
        solved = solveh_banded(
            lower, right.astype(band.dtype).ravel(), overwrite_ab=True, lower=True, check_finite=False
        )
        return solved.reshape(right.shape).astype(right.dtype)

    return solve
