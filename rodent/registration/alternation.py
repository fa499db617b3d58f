"""Fit of offsets and scale to a sample of frames, in turns with the poses.

    fit = Alternation(solver_at, settings, size, advance)
    step = fit.run(sample, prior, Start(offsets, scale))     # offsets, scale, poses, noise
    evidence = Evidence.of(points, step.noise, len(sample))  # how much the sample tells
    step = fit.refined(evidence).run(sample, prior, step)

The noise of keypoints differs from frame to frame. What is assumed is wrong in the same way in many frames:
the mean posture is not the resting one, the floor is not quite where it is taken to be, and the joints are
not where the body has them. So a sample counts as more frames, the more of its misfit is independent noise,
and assumptions count as `ASSUMED` frames.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np

from rodent.registration.offsets import ASSUMED, Prior, Step, offset_step
from rodent.registration.pose import PoseSettings, PoseSolver
from rodent.registration.scale import at_scale, posterior_cost
from rodent.registration.stance import Stance

_ROUNDS = 15
_SETTLED = 2e-4  # metres; the rounds end when no offset moves farther
LEAST_NOISE = 3e-4
"""Lower bound of the keypoint noise, metres."""
_COUNTED = 0.3  # fraction of a sample's frames that count where all its noise is independent
WITHIN = 5**-0.5  # standard deviation along an axis, uniformly in a ball, relative to its radius
_FLOOR = 3.0  # the floor under a sample is less certain than that under neighbouring frames, by this factor


class Start(NamedTuple):
    """Where an alternation begins: offsets, metres at scale 1, shape (K, 3), and scale."""

    offsets: np.ndarray
    scale: float


@dataclasses.dataclass(frozen=True)
class Evidence:
    """How much a sample of frames tells."""

    noise: float
    """Standard deviation of a keypoint's coordinate around the fitted body, metres."""
    independent: float
    """Fraction of its variance that is independent from frame to frame; the body is not exact in the rest."""
    frames: int
    """In the sample."""

    @classmethod
    def of(cls, points: np.ndarray, noise: float, frames: int) -> Self:
        """Of a sample of a recording.

        Args:
            points: keypoints of the recording, metres, NaN where missing, shape (n, K, 3).
            noise: standard deviation of a coordinate around the fitted body, metres.
            frames: in the sample.
        """
        noise = max(noise, LEAST_NOISE)
        return cls(noise, min(1.0, (white_noise(points) / noise) ** 2), frames)

    @property
    def worth(self) -> float:
        """Effective number of independent frames."""
        return max(ASSUMED, _COUNTED * self.frames * self.independent)

    @property
    def spread(self) -> float:
        """Standard deviation of the offsets along an axis, relative to their freedoms.

        On an exact body, they are anywhere within the freedoms with equal probability. Offsets make up for
        what is wrong with a body, so they are less certain there.
        """
        return float(np.sqrt(1 - (1 - WITHIN**2) * self.independent))


def white_noise(points: np.ndarray) -> float:
    """Standard deviation of the noise that differs from frame to frame, metres; infinite if no keypoint is
    seen in three frames in a row.

    From the median second difference, which fast movements hardly change: (1, -2, 1) times noise has the
    variance 6.

    >>> white_noise(np.random.default_rng(0).normal(0, 0.001, (2000, 3, 3))).round(4)
    0.001
    """
    bends = np.abs(np.diff(points, 2, axis=0))
    seen = bends[np.isfinite(bends)]
    return float(np.median(seen) / (0.6745 * np.sqrt(6.0))) if len(seen) else np.inf


@dataclasses.dataclass(frozen=True)
class Alternation:
    """Fits of offsets and scale to one sample."""

    solver_at: Callable[[np.ndarray, PoseSettings], PoseSolver]
    """The pose solver for some offsets, metres, shape (K, 3), and settings."""
    settings: PoseSettings
    """Weights of the pose fit on a body of the scale `size`."""
    size: float
    """Rough scale of the body; keypoint errors are the same length at every scale."""
    advance: Callable[[], None]
    """Called after every round."""
    stance: Stance | None = None
    """Paws that stand, and then above a floor at height 0, lengths on a body of scale 1."""

    def solver(self, offsets: np.ndarray, scale: float) -> PoseSolver:
        """The pose solver for these offsets on a body of this scale."""
        return self.solver_at(offsets, at_scale(self.settings, self.size / scale))

    def refined(self, evidence: Evidence) -> "Alternation":
        """The same with keypoint errors as measured, if they are smaller than given.

        What is assumed of all frames counts as before.
        """
        more = np.sqrt(evidence.worth / ASSUMED)
        given = self.settings
        settings = dataclasses.replace(
            given,
            keypoint_error=min(given.keypoint_error, evidence.noise / self.size),
            rest_error=given.rest_error * more,
            floor_error=given.floor_error * more * _FLOOR,
            stance_error=given.stance_error * more,
            stance_height_error=given.stance_height_error * more,
        )
        return dataclasses.replace(self, settings=settings)

    def run(self, sample: np.ndarray, prior: Prior, start: Start | Step) -> Step:
        """Alternate between poses and offsets until no offset moves.

        Args:
            sample: keypoints, metres, NaN where missing, shape (n, K, 3).
            prior: of offsets and scale.
            start: initial values.
        """
        offsets, scale, qpos = start.offsets, start.scale, None
        for _ in range(_ROUNDS):
            solver = self.solver(offsets, scale)
            qpos = solver.solve(sample / scale, qpos, self.stance is not None, self.stance)
            step = offset_step(solver, sample, qpos, scale, prior, self.stance)
            offsets, scale, qpos = step.offsets, step.scale, step.qpos
            self.advance()
            if step.moved < _SETTLED:
                break
        return step

    def cost(self, sample: np.ndarray, step: Step, prior: Prior) -> float:
        """Negative logarithm of the posterior, times two."""
        solver = self.solver(step.offsets, step.scale)
        qpos = solver.solve(sample / step.scale, step.qpos)
        return posterior_cost(solver, sample, qpos, step.scale, prior)

    def simulated(
        self, sample: np.ndarray, fitted: Step, true: tuple[np.ndarray, ...], noise: float
    ) -> list[np.ndarray]:
        """Keypoints of the fitted poses: of two sets of offsets, with some noise, metres, and its negative.

        A fit of them shows the bias of the fit. Noise and its negative cancel all but the bias (antithetic
        variates; Hammersley and Morton, Math. Proc. Camb. Phil. Soc. 52, 449, 1956).
        """
        solver = self.solver(fitted.offsets, fitted.scale)
        qpos = solver.solve(sample / fitted.scale, fitted.qpos, self.stance is not None, self.stance)
        added = np.random.default_rng(0).normal(0, noise, sample.shape)
        added[~np.isfinite(sample)] = np.nan
        made = [fitted.scale * self.solver(offsets, fitted.scale).positions(qpos) for offsets in true]
        return [made[0] + added, made[1] - added]
