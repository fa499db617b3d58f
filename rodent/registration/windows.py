"""Poses of a recording of any length, in stretches that overlap, on all cores.

    tracked = track(solver, body, points, fps)
    tracked.qpos, tracked.positions, tracked.floor

Frames are begun one by one, ten in a second; those between take their neighbours' posture, put
where it fits them best. The floor is found from their lowest paws and made level. Then the motion of
each stretch is fitted as a whole; where two overlap, one gives way to the other little by little, so
that no seam shows. Besides the result no more is held than a few stretches.
"""

import dataclasses
import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.ndimage import minimum_filter1d
from threadpoolctl import threadpool_limits

from rodent.body import Body
from rodent.kinematics.skeleton import BLOCK
from rodent.registration.ground import Floor, find_floor, lowest_paws
from rodent.registration.pose import FEWEST, PoseSolver, nearest
from rodent.registration.smoother import smoothed

_BEGUN = 0.1  # seconds from one frame that is begun by itself to the next
_STRETCH = 500  # frames
_OVERLAP = 1.0  # seconds that a stretch is fitted beyond its ends
_GAP = 0.2  # seconds without keypoints, over which nothing is told
_NOUGHT = 1e-12  # radians, metres


@dataclasses.dataclass(frozen=True)
class Tracked:
    """Poses of a body above a level floor at height 0; metres."""

    qpos: np.ndarray
    """Shape (frames, 74)."""
    points: np.ndarray
    """The keypoints, shape (frames, K, 3)."""
    positions: np.ndarray
    """Their positions on the body, shape (frames, K, 3)."""
    floor: Floor
    """As it was in the keypoints given."""


def track(
    solver: PoseSolver,
    body: Body,
    points: np.ndarray,
    fps: float,
    advance: Callable[[int], None] = lambda frames: None,
    threads: int | None = None,
) -> Tracked:
    """Poses of every frame.

    Args:
        solver: of the poses.
        body: that they are of.
        points: keypoints, metres, NaN where missing, shape (frames, K, 3).
        fps: frames per second.
        advance: told of frames; every frame is fitted twice.
        threads: how many stretches are fitted at once, one per core if not given; the poses are the
            same for any number.
    """
    seen = np.isfinite(points[..., 0]).sum(axis=1)
    # threads of BLAS within those of the pool would mostly wait for one another
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        begun = _begun(pool, solver, points, max(1, int(_BEGUN * fps)), advance)
        floor = find_floor(lowest_paws(begun[seen >= FEWEST], body))
        points, begun = floor.level(points), floor.level_poses(begun)
        apart = _gaps(seen == 0, _GAP * fps)
        stretches = _stretches(seen, fps)

        def smooth(stretch: _Stretch) -> np.ndarray:
            frames = stretch.wide
            found = smoothed(solver, points[frames], begun[frames], fps, apart[frames])
            # of the two signs of a quaternion the one that all stretches share
            found[:, 3:7] *= np.sign(np.sum(found[:, 3:7] * begun[frames, 3:7], axis=1, keepdims=True))
            return found

        qpos = np.zeros_like(begun)
        for stretch, found in zip(stretches, pool.map(smooth, stretches), strict=True):
            qpos[stretch.wide] += stretch.share[:, None] * found
            advance(stretch.own.stop - stretch.own.start)
        qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
        _die_away(qpos)
    return Tracked(qpos, points, solver.positions(qpos), floor)


def _begun(
    pool: ThreadPoolExecutor,
    solver: PoseSolver,
    points: np.ndarray,
    every: int,
    advance: Callable[[int], None],
) -> np.ndarray:
    """Poses to begin with, one of so many frames solved and the others put between, shape (frames, 74)."""
    seen = np.isfinite(points[..., 0]).sum(axis=1)
    enough = seen >= FEWEST
    shown = np.flatnonzero(enough)
    alone = shown[::every]
    solved, placed = (np.empty((len(frames), len(solver.rest))) for frames in (alone, shown))
    for at, poses in enumerate(pool.map(lambda frames: solver.solve(points[frames]), _pieces(alone))):
        solved[at * BLOCK : (at + 1) * BLOCK] = poses
        advance(len(poses) * every)
    advance(len(points) - len(alone) * every)

    def place(frames: np.ndarray) -> np.ndarray:
        return solver.placed(points[frames], _between(alone, solved, frames))

    for at, poses in enumerate(pool.map(place, _pieces(shown))):
        placed[at * BLOCK : (at + 1) * BLOCK] = poses
    begun = placed[np.searchsorted(shown, nearest(enough))]
    few = (seen > 0) & ~enough
    begun[few, :3] += np.nanmean(points[few] - solver.positions(begun[few]), axis=1)
    return begun


def _gaps(missing: np.ndarray, longest: float) -> np.ndarray:
    """Frames in stretches of more missing ones than that, bool, shape (frames,)."""
    edges = np.flatnonzero(np.diff(missing.astype(np.int8), prepend=0, append=0))
    long = np.zeros(len(missing), bool)
    for start, stop in edges.reshape(-1, 2):
        long[start:stop] = stop - start > longest
    return long


@dataclasses.dataclass(frozen=True)
class _Stretch:
    own: slice
    wide: slice
    """Its own frames and as many on both sides as are fitted with them."""
    share: np.ndarray
    """What its poses count for in the result; of all stretches together 1 in every frame."""


def _stretches(seen: np.ndarray, fps: float) -> list[_Stretch]:
    """Stretches of about the same length, which meet where most keypoints are seen.

    Args:
        seen: how many keypoints are, shape (frames,).
        fps: frames per second.
    """
    n_frames, overlap = len(seen), round(_OVERLAP * fps)
    length = max(_STRETCH, 4 * overlap)  # so that not most of the work is done twice
    # where little is known of a pose, a stretch may find another than its neighbour
    known = np.minimum(minimum_filter1d(seen, 2 * overlap + 1), seen.max() / 2)
    edges = [0]
    while n_frames - edges[-1] > 1.5 * length:
        among = edges[-1] + np.arange(length // 2, length + length // 2)
        best = among[known[among] == known[among].max()]
        edges.append(int(best[np.abs(best - edges[-1] - length).argmin()]))
    edges.append(n_frames)
    stretches = []
    for start, stop in itertools.pairwise(edges):
        wide = slice(max(start - overlap, 0), min(stop + overlap, n_frames))
        frames, half = np.arange(wide.start, wide.stop), overlap / 2
        share = np.ones(len(frames))
        if start > 0:
            share *= np.clip((frames - start + half) / overlap, 0, 1)
        if stop < n_frames:
            share *= np.clip((stop + half - frames) / overlap, 0, 1)
        stretches.append(_Stretch(slice(start, stop), wide, share))
    return stretches


def _die_away(qpos: np.ndarray) -> None:
    """Put nought for what is as good as nought, in place.

    A toe that the floor has bent goes on to rest for as long as it is in the air: to numbers so small that
    their differences have no inverse, which interpolation needs.
    """
    qpos[np.abs(qpos) < _NOUGHT] = 0.0


def _pieces(frames: np.ndarray) -> list[np.ndarray]:
    return [frames[at : at + BLOCK] for at in range(0, len(frames), BLOCK)]


def _between(known: np.ndarray, poses: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Poses of the known frames, with hinge angles on a line between them, shape (frames, 74)."""
    before = np.searchsorted(known, frames, side="right") - 1
    after = np.minimum(before + 1, len(known) - 1)
    part = (frames - known[before]) / np.maximum(known[after] - known[before], 1)
    between = poses[before]
    between[:, 7:] += part[:, None] * (poses[after] - poses[before])[:, 7:]
    return between
