"""Scale of a body: how well a sample of frames fits by scale, with the offsets held within their freedoms.

    rough = rough_scale(points, solver)
    profile = scale_profile(solver_at, sample, prior, rough)
    profile.scales, profile.costs, profile.errors        # of all scales tried
    profile.optima                                       # scales of the local minima, the best first

Keypoints that may move on the body fit it at many scales: error alone hardly tells them apart. So the cost
counts how far offsets are from their guesses, too, and every scale starts anew from the guesses and the
resting posture. Costs are in units of the keypoint error, which is the same length at every scale.
"""

import dataclasses
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rodent.registration.offsets import Prior, offset_step
from rodent.registration.pose import PoseSettings, PoseSolver

_WIDEST, _COUNT = 2.0, 25  # the scales tried: a factor below and above the rough one, and their number
_LIMITS = (0.2, 5.0)  # those of BodyConfig
_ROUNDS = 2  # alternations between poses and offsets at every scale
_FRAMES = 40  # of the sample
_NEARLY_ALL = 0.7  # fraction of the largest number of keypoints of a frame that the rough scale is taken from

SolverAt = Callable[[np.ndarray, float], PoseSolver]
"""The pose solver for some offsets, metres, shape (K, 3), on a body of some scale."""


@dataclasses.dataclass(frozen=True)
class ScaleProfile:
    """Fits of one sample of frames at many scales."""

    scales: np.ndarray
    """Ascending, shape (n,)."""
    costs: np.ndarray
    """Negative logarithms of the posterior, times two, shape (n,)."""
    errors: np.ndarray
    """Mean distances of keypoints from their positions on the body, metres, shape (n,)."""

    @property
    def optima(self) -> tuple[float, ...]:
        """Scales of the local minima of the cost, the best first."""
        padded = np.pad(self.costs, 1, constant_values=np.inf)
        lowest = np.flatnonzero((self.costs <= padded[:-2]) & (self.costs < padded[2:]))
        return tuple(float(self.scales[i]) for i in lowest[np.argsort(self.costs[lowest])])

    def error_at(self, scale: float) -> float:
        """Error at the scale, interpolated, metres."""
        return float(np.interp(np.log(scale), np.log(self.scales), self.errors))

    def same_optimum(self, scale: float) -> bool:
        """Whether the best scale is reached from this one without passing a higher cost."""
        at = int(np.abs(np.log(self.scales / scale)).argmin())
        best = int(self.costs.argmin())
        way = self.costs[min(at, best) : max(at, best) + 1]
        return bool(np.all(np.diff(way) <= 0) if at <= best else np.all(np.diff(way) >= 0))


def at_scale(settings: PoseSettings, ratio: float) -> PoseSettings:
    """Settings of a pose fit whose body is smaller by this ratio, and whose keypoint errors are the same."""
    error, outlier = settings.keypoint_error * ratio, settings.outlier * ratio
    return dataclasses.replace(settings, keypoint_error=error, outlier=outlier)


def rough_scale(points: np.ndarray, solver: PoseSolver) -> float:
    """Scale from the spread of the keypoints about their centroid, against that of the resting body.

    It depends on posture by a quarter, and on no heading, no axes and no names.

    Args:
        points: keypoints, metres, NaN where missing, shape (frames, K, 3).
        solver: of the poses.
    """
    seen = np.isfinite(points[..., 0])
    frames = seen.sum(axis=1) >= _NEARLY_ALL * seen.sum(axis=1).max()
    seen = seen[frames, :, None]
    still = np.broadcast_to(solver.positions(solver.rest[None]), (len(seen), *points.shape[1:]))
    return float(np.median(_spread(points[frames], seen) / _spread(still, seen)))


def _spread(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Root mean square distance of the seen points from their centroid, shape (frames,)."""
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    there = np.where(seen, points, 0.0)
    apart = np.where(seen, there - there.sum(axis=1, keepdims=True) / count, 0.0)
    return np.sqrt(np.sum(apart**2, axis=(1, 2)) / count[:, 0, 0])


def scale_profile(solver_at: SolverAt, sample: np.ndarray, prior: Prior, rough: float) -> ScaleProfile:
    """Fit a sample at scales from half to twice the rough one.

    Args:
        solver_at: the pose solver for some offsets and a scale.
        sample: keypoints, metres, NaN where missing, shape (n, K, 3).
        prior: of the offsets and the scale.
        rough: the middle of the scales.
    """
    scales = np.unique(np.clip(rough * np.geomspace(1 / _WIDEST, _WIDEST, _COUNT), *_LIMITS))
    few = sample[:: -(-len(sample) // _FRAMES)]

    def tried(scale: float) -> tuple[float, float]:
        fixed, offsets, qpos = dataclasses.replace(prior, scale=scale, spread=0.0), prior.offsets, None
        for _ in range(_ROUNDS):
            solver = solver_at(offsets, scale)
            step = offset_step(solver, few, solver.solve(few / scale, qpos), scale, fixed)
            offsets, qpos = step.offsets, step.qpos
        solver = solver_at(offsets, scale)
        qpos = solver.solve(few / scale, qpos)
        error = np.linalg.norm(solver.positions(qpos) * scale - few, axis=-1)
        return posterior_cost(solver, few, qpos, scale, prior), float(np.nanmean(error))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        costs, errors = zip(*pool.map(tried, scales), strict=True)
    return ScaleProfile(scales, np.array(costs), np.array(errors))


def posterior_cost(
    solver: PoseSolver, sample: np.ndarray, qpos: np.ndarray, scale: float, prior: Prior
) -> float:
    """Negative logarithm of the posterior of poses, offsets and scale, times two.

    Args:
        solver: for the offsets and the scale.
        sample: keypoints, metres, NaN where missing, shape (n, K, 3).
        qpos: their poses on a body of scale 1, shape (n, 74).
        scale: of the body.
        prior: of offsets and scale.
    """
    batch = solver.skeleton.batch(len(qpos))
    own = solver.system(batch, qpos, sample / scale, floor=False)[2]
    size = (np.log(scale / prior.scale) / prior.spread) ** 2 if prior.spread else 0.0
    return float(prior.worth * own.mean() + prior.cost(solver.offsets[: len(solver.weights)]) + size)
