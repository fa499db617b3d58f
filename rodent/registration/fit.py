"""Registration: which body, which offsets and which poses explain a recording's keypoints.

    registration = Registration(read_markers("rat23")).fit(keypoints)
    registration.scale_, registration.markers_         # what was fitted
    found = registration.transform(keypoints)          # poses and what they leave unexplained
    found.qpos, found.error                            # (frames, 74); metres, (frames, K)

`fit` alternates on frames that differ as much as possible: poses for the offsets and the scale
found so far, then offsets and scale (the STAC of Wu et al., Neural Comput. 25, 2318, 2013). Noise
makes limbs seem longer than they are; how much, is found from keypoints made from the fit with
noise as measured, and taken off (the parametric bootstrap; Efron and Tibshirani, An Introduction
to the Bootstrap, 1993, ch. 10). `transform` finds the poses of all frames together, in stretches
that overlap. Everything is done on a body of scale 1 and keypoints divided by the scale, so that
no body is compiled in between.
"""

import dataclasses
from collections.abc import Callable
from typing import Self

import numpy as np

from rodent.body import Body, BodyConfig
from rodent.errors import InputError
from rodent.keypoints import Keypoints
from rodent.kinematics.posture import Trunk, posed
from rodent.kinematics.skeleton import Skeleton
from rodent.registration.axes import require_upright
from rodent.registration.ground import Floor
from rodent.registration.markers import MarkerSet
from rodent.registration.offsets import SCALE_SPREAD, Prior, Step, adjusted
from rodent.registration.pose import FEWEST, PAWS, PoseSettings, PoseSolver
from rodent.registration.windows import track
from rodent.rotation import conjugate, rotate

_SAMPLE, _CANDIDATES = 200, 4000  # frames that are fitted to, and that these are chosen from
_NEARLY_ALL = 0.7  # share of the most keypoints of any frame that such a frame has
_ROUNDS = 15
_SETTLED = 2e-4  # metres that no offset moves by any more when the rounds end
_INDEPENDENT = 16.0  # frames that a whole sample is worth against the guesses: no rat is the model
_LIKELY_SCALE = 0.9  # of a rat relative to dm_control's
_LEAST_NOISE = 3e-4  # metres; no tracker is better


@dataclasses.dataclass(frozen=True)
class Registered:
    """Poses found for keypoints, and how well they explain them."""

    qpos: np.ndarray
    """For a body of the fitted scale, shape (frames, 74)."""
    points: np.ndarray
    """The measured keypoints, their floor level at height 0, metres, shape (frames, K, 3)."""
    positions: np.ndarray
    """Positions of the keypoints on the fitted body, metres, shape (frames, K, 3)."""
    error: np.ndarray
    """Distances of the measured keypoints from there, metres, NaN where missing, shape (frames, K)."""
    floor: Floor
    """As it was before it was made level at height 0, metres."""
    markers: MarkerSet
    """As fitted."""
    fps: float
    """Frames per second."""
    source: str
    """Where the keypoints came from."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the keypoints."""
        return self.markers.names


class Registration:
    """The estimator; see the module.

    Args:
        markers: which keypoints there are, and first guesses of where they are on the body.
        scale: of the body; fitted if not given.
        settings: how firmly poses are held to what.

    Raises:
        InputError: the scale is none of a rat, or a marker's body is unknown.

    Attributes:
        markers_: the markers with fitted offsets.
        scale_: of the body.
        noise_: standard deviation of a keypoint's coordinate, metres.
        rounds_: how often poses and offsets were fitted in turn.
    """

    def __init__(self, markers: MarkerSet, scale: float | None = None, settings: PoseSettings | None = None):
        if scale is not None:
            BodyConfig(scale=scale)  # which knows what is possible
        self.markers, self.scale = markers, scale
        self.settings = settings or PoseSettings()
        body = Body(BodyConfig(scale=1.0))
        self._body, self._skeleton = body, Skeleton(body, (*markers.bodies, *PAWS))
        self._rest = posed(body, Trunk.still(1))[0]
        self.markers_, self.scale_, self.rounds_ = markers, scale or _LIKELY_SCALE, 0
        self.noise_ = self.settings.keypoint_error

    @property
    def hinges(self) -> np.ndarray:
        """Those that the keypoints or the floor tell of, ids in the order of qpos[:, 7:]."""
        return self._skeleton.hinges

    def fit(self, keypoints: Keypoints, advance: Callable[[int], None] = lambda rounds: None) -> Self:
        """Find offsets and scale, and how large the keypoints' errors are.

        Args:
            keypoints: of a recording; those of the markers are used.
            advance: told of every round.

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
        guess = Prior(self.markers.offsets, self.markers.freedoms, self.scale_, spread)
        fitted = self._settled(sample, guess, advance)
        # what the fit does to keypoints whose offsets and scale are known; of noise and its mirror image only
        # what it does on the whole is left (antithetic variates; Hammersley and Morton, Math. Proc. Camb.
        # Phil. Soc. 52, 449, 1956)
        known = Prior(fitted.offsets, self.markers.freedoms, fitted.scale, spread)
        solver = self._solver(fitted.offsets)
        made = solver.positions(solver.solve(sample / fitted.scale, fitted.qpos)) * fitted.scale
        noise = np.random.default_rng(0).normal(0, fitted.noise, made.shape)
        noise[~np.isfinite(sample)] = np.nan
        again = [self._settled(made + one, known, advance) for one in (noise, -noise)]
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
        """Poses of every frame, continuous in time; frames without keypoints follow their neighbours.

        Args:
            keypoints: of a recording; those of the markers are used.
            advance: told of frames; every frame is fitted twice.
            threads: how many stretches are fitted at once, one per core if not given; the poses are
                the same for any number.

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
        """For these offsets, or for those fitted."""
        offsets = self.markers_.offsets if offsets is None else offsets
        return PoseSolver(
            self._skeleton, offsets, self.markers.weights, self._rest, settings or self.settings
        )

    def _settled(self, sample: np.ndarray, guess: Prior, advance: Callable[[int], None]) -> Step:
        """Offsets, scale and poses, fitted in turn until no offset moves."""
        offsets, scale, qpos = guess.offsets, guess.scale, None
        for _ in range(_ROUNDS):
            solver = self._solver(offsets)
            qpos = solver.solve(sample / scale, qpos)
            step = adjusted(solver, sample, qpos, scale, guess, _INDEPENDENT)
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
        """Frames whose shapes differ as much as possible, chosen one after another."""
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
