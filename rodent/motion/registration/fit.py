"""Registration: which body, which offsets and which poses explain a recording's keypoints.

    registration = Registration(read_markers("rat23")).fit(keypoints)
    registration.scale_, registration.markers_         # what was fitted
    found = registration.transform(keypoints)          # poses and what they leave unexplained
    found.qpos, found.error                            # (frames, 74); metres, (frames, K)

`fit` alternates on frames that differ as much as possible: poses for the offsets and the scale
found so far, then offsets and scale for these poses (the STAC of Wu et al., Neural Comput. 25,
2318, 2013). Everything is done on a body of scale 1 and keypoints divided by the scale, so that
no body is compiled in between.
"""

import dataclasses
from collections.abc import Callable
from typing import Self

import numpy as np
from scipy.ndimage import gaussian_filter1d

from rodent.body import Body, BodyConfig
from rodent.errors import InputError
from rodent.motion.keypoints import Keypoints
from rodent.motion.kinematics import conjugate, continuous_quaternions, rotate
from rodent.motion.registration.axes import require_upright
from rodent.motion.registration.ground import Floor, find_floor, lowest_paws
from rodent.motion.registration.markers import MarkerSet
from rodent.motion.registration.pose import FEWEST, PAWS, PoseSettings, PoseSolver
from rodent.motion.registration.skeleton import Skeleton
from rodent.motion.synth.posture import Trunk, posed

_SAMPLE, _CANDIDATES = 200, 4000  # frames that are fitted to, and that these are chosen from
_NEARLY_ALL = 0.7  # share of the most keypoints of any frame that such a frame has
_ROUNDS = 40
_SETTLED = 2e-3  # relative change of the mean error below which the rounds end
_INDEPENDENT = 8.0  # frames that a whole sample is worth against the guesses: poses give way, too
_LIKELY_SCALE, _SCALE_SPREAD = 0.9, 0.15  # of a rat relative to dm_control's; adult rats


