"""Poses from keypoints: all hinges and the root, every frame by Levenberg-Marquardt.

    solver = PoseSolver(skeleton, offsets, weights, rest)
    qpos = solver.solve(points)                 # (frames, 74); each frame by itself
    qpos = solver.solve(points, around=qpos)    # again, near what was found before

A frame is begun from the resting posture, put where it fits the keypoints best as a rigid body
(Kabsch, Acta Cryst. A32, 922, 1976), so that no heading is a wrong one. What no keypoint tells
is held by a weak wish for the resting posture; a keypoint far off the mark counts less (Geman and
McClure, Bull. ISI 52, 5, 1987); joint limits are held by an active set, as in
`rodent.motion.synth.reach`.
"""

import dataclasses
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from mujoco.batch import Batch
from scipy.spatial.transform import Rotation

from rodent.motion.registration.skeleton import BLOCK, Skeleton

_ITERATIONS = 40
_GAIN = 1e-4  # relative gain of a step below which a frame has arrived
_DAMPING, _EASE, _BRAKE = 1e-2, 0.2, 8.0  # relative to the curvature; its change after good and bad steps
_STUCK = 1e5  # damping at which nothing can be gained
_HOLDING = 3  # times that a step is solved, each time with more hinges held on their limits
_LEAST = 1e-3  # curvature; a keypoint has 1e5


FEWEST = 3
"""Keypoints that a frame must have to be put into place."""
PAWS = ("hand_L", "hand_R", "foot_L", "foot_R", "finger_L", "finger_R", "toe_L", "toe_R")
"""The bodies that are kept above the floor."""
# where fingers and toes begin, and their pads, metres at scale 1: the sites of the MJCF
_LEFT = np.array(
    [[0.003, 0.0015, -0.0083], [0.0211, 0.0076, -0.0028], [0.005, 0.002, -0.002], [0.008, 0.002, -0.002]]
)
_PAW_OFFSETS = np.stack([_LEFT, _LEFT * (1, -1, 1)], axis=1).reshape(-1, 3)
_PAW_HEIGHT = 0.002  # of these points on a paw that stands, at least


@dataclasses.dataclass(frozen=True)
class PoseSettings:
    """How firmly poses are held to what."""

    keypoint_error: float = 0.002
    """Error of a keypoint that costs as much as a hinge off by `rest_error`, metres."""
    outlier: float = 0.03
    """Distance beyond which a keypoint is taken for wrong, metres: it counts a quarter there."""
    rest_error: float = 1.0
    """Radians of a hinge from the resting posture."""
    around_error: float = 0.2
    """The same from what the neighbouring frames have found."""
    floor_error: float = 0.0005
    """Depth of a paw in the floor that costs as much, metres."""
    smoothing: float = 0.03
    """Standard deviation of the window that neighbours are averaged with, seconds."""


