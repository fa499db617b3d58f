"""Registration: fit the size of the body, keypoint offsets and poses to a recording's keypoints.

    registration = Registration(read_markers("rat23")).fit(keypoints)
    registration.scale_, registration.markers_         # fitted values
    found = registration.transform(keypoints)          # poses and residual errors
    found.qpos, found.error                            # (frames, 74); metres, (frames, K)

`fit` uses a sample of diverse frames. It first decides the scale, with all offsets within their freedoms: the
optimum with the least cost over all scales counts. Then it finds the floor and the paws that stand, and fits
the offsets so that these paws are on the floor. Both fits alternate between poses, and offsets and scale
(STAC: Wu et al., Neural Comput. 25, 2318, 2013). Noise biases limb lengths upwards. The bias is estimated by
fitting simulated keypoints with the measured noise, and subtracted (parametric bootstrap; Efron and
Tibshirani, An Introduction to the Bootstrap, 1993, ch. 10). `transform` fits the poses of all frames jointly,
in overlapping windows. All fits use a body of scale 1 and keypoints divided by the scale, so that no other
body must be compiled.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.keypoints import Keypoints
from rodent.kinematics.posture import Trunk, posed
from rodent.kinematics.skeleton import Skeleton
from rodent.registration.axes import require_upright
from rodent.registration.markers import MarkerSet
from rodent.registration.offsets import Prior, Step, offset_step
from rodent.registration.paw_terms import PAWS
from rodent.registration.pose import FEWEST, PoseSettings, PoseSolver
from rodent.registration.registered import Registered
from rodent.registration.sample import diverse_frames
from rodent.registration.scale import ScaleProfile, at_scale, posterior_cost, rough_scale, scale_profile
from rodent.registration.stance import Stance, paw_probes
from rodent.registration.windows import grounded, track
from rodent.scene import make_scene

_ROUNDS = 15
_SETTLED = 2e-4  # metres; the rounds end when no offset moves farther
_NEAR = 0.5  # standard deviation of offsets where the scale is decided, relative to their freedom
_COMPARED = 3  # optima of the scale that are fitted to the end
# prior of the scale relative to dm_control's rat: median, and standard deviation of the logarithm, wide
# enough for pups and mice
_LIKELY_SCALE, _SCALE_SPREAD = 0.9, 0.3
_SLIGHT = 1e-4  # metres beyond a freedom that do not count
_LEAST_NOISE = 3e-4  # metres; lower bound of the keypoint noise


class Start(NamedTuple):
    """Where an alternation begins: offsets, metres at scale 1, shape (K, 3), and scale."""

    offsets: np.ndarray
    scale: float


class Registration:
    """The estimator; see the module.

    Args:
        markers: the keypoints, and prior means of their offsets on the body.
        scale: of the body; fitted if not given.
        settings: weights of the pose fit.
        body: which animal, the rat by default; its scale does not matter.

    Raises:
        InputError: the scale is out of range, or a marker's body is unknown.

    Attributes:
        markers_: the markers with fitted offsets.
        scale_: of the body.
        noise_: standard deviation of a keypoint's coordinate, metres.
        profile_: cost and error by scale.
        rounds_: number of alternations between poses and offsets.
    """

    profile_: ScaleProfile

    def __init__(
        self,
        markers: MarkerSet,
        scale: float | None = None,
        settings: PoseSettings | None = None,
        body: BodyConfig | None = None,
    ):
        self.body = BodyConfig() if body is None else body
        if scale is not None:
            dataclasses.replace(self.body, scale=scale)  # checks the range
        self.markers, self.scale = markers, scale
        self.settings = settings or PoseSettings()
        unit = make_scene(dataclasses.replace(self.body, scale=1.0))
        self._body, self._skeleton = unit, Skeleton(unit, (*markers.bodies, *PAWS))
        self._rest = posed(unit, Trunk.still(1))[0]
        self.markers_, self.scale_, self.rounds_ = markers, scale or _LIKELY_SCALE, 0
        self.noise_ = self.settings.keypoint_error
        self._size = self.scale_  # rough; keypoint errors are those of PoseSettings at this scale

    @property
    def body_(self) -> BodyConfig:
        """The body of the fitted scale."""
        return dataclasses.replace(self.body, scale=self.scale_)

    @property
    def beyond_freedom(self) -> dict[str, float]:
        """Markers whose offset is farther from its guess than its freedom: by how much, metres.

        Both are of a body of scale 1, as in the marker set. The largest comes first.
        """
        moved = np.linalg.norm(self.markers_.offsets - self.markers.offsets, axis=1)
        far = moved - self.markers.freedoms
        order = np.argsort(-far)
        return {self.markers.names[k]: float(far[k]) for k in order if far[k] > _SLIGHT}

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
        self._size = rough_scale(points, solver)
        require_upright(solver, points / self._size, keypoints.source)
        frames = diverse_frames(solver, points / self._size)
        self.rounds_ = 0
        scale, offsets = self._fit_scale(points[frames], advance)
        # where paws stand is known once the body has its size
        solver = self._solver_at(offsets, scale)
        ground = grounded(solver, self._body, points / scale, keypoints.fps)
        sample, stance = scale * ground.points[frames], Stance.anywhere(ground.standing[frames])
        fitted = self._fit_offsets(sample, stance, scale, advance)
        self.markers_ = dataclasses.replace(self.markers, offsets=fitted.offsets)
        self.scale_, self.noise_ = scale, max(fitted.noise, _LEAST_NOISE)
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
            standing=tracked.standing,
            probed=tuple(len(probe.keypoints) > 0 for probe in solver.probes),
            markers=self.markers_,
            fps=keypoints.fps,
            source=keypoints.source,
        )

    def _solver(self, offsets: np.ndarray | None = None, settings: PoseSettings | None = None) -> PoseSolver:
        """The pose solver for these offsets, by default the fitted ones."""
        offsets = self.markers_.offsets if offsets is None else offsets
        return PoseSolver(
            self._skeleton,
            offsets,
            self.markers.weights,
            self._rest,
            settings or self.settings,
            paw_probes(self.markers.bodies),
        )

    def _solver_at(self, offsets: np.ndarray, scale: float) -> PoseSolver:
        """The pose solver for these offsets, whose keypoint error is the same length at every scale."""
        return self._solver(offsets, at_scale(self.settings, self._size / scale))

    def _fit_scale(self, sample: np.ndarray, advance: Callable[[int], None]) -> tuple[float, np.ndarray]:
        """Scale, and offsets that stay within their freedoms, shape (K, 3)."""
        freedoms = self.markers.freedoms
        near = Prior(self.markers.offsets, _NEAR * freedoms, freedoms, _LIKELY_SCALE, _SCALE_SPREAD)
        self.profile_ = scale_profile(self._solver_at, sample, near, self._size)
        if self.scale is not None:
            return self.scale, near.offsets
        tried = [
            self._alternate(sample, near, Start(near.offsets, scale), advance)
            for scale in self.profile_.optima[:_COMPARED]
        ]
        fitted = min(tried, key=lambda step: self._cost(sample, step, near))
        # offsets that are off their guesses make segments appear longer, whichever way they are off
        drawn = near.spreads[:, None] * np.random.default_rng(1).normal(size=near.offsets.shape)
        true = (near.bounded(near.offsets + drawn), near.bounded(near.offsets - drawn))
        known = dataclasses.replace(near, scale=fitted.scale)
        start = Start(near.offsets, fitted.scale)
        again = [
            self._alternate(made, known, start, advance) for made in self._simulated(sample, fitted, true)
        ]
        return fitted.scale**2 / float(np.mean([one.scale for one in again])), fitted.offsets

    def _fit_offsets(
        self, sample: np.ndarray, stance: Stance, scale: float, advance: Callable[[int], None]
    ) -> Step:
        """Offsets of a body of known scale whose standing paws are on the floor."""
        freedoms = self.markers.freedoms
        bounds = np.where(freedoms > 0, np.inf, 0.0)
        loose = Prior(self.markers.offsets, freedoms, bounds, scale, 0.0)
        fitted = self._alternate(sample, loose, Start(loose.offsets, scale), advance, stance)
        known = dataclasses.replace(loose, offsets=fitted.offsets)
        again = [
            self._alternate(made, known, fitted, advance, stance)
            for made in self._simulated(sample, fitted, (fitted.offsets, fitted.offsets), stance)
        ]
        offsets = 2 * fitted.offsets - np.mean([one.offsets for one in again], axis=0)
        return dataclasses.replace(fitted, offsets=offsets)

    def _simulated(
        self, sample: np.ndarray, fitted: Step, true: tuple[np.ndarray, ...], stance: Stance | None = None
    ) -> list[np.ndarray]:
        """Keypoints of the fitted poses: of two sets of offsets, with the measured noise and its negative.

        A fit of them shows the bias of the fit. Noise and its negative cancel all but the bias (antithetic
        variates; Hammersley and Morton, Math. Proc. Camb. Phil. Soc. 52, 449, 1956).
        """
        solver = self._solver_at(fitted.offsets, fitted.scale)
        qpos = solver.solve(sample / fitted.scale, fitted.qpos, stance is not None, stance)
        noise = np.random.default_rng(0).normal(0, fitted.noise, sample.shape)
        noise[~np.isfinite(sample)] = np.nan
        made = [fitted.scale * self._solver_at(offsets, fitted.scale).positions(qpos) for offsets in true]
        return [made[0] + noise, made[1] - noise]

    def _cost(self, sample: np.ndarray, step: Step, prior: Prior) -> float:
        """Negative logarithm of the posterior, times two."""
        solver = self._solver_at(step.offsets, step.scale)
        qpos = solver.solve(sample / step.scale, step.qpos)
        return posterior_cost(solver, sample, qpos, step.scale, prior)

    def _alternate(
        self,
        sample: np.ndarray,
        prior: Prior,
        start: "Start | Step",
        advance: Callable[[int], None],
        stance: Stance | None = None,
    ) -> Step:
        """Alternate between poses and offsets until no offset moves."""
        offsets, scale, qpos = start.offsets, start.scale, None
        for _ in range(_ROUNDS):
            solver = self._solver_at(offsets, scale)
            qpos = solver.solve(sample / scale, qpos, stance is not None, stance)
            step = offset_step(solver, sample, qpos, scale, prior, stance)
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