@dataclasses.dataclass(frozen=True)
class Registered:
    """Poses found for keypoints, and how well they explain them."""

    qpos: np.ndarray
    """For a body of the fitted scale, shape (frames, 74)."""
    points: np.ndarray
    """The measured keypoints, their floor level at height 0, metres, shape (frames, K, 3)."""
    places: np.ndarray
    """Where the keypoints are on that body, metres, shape (frames, K, 3)."""
    error: np.ndarray
    """Distances of the measured keypoints from there, metres, NaN where missing, shape (frames, K)."""
    floor: Floor
    """As it was before it was made level at height 0, metres."""
    names: tuple[str, ...]
    """Of the keypoints."""
    fps: float
    """Frames per second."""
    source: str
    """Where the keypoints came from."""


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

    @property
    def hinges(self) -> np.ndarray:
        """Those that the keypoints or the floor tell of, ids in the order of qpos[:, 7:]."""
        return self._skeleton.hinges

    def fit(self, keypoints: Keypoints, advance: Callable[[int], None] = lambda rounds: None) -> Self:
        """Find offsets and scale.

        Args:
            keypoints: of a recording; those of the markers are used.
            advance: told of every round.

        Raises:
            InputError: a marker is not among the keypoints, no frame has enough of them, they are
                mirrored, or z does not point up.
        """
        points = self._points(keypoints)
        require_upright(self._solver(), points / self.scale_, keypoints.source)
        sample = points[self._diverse(points)]
        qpos, before = None, np.inf
        for round_ in range(_ROUNDS):
            solver = self._solver()
            qpos = solver.solve(sample / self.scale_, start=qpos)
            offsets, scale, error = self._adjusted(sample, qpos)
            self.markers_ = dataclasses.replace(self.markers_, offsets=offsets)
            self.scale_, self.rounds_ = scale, round_ + 1
            advance(1)
            if abs(before - error) < _SETTLED * error:
                break
            before = error
        return self

    def transform(
        self,
        keypoints: Keypoints,
        advance: Callable[[int], None] = lambda frames: None,
        threads: int | None = None,
    ) -> Registered:
        """Poses of every frame, continuous in time; frames without keypoints follow their neighbours.

        `advance` is told of frames; every frame is fitted twice. `threads` is as in `PoseSolver.solve`.

        Raises:
            InputError: a marker is not among the keypoints, or no frame has enough of them.
        """
        points = self._points(keypoints) / self.scale_
        solver = self._solver()
        alone = solver.solve(points, advance=advance, threads=threads)
        floor = find_floor(lowest_paws(alone, self._body))
        points, alone = floor.level(points), floor.level_poses(alone)
        # what neighbouring frames have found, so that all take the same way
        around = _smooth(alone, self.settings.smoothing * keypoints.fps)
        qpos = solver.solve(points, around=around, floor=True, advance=advance, threads=threads)
        places = solver.places(qpos)
        error = np.linalg.norm(points - places, axis=-1)
        qpos[:, :3] *= self.scale_
        qpos[:, 3:7] = continuous_quaternions(qpos[:, 3:7])
        return Registered(
            qpos=qpos,
            points=points * self.scale_,
            places=places * self.scale_,
            error=error * self.scale_,
            floor=floor.scaled(self.scale_),
            names=self.markers.names,
            fps=keypoints.fps,
            source=keypoints.source,
        )

    def _solver(self) -> PoseSolver:
        markers = self.markers_
        return PoseSolver(self._skeleton, markers.offsets, markers.weights, self._rest, self.settings)

    def _points(self, keypoints: Keypoints) -> np.ndarray:
        """The markers' points, metres, shape (frames, K, 3)."""
        points = keypoints.subset(self.markers.names).points
        most = int(np.all(np.isfinite(points), axis=-1).sum(axis=1).max())
        if most < FEWEST:
            raise InputError(
                f"{keypoints.source}: no frame has more than {most} of {len(self.markers.names)} markers; "
                f"{FEWEST} are needed to put the body into place"
            )
        return points

    def _diverse(self, points: np.ndarray) -> np.ndarray:
        """Frames whose shapes differ as much as possible, chosen one after another."""
        enough = np.all(np.isfinite(points), axis=-1).sum(axis=1)
        candidates = np.flatnonzero(enough >= max(FEWEST, _NEARLY_ALL * enough.max()))
        candidates = candidates[
            np.linspace(0, len(candidates) - 1, min(_CANDIDATES, len(candidates))).astype(int)
        ]
        chosen = points[candidates]
        placed = self._solver().placed(chosen / self.scale_)
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

    def _adjusted(self, sample: np.ndarray, qpos: np.ndarray) -> tuple[np.ndarray, float, float]:
        """Offsets and scale that fit poses best, and the mean error before, metres."""
        markers = self.markers_
        origin, turn = self._skeleton.frames(self._skeleton.batch(len(qpos)), qpos)
        k = len(markers.names)
        origin, turn = origin[:, :k], turn[:, :k]
        seen = np.all(np.isfinite(sample), axis=-1)
        places = origin + rotate(turn, np.broadcast_to(markers.offsets, origin.shape))
        error = np.linalg.norm(sample / self.scale_ - places, axis=-1)
        # a keypoint far off the mark says little of where it belongs
        trust = np.where(seen, 1 / (1 + (error / self.settings.outlier) ** 2) ** 2, 0.0)
        local = rotate(conjugate(turn), sample / self.scale_ - origin)
        share = trust / np.maximum(trust.sum(axis=0), 1e-12)
        found = np.sum(np.where(seen[..., None], local, 0.0) * share[..., None], axis=0)
        # the guess counts for as much as its freedom says
        data = _INDEPENDENT / self.settings.keypoint_error**2 * np.any(seen, axis=0)
        guess = 1 / np.maximum(markers.freedoms, 1e-9) ** 2
        offsets = (data[:, None] * found + guess[:, None] * self.markers.offsets) / (data + guess)[:, None]
        scale = self.scale_ if self.scale else self._scale_of(sample, places, trust * markers.weights)
        return offsets, scale, float(self.scale_ * np.average(error[seen]))

    def _scale_of(self, sample: np.ndarray, places: np.ndarray, weight: np.ndarray) -> float:
        """The scale at which the body of scale 1 fits best, near the likely one."""
        share = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        there = np.where(weight[..., None] > 0, sample, 0.0)
        apart = there - np.einsum("fk,fki->fi", share, there)[:, None]
        model = places - np.einsum("fk,fki->fi", share, places)[:, None]
        held = (self.settings.keypoint_error / _SCALE_SPREAD) ** 2
        # per frame, as for the offsets
        both = np.einsum("fk,fki,fki->", share, apart, model) / len(sample) * _INDEPENDENT
        own = np.einsum("fk,fki,fki->", share, model, model) / len(sample) * _INDEPENDENT
        return float((both + held * _LIKELY_SCALE) / (own + held))


def _smooth(qpos: np.ndarray, width: float) -> np.ndarray:
    """Poses averaged over neighbouring frames; width in frames."""
    same_signs = np.concatenate([qpos[:, :3], continuous_quaternions(qpos[:, 3:7]), qpos[:, 7:]], axis=1)
    found = gaussian_filter1d(same_signs, width, axis=0, mode="nearest")
    found[:, 3:7] /= np.linalg.norm(found[:, 3:7], axis=1, keepdims=True)
    return found