class PoseSolver:
    """The inverse kinematics of keypoints.

    Args:
        skeleton: of the keypoints' bodies, K of them, and then of PAWS.
        offsets: of the keypoints in their bodies' frames, metres, shape (K, 3).
        weights: how much each counts, shape (K,).
        rest: the resting posture, shape (74,).
        settings: how firm.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        offsets: np.ndarray,
        weights: np.ndarray,
        rest: np.ndarray,
        settings: PoseSettings,
    ):
        self.skeleton, self.weights = skeleton, weights
        self.offsets = np.concatenate([offsets, _PAW_OFFSETS])
        self.rest, self.settings = rest, settings

    def solve(
        self,
        points: np.ndarray,
        start: np.ndarray | None = None,
        around: np.ndarray | None = None,
        floor: bool = False,
        advance: Callable[[int], None] = lambda frames: None,
        threads: int | None = None,
    ) -> np.ndarray:
        """Poses, shape (frames, 74).

        Args:
            points: keypoints, metres, NaN where missing, shape (frames, K, 3).
            start: poses to begin with, shape (frames, 74); the resting posture if not given.
            around: poses to begin with and to stay near, shape (frames, 74).
            floor: whether there is one at height 0, that paws are to stay above.
            advance: told of frames that are done.
            threads: how many blocks of frames are solved at once; one per core if not given.
        """
        firm = self.settings.rest_error if around is None else self.settings.around_error
        if around is not None:
            begun = lean = around
        else:
            begun = self.placed(points) if start is None else start
            lean = np.broadcast_to(self.rest, begun.shape)
        found = np.empty_like(begun)
        blocks = [slice(at, at + BLOCK) for at in range(0, len(points), BLOCK)]
        with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
            solved = pool.map(lambda b: self._solved(points[b], begun[b], lean[b], firm, floor), blocks)
            for block, qpos in zip(blocks, solved, strict=True):
                found[block] = qpos
                advance(len(qpos))
        return found

    def placed(self, points: np.ndarray) -> np.ndarray:
        """The resting posture, put in every frame where it fits best; of frames with too few
        keypoints, where it fits the nearest frame that has enough.
        """
        still = self.places(self.rest[None])[0]
        seen = np.all(np.isfinite(points), axis=-1)
        share = seen * self.weights
        share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
        there = np.where(seen[..., None], points, 0.0)
        center = np.einsum("fk,fki->fi", share, there)
        model_center = share @ still
        apart = np.where(seen[..., None], there - center[:, None], 0.0)
        model_apart = still - model_center[:, None]
        turn = _rotations(np.einsum("fk,fki,fkj->fij", share, apart, model_apart))
        qpos = np.repeat(self.rest[None], len(points), axis=0)
        own = Rotation.from_quat(self.rest[3:7], scalar_first=True)
        qpos[:, 3:7] = (turn * own).as_quat(scalar_first=True)
        qpos[:, :3] = center + turn.apply(self.rest[:3] - model_center)
        return qpos[_nearest(seen.sum(axis=1) >= FEWEST)]

    def places(self, qpos: np.ndarray) -> np.ndarray:
        """Where the keypoints are in poses, metres, shape (frames, K, 3)."""
        return self.skeleton.places(qpos, self.offsets)[:, : len(self.weights)]

    def _solved(
        self, points: np.ndarray, begun: np.ndarray, lean: np.ndarray, firm: float, floor: bool
    ) -> np.ndarray:
        batch = self.skeleton.batch(len(points))
        qpos = begun.copy()
        seen = np.all(np.isfinite(points), axis=-1)
        there = np.where(seen[..., None], points, 0.0)
        lean = lean[:, 7 + self.skeleton.hinges]
        weight = seen * self.weights
        system = self._system(batch, qpos, there, weight, lean, firm, floor)
        damping = np.full(len(qpos), _DAMPING)
        todo = np.flatnonzero(np.any(seen, axis=1))  # of the others nothing is told
        for _ in range(_ITERATIONS):
            if not len(todo):
                break
            matrix, slope, cost = (part[todo] for part in system)
            angles = qpos[todo][:, 7 + self.skeleton.hinges]
            step = _bounded_step(matrix, slope, damping[todo], self.skeleton.range[None] - angles[..., None])
            trial = self.skeleton.moved(qpos[todo], step)
            found = self._system(batch, trial, there[todo], weight[todo], lean[todo], firm, floor)
            good = found[2] < cost
            kept = todo[good]
            qpos[kept] = trial[good]
            for part, new in zip(system, found, strict=True):
                part[kept] = new[good]
            damping[todo] *= np.where(good, _EASE, _BRAKE)
            arrived = np.where(good, found[2] > (1 - _GAIN) * cost, damping[todo] > _STUCK)
            todo = todo[~arrived]
        return qpos

    def _system(
        self,
        batch: Batch,
        qpos: np.ndarray,
        points: np.ndarray,
        weight: np.ndarray,
        lean: np.ndarray,
        firm: float,
        floor: bool,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Curvature (n, D, D), downhill slope (n, D) and cost (n,) of the poses."""
        settings, hinges, k = self.settings, self.skeleton.hinges, len(self.weights)
        place, rows = self.skeleton.linear(batch, qpos, self.offsets)
        error = points - place[:, :k]
        square = np.sum(error**2, axis=-1) / settings.outlier**2
        cost = (
            np.sum(weight * square / (1 + square), axis=1) * (settings.outlier / settings.keypoint_error) ** 2
        )
        # of a cost that saturates, the curvature fades with the distance
        held = np.repeat(weight / (1 + square) ** 2 / settings.keypoint_error**2, 3, axis=1)
        n, d = len(qpos), rows.shape[-1]
        flat, off = rows[:, :k].reshape(n, 3 * k, d), error.reshape(n, 3 * k)
        if floor:
            depth = np.maximum(_PAW_HEIGHT - place[:, k:, 2], 0.0)
            cost += np.sum(depth**2, axis=1) / settings.floor_error**2
            flat, off = np.concatenate([flat, rows[:, k:, 2]], axis=1), np.concatenate([off, depth], axis=1)
            held = np.concatenate([held, (depth > 0) / settings.floor_error**2], axis=1)
        pulled = (flat * held[..., None]).swapaxes(-1, -2)
        matrix, slope = pulled @ flat, (pulled @ off[..., None])[..., 0]
        wish = lean - qpos[:, 7 + hinges]
        own = np.arange(d - len(hinges), d)
        root = np.arange(d - len(hinges))
        matrix[:, root, root] += _LEAST  # of a frame without keypoints nothing is known
        matrix[:, own, own] += 1 / firm**2
        slope[:, own] += wish / firm**2
        return matrix, slope, cost + np.sum(wish**2, axis=1) / firm**2


