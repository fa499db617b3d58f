"""Poses of a recording of any length, in overlapping windows, on all cores.

    tracked = track(solver, body, points, fps)
    tracked.qpos, tracked.positions, tracked.floor

Ten frames per second are solved one by one. The frames between are initialised with their neighbours'
posture, rigidly aligned. The floor is estimated from the lowest paws and levelled. Paws that stand are found
from the keypoints. Then the motion of each window is smoothed jointly, with standing paws planted on the
floor, and overlapping windows are cross-faded. Memory holds the result and a few windows.
"""

import contextlib
import dataclasses
import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.ndimage import minimum_filter1d
from threadpoolctl import threadpool_limits

from rodent.kinematics.skeleton import BLOCK
from rodent.registration.ground import Floor, find_floor, lowest_paws, paw_heights
from rodent.registration.pose import FEWEST, PoseSolver, nearest
from rodent.registration.smoother import smoothed
from rodent.registration.stance import find_standing
from rodent.scene import Scene

_KEYFRAMES = 0.1  # seconds between frames that are solved one by one
_WINDOW = 500  # frames
_OVERLAP, _BRIEFEST, _LONGEST = 50, 0.5, 1.0  # frames by which a window extends beyond its own; in seconds
_GAP = 0.2  # seconds without keypoints across which frames are not coupled
_FEW = 10  # standing paws, counted in every frame, that a height of the floor is taken from
_TINY = 1e-12  # radians, metres


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
    """The floor in the keypoints as given."""
    standing: np.ndarray
    """Whether a paw stands, as the keypoints show it, in the order of PAW_NAMES, bool, shape (frames, 4)."""


def track(
    solver: PoseSolver,
    body: Scene,
    points: np.ndarray,
    fps: float,
    advance: Callable[[int], None] = lambda frames: None,
    threads: int | None = None,
) -> Tracked:
    """Poses of every frame.

    Args:
        solver: of the poses.
        body: of the poses.
        points: keypoints, metres, NaN where missing, shape (frames, K, 3).
        fps: frames per second.
        advance: called with the number of frames fitted; every frame is fitted twice.
        threads: windows fitted in parallel, one per core by default. The poses do not depend on it.
    """
    seen = np.isfinite(points[..., 0]).sum(axis=1)
    with _workers(threads) as pool:
        ground = _grounded(pool, solver, body, points, fps, advance)
        points, initial, standing = ground.points, ground.qpos, ground.standing
        apart = _gaps(seen == 0, _GAP * fps)
        windows = _windows(seen, fps)

        def smooth(window: _Window) -> np.ndarray:
            frames = window.wide
            found = smoothed(solver, points[frames], initial[frames], fps, apart[frames], standing[frames])
            # all windows use the same sign of a quaternion
            found[:, 3:7] *= np.sign(np.sum(found[:, 3:7] * initial[frames, 3:7], axis=1, keepdims=True))
            return found

        qpos = np.zeros_like(initial)
        for window, found in zip(windows, pool.map(smooth, windows), strict=True):
            qpos[window.wide] += window.weight[:, None] * found
            advance(window.own.stop - window.own.start)
        qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
        _flush_tiny(qpos)
    return Tracked(qpos, points, solver.positions(qpos), ground.floor, standing)


@dataclasses.dataclass(frozen=True)
class Grounded:
    """Approximate poses above a level floor at height 0, and which paws stand there; metres."""

    qpos: np.ndarray
    """Shape (frames, 74)."""
    points: np.ndarray
    """The keypoints, shape (frames, K, 3)."""
    floor: Floor
    """The floor in the keypoints as given."""
    standing: np.ndarray
    """Whether a paw stands, bool, shape (frames, 4)."""


def grounded(
    solver: PoseSolver,
    body: Scene,
    points: np.ndarray,
    fps: float,
    advance: Callable[[int], None] = lambda frames: None,
    threads: int | None = None,
) -> Grounded:
    """Approximate poses, floor and stance of every frame; the arguments are those of `track`."""
    with _workers(threads) as pool:
        return _grounded(pool, solver, body, points, fps, advance)


@contextlib.contextmanager
def _workers(threads: int | None) -> Iterator[ThreadPoolExecutor]:
    """A pool of threads; BLAS threads inside them would wait for each other."""
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        yield pool


