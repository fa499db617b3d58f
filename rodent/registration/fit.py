"""Registration: fit the size of the body, keypoint offsets and poses to a recording's keypoints.

    registration = Registration(read_markers("rat23")).fit(keypoints)
    registration.scale_, registration.markers_         # fitted values
    found = registration.transform(keypoints)          # poses and residual errors
    found.qpos, found.error                            # (frames, 74); metres, (frames, K)

`fit` uses a sample of diverse frames. It alternates between poses, and offsets and scale (STAC: Wu et al.,
Neural Comput. 25, 2318, 2013). Noise biases limb lengths upwards. The bias is estimated by fitting simulated
keypoints with the measured noise, and subtracted (parametric bootstrap; Efron and Tibshirani, An
Introduction to the Bootstrap, 1993, ch. 10). `transform` fits the poses of all frames jointly, in
overlapping windows. All fits use a body of scale 1 and keypoints divided by the scale, so that no other
body must be compiled.
"""

import dataclasses
from collections.abc import Callable
from typing import Self

import numpy as np

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.keypoints import Keypoints
from rodent.kinematics.posture import Trunk, posed
from rodent.kinematics.skeleton import Skeleton
from rodent.registration.axes import require_upright
from rodent.registration.ground import Floor
from rodent.registration.markers import MarkerSet
from rodent.registration.offsets import SCALE_SPREAD, Prior, Step, offset_step
from rodent.registration.pose import FEWEST, PAWS, PoseSettings, PoseSolver
from rodent.registration.windows import track
from rodent.rotation import conjugate, rotate
from rodent.scene import make_scene

_SAMPLE, _CANDIDATES = 200, 4000  # frames in the sample, and candidates for it
_NEARLY_ALL = 0.7  # fraction of the largest number of keypoints that a candidate must have
_ROUNDS = 15
_SETTLED = 2e-4  # metres; the rounds end when no offset moves farther
_INDEPENDENT = 16.0  # effective number of frames of the sample, against the prior: the model is not exact
_LIKELY_SCALE = 0.9  # prior mean of the scale relative to dm_control's rat
_LEAST_NOISE = 3e-4  # metres; lower bound of the keypoint noise


@dataclasses.dataclass(frozen=True)
class Registered:
    """Poses fitted to keypoints, and the residual errors."""

    qpos: np.ndarray
    """For a body of the fitted scale, shape (frames, 74)."""
    points: np.ndarray
    """The measured keypoints, levelled with the floor at height 0, metres, shape (frames, K, 3)."""
    positions: np.ndarray
    """Positions of the keypoints on the fitted body, metres, shape (frames, K, 3)."""
    error: np.ndarray
    """Distances of the measured keypoints from `positions`, metres, NaN where missing, shape (frames, K)."""
    floor: Floor
    """The floor before levelling, metres."""
    markers: MarkerSet
    """The marker set with fitted offsets."""
    fps: float
    """Frames per second."""
    source: str
    """Where the keypoints came from."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the keypoints."""
        return self.markers.names