def _nearest(there: np.ndarray) -> np.ndarray:
    """For every frame the nearest one that is there, the earlier of two, shape (frames,)."""
    frames, at = np.flatnonzero(there), np.arange(len(there))
    after = np.searchsorted(frames, at).clip(max=len(frames) - 1)
    before = (after - 1).clip(min=0)
    return np.where(np.abs(at - frames[before]) <= np.abs(frames[after] - at), frames[before], frames[after])


def _rotations(covariance: np.ndarray) -> Rotation:
    """The rotations that turn the second set of points onto the first, from (n, 3, 3)."""
    u, _, v = np.linalg.svd(covariance)
    # the smallest axis is flipped where a reflection would fit better
    u[:, :, 2] *= np.sign(np.linalg.det(u @ v))[:, None]
    return Rotation.from_matrix(u @ v)


def _bounded_step(matrix: np.ndarray, slope: np.ndarray, damping: np.ndarray, room: np.ndarray) -> np.ndarray:
    """The damped step with hinges kept within their room.

    Args:
        matrix, slope: of the poses, shapes (n, D, D) and (n, D).
        damping: shape (n,).
        room: of the hinges, which are the last directions, below and above, radians, shape (n, H, 2).
    """
    d = matrix.shape[-1]
    first = d - room.shape[1]
    diagonal = np.arange(d)
    eased = matrix.copy()
    eased[:, diagonal, diagonal] *= 1 + damping[:, None]
    held, step = np.zeros(slope.shape, bool), np.zeros_like(slope)
    low = np.concatenate([np.full((len(room), first), -np.inf), room[..., 0]], axis=1)
    high = np.concatenate([np.full((len(room), first), np.inf), room[..., 1]], axis=1)
    for _ in range(_HOLDING):
        # what is held does what it can, the rest does the best with it
        fixed = np.where(held, step, 0.0)
        left = np.where(held, 0.0, slope - (eased @ fixed[..., None])[..., 0])
        free = ~held
        reduced = eased * (free[:, :, None] & free[:, None, :])
        reduced[:, diagonal, diagonal] += held
        solved = np.linalg.solve(reduced, left[..., None])[..., 0]
        step = np.where(held, step, solved)
        beyond = (step < low) | (step > high)
        if not (beyond & free).any():
            break
        held |= beyond
        step = np.clip(step, low, high)
    return np.clip(step, low, high)
