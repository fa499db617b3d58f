"""Registration: fit the size of the body, keypoint offsets and poses to a recording's keypoints.

    registration = Registration(read_markers("rat23")).fit(keypoints)
    registration.scale_, registration.markers_         # fitted values
    found = registration.transform(keypoints)          # poses and residual errors
    found.qpos, found.error                            # (frames, 74); metres, (frames, K)

`fit` uses a sample of diverse frames. It first decides the scale: the optimum with the least cost over all
scales counts, with all offsets within their freedoms. It is fitted again once the noise is known, with a
normal prior of the offsets. Then it finds the floor and the paws that stand, and fits the offsets so that
these paws are on the floor. Both fits alternate between poses, and offsets and scale (STAC: Wu et al.,
Neural Comput. 25, 2318, 2013). Noise biases limb lengths upwards. The bias of the scale is estimated and
taken off, and so is that of the offsets, by fitting simulated keypoints with the measured noise
(parametric bootstrap; Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 10). `transform`
fits the poses of all frames jointly, in overlapping windows. All fits use a body of scale 1 and keypoints
divided by the scale, so that no other body must be compiled.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
from threadpoolctl import threadpool_limits

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.keypoints import Keypoints
from rodent.kinematics.posture import Trunk, posed
from rodent.kinematics.skeleton import Skeleton
from rodent.registration.alternation import LEAST_NOISE, WITHIN, Alternation, Evidence, Start
from rodent.registration.axes import require_upright
from rodent.registration.markers import MarkerSet
from rodent.registration.offsets import Prior, Step
from rodent.registration.paw_terms import PAWS
from rodent.registration.pose import FEWEST, PoseSettings, PoseSolver
from rodent.registration.registered import Registered
from rodent.registration.sample import diverse_frames
from rodent.registration.scale import ScaleProfile, rough_scale, scale_profile
from rodent.registration.stance import Stance, paw_probes
from rodent.registration.windows import grounded, track
from rodent.scene import make_scene

_NEAR = 0.5  # standard deviation of offsets where the scale's optimum is chosen, relative to their freedom
_COMPARED = 3  # optima of the scale that are fitted to the end
# prior of the scale relative to dm_control's rat: median, and standard deviation of the logarithm, wide
# enough for pups and mice
_LIKELY_SCALE, _SCALE_SPREAD = 0.9, 0.3
_SLIGHT = 1e-4  # metres beyond a freedom that do not count


class _Sized(NamedTuple):
    """Result of the fit of the scale."""

    scale: float
    offsets: np.ndarray
    evidence: Evidence


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
        # the matrices are small: BLAS threads would wait for each other
        with threadpool_limits(1, "blas"):
            self._fit(keypoints, advance)
        return self

    def _fit(self, keypoints: Keypoints, advance: Callable[[int], None]) -> None:
        points = self._points(keypoints)
        solver = self._solver(self.markers.offsets)
        self._size = rough_scale(points, solver)
        require_upright(solver, points / self._size, keypoints.source)
        frames = diverse_frames(solver, points / self._size)
        self.rounds_ = 0
        fit = Alternation(self._solver, self.settings, self._size, lambda: self._counted(advance))
        scale, offsets, evidence = self._fit_scale(fit, points[frames], points)
        # where paws stand is known once the body has its size
        solver = fit.solver(offsets, scale)
        ground = grounded(solver, self._body, points / scale, keypoints.fps)
        standing = dataclasses.replace(fit, stance=Stance.anywhere(ground.standing[frames]))
        fitted = self._fit_offsets(standing, scale * ground.points[frames], scale, evidence)
        self.markers_ = dataclasses.replace(self.markers, offsets=fitted.offsets)
        self.scale_, self.noise_ = scale, max(fitted.noise, LEAST_NOISE)

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

    def _fit_scale(self, fit: Alternation, sample: np.ndarray, points: np.ndarray) -> _Sized:
        """Scale, offsets at this scale, and how much the sample tells."""
        markers = self.markers
        near = Prior(
            markers.offsets, _NEAR * markers.freedoms, markers.freedoms, _LIKELY_SCALE, _SCALE_SPREAD
        )
        self.profile_ = scale_profile(fit.solver, sample, near, self._size)
        scales = self.profile_.optima[:_COMPARED] if self.scale is None else (self.scale,)
        if self.scale is not None:
            near = dataclasses.replace(near, scale=self.scale, spread=0.0)
        tried = [fit.run(sample, near, Start(near.offsets, scale)) for scale in scales]
        rough = min(tried, key=lambda step: fit.cost(sample, step, near))
        evidence = Evidence.of(points, rough.noise, len(sample))
        if self.scale is not None:
            return _Sized(self.scale, rough.offsets, evidence)
        precise, prior = fit.refined(evidence), self._prior(evidence, WITHIN, _LIKELY_SCALE, _SCALE_SPREAD)
        fitted = precise.run(sample, prior, rough)
        return _Sized(fitted.scale / self._growth(precise, sample, prior, fitted), fitted.offsets, evidence)

    def _growth(self, fit: Alternation, sample: np.ndarray, prior: Prior, fitted: Step) -> float:
        """By which factor the fitted scale is too large on average.

        Noise makes segments appear longer: as much noise again shows by how much (SIMEX; Cook and Stefanski,
        J. Am. Stat. Assoc. 89, 1314, 1994). So do offsets that are off their guesses, whichever way they are
        off: simulated keypoints without noise show it.
        """
        noise = np.random.default_rng(0).normal(0, fitted.noise, sample.shape)
        noisier = [fit.run(sample + sign * noise, prior, fitted) for sign in (1, -1)]
        drawn = prior.spreads[:, None] * np.random.default_rng(1).normal(size=prior.offsets.shape)
        made = fit.simulated(sample, fitted, (prior.offsets + drawn, prior.offsets - drawn), 0.0)
        known, start = dataclasses.replace(prior, scale=fitted.scale), Start(prior.offsets, fitted.scale)
        moved = [fit.run(one, known, start) for one in made]
        logs = [np.mean(np.log([one.scale / fitted.scale for one in fits])) for fits in (noisier, moved)]
        return float(np.exp(sum(logs)))

    def _fit_offsets(self, fit: Alternation, sample: np.ndarray, scale: float, evidence: Evidence) -> Step:
        """Offsets of a body of known scale whose standing paws are on the floor."""
        precise, prior = fit.refined(evidence), self._prior(evidence, evidence.spread, scale, 0.0)
        fitted = precise.run(sample, prior, Start(prior.offsets, scale))
        known = dataclasses.replace(prior, offsets=fitted.offsets)
        made = precise.simulated(sample, fitted, (fitted.offsets, fitted.offsets), fitted.noise)
        again = [precise.run(one, known, fitted).offsets for one in made]
        return dataclasses.replace(fitted, offsets=2 * fitted.offsets - np.mean(again, axis=0))

    def _prior(self, evidence: Evidence, share: float, scale: float, spread: float) -> Prior:
        """Offsets as uncertain as the evidence allows, and as far from their guesses as they need to be."""
        freedoms = self.markers.freedoms
        bounds = np.where(freedoms > 0, np.inf, 0.0)
        return Prior(self.markers.offsets, share * freedoms, bounds, scale, spread, evidence.worth)

    def _counted(self, advance: Callable[[int], None]) -> None:
        self.rounds_ += 1
        advance(1)

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
