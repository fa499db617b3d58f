"""Inverse kinematics of keypoints: poses by Levenberg-Marquardt, each frame by itself.

    solver = PoseSolver(skeleton, offsets, weights, rest, PoseSettings())
    qpos = solver.solve(points)                 # (frames, 74)

The initial pose is the resting posture, aligned to the keypoints as a rigid body (Kabsch, Acta Cryst. A32,
922, 1976), so that any heading is found. A weak prior on the resting posture fixes what no keypoint
determines. Outliers are downweighted (Geman and McClure, Bull. ISI 52, 5, 1987). Joint limits are held by
an active set. `rodent.registration.smoother` couples neighbouring frames.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from mujoco.batch import Batch
from scipy.spatial.transform import Rotation

from rodent.kinematics.bounds import bounded_step, dense
from rodent.kinematics.skeleton import BLOCK, Skeleton
from rodent.registration.paw_terms import OFFSETS, PADS, above_floor, in_place, on_floor
from rodent.registration.stance import Probe, Stance

_ITERATIONS = 40
_GAIN = 1e-4  # relative gain of a step below which a frame has converged
_DAMPING, _EASE, _BRAKE = 1e-2, 0.2, 8.0  # relative to the curvature; its change after good and bad steps
_STUCK = 1e5  # damping at which nothing can be gained
_LEAST = 1e-3  # curvature; a keypoint has 1e5


FEWEST = 3
"""Keypoints that a frame needs for the rigid alignment."""


@dataclasses.dataclass(frozen=True)
class PoseSettings:
    """Weights of the pose fit, as standard deviations."""

    keypoint_error: float = 0.002
    """Of a keypoint's coordinate, metres; `Registration.fit` measures it."""
    outlier: float = 0.03
    """Distance at which a keypoint counts a quarter, metres; farther ones count less."""
    rest_error: float = 1.0
    """Of a hinge from the resting posture, radians."""
    floor_error: float = 0.0005
    """Of a paw's penetration depth in the floor, metres."""
    stance_error: float = 0.003
    """Of a standing paw's pad from its place on the floor, along x and y, metres."""
    stance_height_error: float = 0.0015
    """Of a standing paw's lowest point from the floor, metres."""
    root_acceleration: float = 5.0
    """Of the root along each axis, m/s^2. Steady gaits have 1, freely moving rats 2.5."""
    turn_acceleration: float = 60.0
    """Of the root about each axis, rad/s^2."""
    hinge_acceleration: float = 300.0
    """Of a hinge, rad/s^2. Knees and elbows have 250 in a walk, 400 to 500 in a trot, and 50 in a rat that
    explores and grooms; its spine has 20."""