def _grounded(
    pool: ThreadPoolExecutor,
    solver: PoseSolver,
    body: Scene,
    points: np.ndarray,
    fps: float,
    advance: Callable[[int], None],
) -> Grounded:
    seen = np.isfinite(points[..., 0]).sum(axis=1)
    initial = _initial(pool, solver, points, max(1, int(_KEYFRAMES * fps)), advance)
    floor = find_floor(lowest_paws(initial[seen >= FEWEST], body))
    # the lowest of four paws is lower than the one that stands
    level = floor.level_poses(initial)
    standing = _standing(solver, body, floor.level(points), level, fps)
    floor = floor.raised(_height(paw_heights(level, body)[standing]))
    level, points = floor.level_poses(initial), floor.level(points)
    return Grounded(level, points, floor, _standing(solver, body, points, level, fps))


def _initial(
    pool: ThreadPoolExecutor,
    solver: PoseSolver,
    points: np.ndarray,
    every: int,
    advance: Callable[[int], None],
) -> np.ndarray:
    """Initial poses: every n-th frame solved, the others aligned between, shape (frames, 74)."""
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
    initial = placed[np.searchsorted(shown, nearest(enough))]
    few = (seen > 0) & ~enough
    initial[few, :3] += np.nanmean(points[few] - solver.positions(initial[few]), axis=1)
    return initial


def _standing(
    solver: PoseSolver, body: Scene, points: np.ndarray, initial: np.ndarray, fps: float
) -> np.ndarray:
    """Which paws stand, bool, shape (frames, 4), in poses above a level floor at height 0."""
    rest = solver.rest[None]
    levels = solver.positions(rest)[0, :, 2] - lowest_paws(rest, body)[0, 2]
    noise = solver.settings.keypoint_error
    return find_standing(solver.probes, levels, points, solver.positions(initial), fps, noise)


def _height(lowest: np.ndarray) -> float:
    """Median of the heights of standing paws, metres, shape (n,); 0 if too few stand."""
    return float(np.median(lowest)) if len(lowest) >= _FEW else 0.0


def _gaps(missing: np.ndarray, longest: float) -> np.ndarray:
    """Frames in gaps longer than `longest`, bool, shape (frames,)."""
    edges = np.flatnonzero(np.diff(missing.astype(np.int8), prepend=0, append=0))
    long = np.zeros(len(missing), bool)
    for start, stop in edges.reshape(-1, 2):
        long[start:stop] = stop - start > longest
    return long


@dataclasses.dataclass(frozen=True)
class _Window:
    own: slice
    wide: slice
    """Its own frames and the overlap on both sides."""
    weight: np.ndarray
    """Weight of its poses in the result; sums to 1 over the windows in every frame."""


def _windows(seen: np.ndarray, fps: float) -> list[_Window]:
    """Stretches of about the same length, which meet where most keypoints are seen.

    Args:
        seen: how many keypoints are, shape (frames,).
        fps: frames per second.
    """
    n_frames, overlap = len(seen), round(float(np.clip(_OVERLAP, _BRIEFEST * fps, _LONGEST * fps)))
    length = max(_WINDOW, 4 * overlap)  # so that the overlap does not dominate the work
    # where few keypoints are seen, neighbouring windows may find different poses
    known = np.minimum(minimum_filter1d(seen, 2 * overlap + 1), seen.max() / 2)
    edges = [0]
    while n_frames - edges[-1] > 1.5 * length:
        among = edges[-1] + np.arange(length // 2, length + length // 2)
        best = among[known[among] == known[among].max()]
        edges.append(int(best[np.abs(best - edges[-1] - length).argmin()]))
    edges.append(n_frames)
    windows = []
    for start, stop in itertools.pairwise(edges):
        wide = slice(max(start - overlap, 0), min(stop + overlap, n_frames))
        frames, half = np.arange(wide.start, wide.stop), overlap / 2
        weight = np.ones(len(frames))
        if start > 0:
            weight *= np.clip((frames - start + half) / overlap, 0, 1)
        if stop < n_frames:
            weight *= np.clip((stop + half - frames) / overlap, 0, 1)
        windows.append(_Window(slice(start, stop), wide, weight))
    return windows


def _flush_tiny(qpos: np.ndarray) -> None:
    """Set tiny numbers to zero, in place.

    Toes bent by the floor relax in the air to numbers so small that the inverse of their differences, which
    interpolation needs, overflows.
    """
    qpos[np.abs(qpos) < _TINY] = 0.0


def _pieces(frames: np.ndarray) -> list[np.ndarray]:
    return [frames[at : at + BLOCK] for at in range(0, len(frames), BLOCK)]


def _between(known: np.ndarray, poses: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Poses of the last known frame, with hinge angles interpolated linearly, shape (frames, 74)."""
    before = np.searchsorted(known, frames, side="right") - 1
    after = np.minimum(before + 1, len(known) - 1)
    part = (frames - known[before]) / np.maximum(known[after] - known[before], 1)
    between = poses[before]
    between[:, 7:] += part[:, None] * (poses[after] - poses[before])[:, 7:]
    return between