class Registration:
    """The estimator; see the module.

    Args:
        markers: the keypoints, and prior means of their offsets on the body.
        scale: of the body; fitted if not given.
        settings: weights of the pose fit.

    Raises:
        InputError: the scale is out of range, or a marker's body is unknown.

    Attributes:
        markers_: the markers with fitted offsets.
        scale_: of the body.
        noise_: standard deviation of a keypoint's coordinate, metres.
        rounds_: number of alternations between poses and offsets.
    """

    def __init__(self, markers: MarkerSet, scale: float | None = None, settings: PoseSettings | None = None):
        if scale is not None:
            BodyConfig(scale=scale)  # checks the range
        self.markers, self.scale = markers, scale
        self.settings = settings or PoseSettings()
        body = make_scene(BodyConfig(scale=1.0))
        self._body, self._skeleton = body, Skeleton(body, (*markers.bodies, *PAWS))
        self._rest = posed(body, Trunk.still(1))[0]
        self.markers_, self.scale_, self.rounds_ = markers, scale or _LIKELY_SCALE, 0
        self.noise_ = self.settings.keypoint_error

    @property
    def hinges(self) -> np.ndarray:
        """Indices of the hinges that keypoints or the floor constrain, in the order of qpos[:, 7:]."""
        return self._skeleton.hinges

    def fit(self, keypoints: Keypoints, advance: Callable[[int], None] = lambda rounds: None) -> Self:
        """Fit offsets, scale and the keypoint noise.

        Args:
            keypoints: of a recording; those of the markers are used.
            advance: called after every round.

        Raises:
            InputError: a marker is not among the keypoints, no frame has enough of them, they are
                mirrored, or z does not point up.
        """
        points = self._points(keypoints)
        solver = self._solver(self.markers.offsets)
        require_upright(solver, points / self.scale_, keypoints.source)
        sample = points[self._diverse(solver, points)]
        self.rounds_ = 0
        spread = 0.0 if self.scale else SCALE_SPREAD
        prior = Prior(self.markers.offsets, self.markers.freedoms, self.scale_, spread)
        fitted = self._alternate(sample, prior, advance)
        # bias of the fit on simulated keypoints with known offsets and scale; noise and its negative cancel
        # all but the bias (antithetic variates; Hammersley and Morton, Math. Proc. Camb. Phil. Soc. 52, 449,
        # 1956)
        known = Prior(fitted.offsets, self.markers.freedoms, fitted.scale, spread)
        solver = self._solver(fitted.offsets)
        made = solver.positions(solver.solve(sample / fitted.scale, fitted.qpos)) * fitted.scale
        noise = np.random.default_rng(0).normal(0, fitted.noise, made.shape)
        noise[~np.isfinite(sample)] = np.nan
        again = [self._alternate(made + one, known, advance) for one in (noise, -noise)]
        offsets = 2 * fitted.offsets - np.mean([one.offsets for one in again], axis=0)
        scale = fitted.scale**2 / float(np.mean([one.scale for one in again]))
        self.markers_ = dataclasses.replace(self.markers, offsets=offsets)
        self.scale_, self.noise_ = self.scale or scale, max(fitted.noise, _LEAST_NOISE)
        return self

    def transform(
        self,
        keypoints: Keypoints,
        advance: Callable[[int], None] = lambda frames: None,
        threads: int | None = None,
    ) -> Registered:
        """Poses of every frame, smooth in time; frames without keypoints are interpolated by the smoother.

        Args:
            keypoints: of a recording; those of the markers are used.
            advance: called with the number of frames fitted; every frame is fitted twice.
            threads: windows fitted in parallel, one per core by default. The poses do not depend on it.

        Raises:
            InputError: a marker is not among the keypoints, or no frame has enough of them.
        """
        points, scale = self._points(keypoints), self.scale_
        settings = dataclasses.replace(self.settings, keypoint_error=self.noise_ / scale)
        solver = self._solver(settings=settings)
        tracked = track(solver, self._body, points / scale, keypoints.fps, advance, threads)
        for lengths in (tracked.qpos[:, :3], tracked.points, tracked.positions):
            lengths *= scale
        return Registered(
            qpos=tracked.qpos,
            points=tracked.points,
            positions=tracked.positions,
            error=np.linalg.norm(tracked.points - tracked.positions, axis=-1),
            floor=tracked.floor.scaled(scale),
            markers=self.markers_,
            fps=keypoints.fps,
            source=keypoints.source,
        )

    def _solver(self, offsets: np.ndarray | None = None, settings: PoseSettings | None = None) -> PoseSolver:
        """The pose solver for these offsets, by default the fitted ones."""
        offsets = self.markers_.offsets if offsets is None else offsets
        return PoseSolver(
            self._skeleton, offsets, self.markers.weights, self._rest, settings or self.settings
        )

    def _alternate(self, sample: np.ndarray, prior: Prior, advance: Callable[[int], None]) -> Step:
        """Alternate between poses and offsets until no offset moves."""
        offsets, scale, qpos = prior.offsets, prior.scale, None
        for _ in range(_ROUNDS):
            solver = self._solver(offsets)
            qpos = solver.solve(sample / scale, qpos)
            step = offset_step(solver, sample, qpos, scale, prior, _INDEPENDENT)
            offsets, scale, qpos = step.offsets, step.scale, step.qpos
            self.rounds_ += 1
            advance(1)
            if step.moved < _SETTLED:
                break
        return step

    def _points(self, keypoints: Keypoints) -> np.ndarray:
        """The markers' points, metres, shape (frames, K, 3)."""
        points = keypoints.subset(self.markers.names).points
        most = int(np.isfinite(points[..., 0]).sum(axis=1).max())
        if most < FEWEST:
            raise InputError(
                f"{keypoints.source}: no frame has more than {most} of {len(self.markers.names)} markers; "
                f"{FEWEST} are needed to put the body into place"
            )
        return points

    def _diverse(self, solver: PoseSolver, points: np.ndarray) -> np.ndarray:
        """Indices of diverse frames, by farthest-point sampling of body shapes."""
        enough = np.isfinite(points[..., 0]).sum(axis=1)
        candidates = np.flatnonzero(enough >= max(FEWEST, _NEARLY_ALL * enough.max()))
        candidates = candidates[
            np.linspace(0, len(candidates) - 1, min(_CANDIDATES, len(candidates))).astype(int)
        ]
        chosen = points[candidates]
        placed = solver.placed(chosen / self.scale_)
        local = rotate(
            np.broadcast_to(conjugate(placed[:, None, 3:7]), (*chosen.shape[:2], 4)),
            chosen - placed[:, None, :3] * self.scale_,
        )
        shape = np.where(np.isfinite(local), local, np.nanmedian(local, axis=0)).reshape(len(chosen), -1)
        picked = [int(np.argmin(np.linalg.norm(shape - np.median(shape, axis=0), axis=1)))]
        distance = np.linalg.norm(shape - shape[picked[0]], axis=1)
        while len(picked) < min(_SAMPLE, len(shape)):
            picked.append(int(distance.argmax()))
            distance = np.minimum(distance, np.linalg.norm(shape - shape[picked[-1]], axis=1))
        return np.sort(candidates[picked])