class PoseSolver:
    """The inverse kinematics of keypoints.

    Args:
        skeleton: of the keypoints' bodies, K of them, followed by PAWS.
        offsets: of the keypoints in their bodies' frames, metres, shape (K, 3).
        weights: of the keypoints, shape (K,).
        rest: the resting posture, shape (74,).
        settings: weights of the other terms.
        probes: keypoints that tell whether the paws stand; of no paw by default.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        offsets: np.ndarray,
        weights: np.ndarray,
        rest: np.ndarray,
        settings: PoseSettings,
        probes: Sequence[Probe] = (),
    ):
        self.skeleton, self.weights, self.probes = skeleton, weights, probes
        self.offsets = np.concatenate([offsets, OFFSETS])
        self.rest, self.settings = rest, settings

    def solve(
        self,
        points: np.ndarray,
        start: np.ndarray | None = None,
        floor: bool = False,
        stance: Stance | None = None,
    ) -> np.ndarray:
        """Poses, each frame by itself, shape (frames, 74).

        Args:
            points: keypoints, metres, NaN where missing, shape (frames, K, 3).
            start: initial poses, shape (frames, 74); the aligned resting posture by default.
            floor: whether to keep paws above a floor at height 0.
            stance: paws that stand, which are held in their places on the floor.
        """
        found = self.placed(points) if start is None else start.copy()
        batch = self.skeleton.batch(len(found))
        for at in range(0, len(found), BLOCK):
            block = slice(at, at + BLOCK)
            planted = None if stance is None else stance.at(block)
            found[block] = self._solved(batch, points[block], found[block], floor, planted)
        return found

    def placed(self, points: np.ndarray, posture: np.ndarray | None = None) -> np.ndarray:
        """Poses of a given posture, rigidly aligned to each frame. Frames with too few keypoints take the
        alignment of the nearest frame with enough.

        Args:
            points: keypoints, metres, NaN where missing, shape (frames, K, 3).
            posture: poses with these hinge angles, shape (frames, 74); the resting posture by default.
        """
        if posture is None:
            posture, still = self.rest[None], self.positions(self.rest[None])
        else:
            still = self.positions(posture)
        seen = np.all(np.isfinite(points), axis=-1)
        weight = seen * self.weights
        weight = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        there = np.where(seen[..., None], points, 0.0)
        center = np.einsum("fk,fki->fi", weight, there)
        model_center = np.einsum("fk,fki->fi", weight, np.broadcast_to(still, there.shape))
        apart = np.where(seen[..., None], there - center[:, None], 0.0)
        model_apart = still - model_center[:, None]
        turn = _rotations(np.einsum("fk,fki,fkj->fij", weight, apart, model_apart))
        qpos = np.broadcast_to(posture, (len(points), posture.shape[1])).copy()
        own = Rotation.from_quat(qpos[:, 3:7], scalar_first=True)
        qpos[:, 3:7] = (turn * own).as_quat(scalar_first=True)
        qpos[:, :3] = center + turn.apply(qpos[:, :3] - model_center)
        return qpos[nearest(seen.sum(axis=1) >= FEWEST)]

    def positions(self, qpos: np.ndarray) -> np.ndarray:
        """Positions of the keypoints in poses, metres, shape (frames, K, 3)."""
        return self.skeleton.positions(qpos, self.offsets)[:, : len(self.weights)]

    def pads(self, qpos: np.ndarray) -> np.ndarray:
        """Positions of the pads of the paws in poses, metres, shape (frames, 4, 3)."""
        return self.skeleton.positions(qpos, self.offsets)[:, len(self.weights) :][:, PADS]

    def system(
        self,
        batch: Batch,
        qpos: np.ndarray,
        points: np.ndarray,
        floor: bool,
        stance: Stance | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Hessian (n, D, D), negative gradient (n, D) and cost (n,); n fits the batch.

        A cost of 1 is one coordinate of a keypoint off by one standard deviation.

        Args:
            batch: for the kinematics.
            qpos: poses, shape (n, 74).
            points: keypoints, metres, NaN where missing, shape (n, K, 3).
            floor: whether to keep paws above a floor at height 0.
            stance: paws that stand, which are held in their places on the floor.
        """
        settings, hinges, k = self.settings, self.skeleton.hinges, len(self.weights)
        linear = self.skeleton.linear(batch, qpos, self.offsets)
        error, trust, cost = self.misfit(points, linear.place[:, :k])
        weights, errors = np.zeros_like(linear.place), np.zeros_like(linear.place)
        weights[:, :k], errors[:, :k] = trust[..., None] / settings.keypoint_error**2, error
        if floor:
            weights[:, k:, 2], errors[:, k:, 2], depth = above_floor(
                linear.place[:, k:], settings.floor_error
            )
            cost += depth
        if stance is not None:
            paws = linear.at(slice(k, None))
            pads = slice(k + PADS.start, k + PADS.stop)
            weights[:, pads, :2], errors[:, pads, :2], slip = in_place(
                paws.place, stance, settings.stance_error
            )
            lowest = on_floor(paws.place, stance, settings.stance_height_error)
            cost += slip + lowest.cost
        matrix, slope = linear.normal(weights, errors)
        if stance is not None:
            rows = paws.generalised(lowest.parts).swapaxes(0, 1)
            pulled = (rows * lowest.weights[..., None]).swapaxes(-1, -2)
            matrix += pulled @ rows
            slope += (pulled @ lowest.errors[..., None])[..., 0]
        wish = (self.rest - qpos)[:, 7 + hinges]
        slope[:, -len(hinges) :] += wish / settings.rest_error**2
        np.einsum("nii->ni", matrix)[:] += self.prior
        return matrix, slope, cost + np.sum(wish**2, axis=1) / settings.rest_error**2

    @property
    def prior(self) -> np.ndarray:
        """Diagonal of the Hessian without keypoints, shape (D,)."""
        least = np.full(self.skeleton.n_directions, _LEAST)  # no prior on the root
        least[-len(self.skeleton.hinges) :] = self.settings.rest_error**-2
        return least

    def misfit(self, points: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Errors of the keypoints (n, K, 3), 0 where missing; their robust weights (n, K); and costs (n,)."""
        settings = self.settings
        error = points - place
        seen = np.isfinite(error[..., 0])
        error[~seen] = 0.0
        square = np.sum(error**2, axis=-1) / settings.outlier**2
        weight = seen * self.weights
        cost = np.sum(weight * square / (1 + square), axis=1)
        # the cost saturates, so its curvature falls with the distance
        return error, weight / (1 + square) ** 2, cost * (settings.outlier / settings.keypoint_error) ** 2

    def _solved(
        self, batch: Batch, points: np.ndarray, begun: np.ndarray, floor: bool, stance: Stance | None
    ) -> np.ndarray:
        qpos = begun.copy()
        system = self.system(batch, qpos, points, floor, stance)
        damping = np.full(len(qpos), _DAMPING)
        # frames without keypoints are skipped
        todo = np.flatnonzero(np.isfinite(points[..., 0]).any(axis=1))
        for _ in range(_ITERATIONS):
            if not len(todo):
                break
            matrix, slope, cost = (part[todo] for part in system)
            eased = np.diagonal(matrix, axis1=1, axis2=2) * (1 + damping[todo][:, None])
            step = bounded_step(dense(matrix), eased, slope, *self.skeleton.room(qpos[todo]))
            trial = self.skeleton.moved(qpos[todo], step)
            planted = None if stance is None else stance.at(todo)
            found = self.system(batch, trial, points[todo], floor, planted)
            good = found[2] < cost
            kept = todo[good]
            qpos[kept] = trial[good]
            for part, new in zip(system, found, strict=True):
                part[kept] = new[good]
            damping[todo] *= np.where(good, _EASE, _BRAKE)
            arrived = np.where(good, found[2] > (1 - _GAIN) * cost, damping[todo] > _STUCK)
            todo = todo[~arrived]
        return qpos


def nearest(there: np.ndarray) -> np.ndarray:
    """Index of the nearest frame that is there, the earlier one at equal distance, shape (frames,)."""
    frames, at = np.flatnonzero(there), np.arange(len(there))
    after = np.searchsorted(frames, at).clip(max=len(frames) - 1)
    before = (after - 1).clip(min=0)
    return np.where(np.abs(at - frames[before]) <= np.abs(frames[after] - at), frames[before], frames[after])


def _rotations(covariance: np.ndarray) -> Rotation:
    """Rotations that align the second set of points to the first, from covariances (n, 3, 3)."""
    u, _, v = np.linalg.svd(covariance)
    # the smallest axis is flipped where a reflection would fit better
    u[:, :, 2] *= np.sign(np.linalg.det(u @ v))[:, None]
    return Rotation.from_matrix(u @ v)
