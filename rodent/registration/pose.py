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
from rodent.registration.stance import Probe, Stance

_ITERATIONS = 40
_GAIN = 1e-4  # relative gain of a step below which a frame has converged
_DAMPING, _EASE, _BRAKE = 1e-2, 0.2, 8.0  # relative to the curvature; its change after good and bad steps
_STUCK = 1e5  # damping at which nothing can be gained
_LEAST = 1e-3  # curvature; a keypoint has 1e5


FEWEST = 3
"""Keypoints that a frame needs for the rigid alignment."""
_PAW_POINTS = (  # body of the left side, place in its frame and least height, metres at scale 1
    ("hand", (0.003, 0.0015, -0.0083), 0.002),  # bases and pads of fingers and toes: the sites of the MJCF
    ("foot", (0.0211, 0.0076, -0.0028), 0.002),
    ("finger", (0.005, 0.002, -0.002), 0.002),
    ("toe", (0.008, 0.002, -0.002), 0.002),
    ("finger", (0.0078, 0.0025, 0.0), 0.0018),  # the tips: the far ends of the capsules
    ("toe", (0.0152, 0.004, 0.0), 0.0024),
    ("foot", (-0.0034, -0.002, -0.0023), 0.0032),  # the heel
)
PAWS = tuple(f"{body}_{side}" for body, _, _ in _PAW_POINTS for side in "LR")
"""The bodies of the points that are kept above the floor."""
_PAW_OFFSETS = np.array([np.multiply(at, (1, sign, 1)) for _, at, _ in _PAW_POINTS for sign in (1, -1)])
_PAW_HEIGHTS = np.repeat([height for _, _, height in _PAW_POINTS], 2)
_PADS = slice(4, 8)  # the points that rest in their places, in the order of PAW_NAMES
# all points of each paw
_OF_PAWS = np.array([[0, 4, 8, 8], [1, 5, 9, 9], [2, 6, 10, 12], [3, 7, 11, 13]])
_SMOOTH = 0.0005  # metres; points that are about as low as the lowest one count, too
# standard deviations off the floor, or off its place, at which a paw is pulled with a quarter of the weight
_REACH, _SLIP = 15.0, 3.0


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
        self.offsets = np.concatenate([offsets, _PAW_OFFSETS])
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
        return self.skeleton.positions(qpos, self.offsets)[:, len(self.weights) :][:, _PADS]

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
        place, rows = self.skeleton.linear(batch, qpos, self.offsets)
        error, trust, cost = self.misfit(points, place[:, :k])
        held = np.repeat(trust / settings.keypoint_error**2, 3, axis=1)
        n, d = len(qpos), rows.shape[-1]
        flat, off = rows[:, :k].reshape(n, 3 * k, d), error.reshape(n, 3 * k)
        if floor:
            depth = np.maximum(_PAW_HEIGHTS - place[:, k:, 2], 0.0)
            cost += np.sum(depth**2, axis=1) / settings.floor_error**2
            flat, off = np.concatenate([flat, rows[:, k:, 2]], axis=1), np.concatenate([off, depth], axis=1)
            held = np.concatenate([held, (depth > 0) / settings.floor_error**2], axis=1)
        if stance is not None:
            planted = self._planted(place[:, k:], rows[:, k:], stance)
            flat = np.concatenate([flat, planted[0]], axis=1)
            off, held = (
                np.concatenate([x, y], axis=1) for x, y in zip((off, held), planted[1:3], strict=True)
            )
            cost += planted[3]
        pulled = (flat * held[..., None]).swapaxes(-1, -2)
        matrix, slope = pulled @ flat, (pulled @ off[..., None])[..., 0]
        wish = (self.rest - qpos)[:, 7 + hinges]
        slope[:, -len(hinges) :] += wish / settings.rest_error**2
        matrix[:, np.arange(d), np.arange(d)] += self.prior
        return matrix, slope, cost + np.sum(wish**2, axis=1) / settings.rest_error**2

    def _planted(
        self, paws: np.ndarray, rows: np.ndarray, stance: Stance
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The lowest point of a standing paw is on the floor, and its pad in its place.

        Args:
            paws: positions of the points of the paws, metres, shape (n, 14, 3).
            rows: their Jacobian, shape (n, 14, 3, D).
            stance: paws that stand.

        Returns:
            Jacobian (n, 12, D), errors (n, 12) and weights (n, 12); and costs (n,).
        """
        settings, n = self.settings, len(paws)
        clear = (paws[..., 2] - _PAW_HEIGHTS)[:, _OF_PAWS]
        # a smooth minimum: a paw that rolls does not jump from one point to the next
        share = np.exp((clear.min(axis=-1, keepdims=True) - clear) / _SMOOTH)
        total = share.sum(axis=-1)
        lowest = clear.min(axis=-1) - _SMOOTH * np.log(total)
        height = np.where(stance.standing, -lowest, 0.0)
        known = stance.standing & np.isfinite(stance.place[..., 0])
        away = np.where(known[..., None], stance.place - paws[:, _PADS, :2], 0.0)
        vertical = np.einsum("npi,npid->npd", share / total[..., None], rows[:, _OF_PAWS, 2])
        jacobian = [vertical, rows[:, _PADS, :2].reshape(n, -1, rows.shape[-1])]
        pulls, cost = [], np.zeros(n)
        for error, there, spread, reach in (
            (height[..., None], stance.standing, settings.stance_height_error, _REACH),
            (away, known, settings.stance_error, _SLIP),
        ):
            square = np.sum((error / spread) ** 2, axis=-1) / reach**2
            cost += np.sum(square / (1 + square), axis=1) * reach**2
            pulls.append(np.repeat(there / (1 + square) ** 2 / spread**2, error.shape[-1], axis=1))
        errors = [height, away.reshape(n, -1)]
        whole, error, pull = (np.concatenate(parts, axis=1) for parts in (jacobian, errors, pulls))
        return whole, error, pull, cost

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
