"""Cleaning of keypoints: tracking errors that show in the keypoints alone are removed and counted.

    keypoints, cleaning = clean(keypoints, max_gap=0.1)
    cleaning.to_json()["total"]        # {'uncertain': 0, 'swapped': 12, 'spikes': 31, ...}

The steps, in this order: points of low confidence become missing; frames in which tracking of the whole
animal is lost become missing; swapped left and right are exchanged back; points that jump away and back
(spikes) become missing; short gaps are filled. Long gaps stay. Where one recording ends and another begins in
the same file, frames on both sides become missing, so that clips end there.
"""

import dataclasses
from typing import Any

import numpy as np

from rodent.errors import InputError
from rodent.keypoints.keypoints import Keypoints
from rodent.keypoints.losses import gaps_around, lost_frames, splice_frames
from rodent.keypoints.swaps import in_place, side_pairs, swapped_frames

# metres from the running median of 7 frames. In nine public clips of real rats that walk, rear and
# groom (mimic-mjx, 50 Hz) paws reach 16 mm, and 24 mm where every other frame is left out
MAX_SPIKE = 0.03
HALF_WINDOW = 3  # frames: of a spike of 3, the 4 others of the window hold the median
MAX_GAP = 0.1  # seconds
MAX_SPEED = 5.0  # m/s; a rat's sprint stays below 4


@dataclasses.dataclass(frozen=True, eq=False)
class Cleaning:
    """Number of frames changed per keypoint, shape (K,) each."""

    names: tuple[str, ...]
    """Names of the K keypoints."""
    n_frames: int
    """Number of frames."""
    uncertain: np.ndarray
    """Removed because of low confidence."""
    lost: np.ndarray
    """Removed because most keypoints jump away and back together."""
    spliced: np.ndarray
    """Removed because two recordings meet there."""
    swapped: np.ndarray
    """Exchanged with the other side."""
    spikes: np.ndarray
    """Removed because they jump away and back."""
    filled: np.ndarray
    """Filled from the neighbouring frames."""
    missing: np.ndarray
    """Missing after cleaning."""

    def to_json(self) -> dict[str, Any]:
        """The counts per keypoint and in total, as plain numbers."""
        counts = {kind: getattr(self, kind).tolist() for kind in _KINDS}
        rows = [dict(zip(counts, row, strict=True)) for row in zip(*counts.values(), strict=True)]
        return {
            "frames": self.n_frames,
            "total": {kind: sum(values) for kind, values in counts.items()},
            "keypoints": dict(zip(self.names, rows, strict=True)),
        }


_KINDS = ("uncertain", "lost", "spliced", "swapped", "spikes", "filled", "missing")


def clean(
    keypoints: Keypoints,
    *,
    min_confidence: float = 0.0,
    max_spike: float = MAX_SPIKE,
    max_gap: float = MAX_GAP,
) -> tuple[Keypoints, Cleaning]:
    """Remove tracking errors.

    Args:
        keypoints: as read.
        min_confidence: points of a lower confidence become missing; 0 keeps all.
        max_spike: largest distance of a point from its running median over 7 frames, and largest joint jump
            of most points, metres.
        max_gap: seconds; gaps no longer than this are filled with a shape-preserving cubic (PCHIP)
            through the points around, which never leaves the range between them.

    Raises:
        InputError: a limit is invalid, or a keypoint has no points left.
    """
    if not max_spike > 0:
        raise InputError(f"max_spike is {max_spike:g} m; it must be positive")
    if not 0 <= max_gap < np.inf:
        raise InputError(f"max_gap is {max_gap:g} s; it must not be negative")
    trusted = keypoints.confident(min_confidence)
    lost = lost_frames(trusted.points, trusted.fps, max_spike)
    found = dataclasses.replace(trusted, points=np.where(lost[:, None, None], np.nan, trusted.points))
    sided, swapped = _unswap_sides(found)
    spikes = _spikes(sided.points, max_spike)
    calm = np.where(spikes[..., None], np.nan, sided.points)
    splices = splice_frames(calm, keypoints.fps, MAX_SPEED)
    spliced = gaps_around(splices, keypoints.n_frames, keypoints.fps)
    apart = np.where(spliced[:, None, None], np.nan, calm)
    whole = _fill(apart, int(max_gap * keypoints.fps + 1e-6))
    notes = tuple(
        f"{keypoints.source} frame {frame}: all keypoints jump; another recording begins, and clips end there"
        for frame in splices.tolist()
    )
    cleaned = dataclasses.replace(sided, points=whole, notes=(*sided.notes, *notes))
    cleaning = Cleaning(
        keypoints.names,
        keypoints.n_frames,
        uncertain=_count(trusted.missing & ~keypoints.missing),
        lost=_count(lost[:, None] & ~trusted.missing),
        spliced=_count(spliced[:, None] & ~np.isnan(calm[..., 0])),
        swapped=_count(swapped),
        spikes=_count(spikes),
        filled=_count(np.isnan(apart[..., 0]) & ~cleaned.missing),
        missing=_count(cleaned.missing),
    )
    return cleaned, cleaning


def _count(frames: np.ndarray) -> np.ndarray:
    return np.count_nonzero(frames, axis=0)


def _unswap_sides(keypoints: Keypoints) -> tuple[Keypoints, np.ndarray]:
    """Exchange swapped sides; also returns where, bool, shape (frames, K)."""
    order = np.tile(np.arange(len(keypoints.names)), (keypoints.n_frames, 1))
    still = in_place(keypoints.points)
    for pair in side_pairs(keypoints.names):
        left, right = (keypoints.names.index(name) for name in pair)
        swapped = swapped_frames(still[:, left], still[:, right], keypoints.fps)
        order[swapped, left], order[swapped, right] = right, left
    points = np.take_along_axis(keypoints.points, order[..., None], axis=1)
    confidence = keypoints.confidence
    confidence = None if confidence is None else np.take_along_axis(confidence, order, axis=1)
    put_right = dataclasses.replace(keypoints, points=points, confidence=confidence)
    return put_right, order != np.arange(len(keypoints.names))


def _spikes(points: np.ndarray, max_spike: float) -> np.ndarray:
    """Where a keypoint is far from the running median of its coordinates, shape (frames, K)."""
    # one keypoint at a time: the windows take 7 times the space
    far = [np.linalg.norm(track - _running_median(track), axis=-1) > max_spike for track in _tracks(points)]
    return np.stack(far, axis=1)


def _running_median(track: np.ndarray) -> np.ndarray:
    """Median of each coordinate over the 7 frames around; metres, shape (frames, 3).

    A frame counts only with its mirror image on the other side: on a straight way the middle of
    the window is then its median, at the edge of a gap too, however fast the rat runs.
    """
    padded = np.pad(track, ((HALF_WINDOW, HALF_WINDOW), (0, 0)), constant_values=np.nan)
    window = np.lib.stride_tricks.sliding_window_view(padded, 2 * HALF_WINDOW + 1, axis=0)
    paired = np.sort(np.where(np.isnan(window[..., ::-1]), np.nan, window), axis=-1)  # NaN last
    middle = np.maximum((~np.isnan(paired)).sum(axis=-1, keepdims=True) - 1, 0) // 2
    return np.take_along_axis(paired, middle, axis=-1)[..., 0]


def _fill(points: np.ndarray, longest: int) -> np.ndarray:
    """The points with gaps of at most `longest` frames filled, shape (frames, K, 3)."""
    from scipy.interpolate import PchipInterpolator

    filled = points.copy()
    frames = np.arange(len(points))
    for track in _tracks(filled):
        gaps = _short_gaps(np.isnan(track[:, 0]), longest)
        if gaps.any():
            seen = ~np.isnan(track[:, 0])
            # it inverts slopes twice: of the flattest the first inverse may overflow, the second is 0 then
            with np.errstate(over="ignore"):
                track[gaps] = PchipInterpolator(frames[seen], track[seen], axis=0)(frames[gaps])
    return filled


def _tracks(points: np.ndarray) -> np.ndarray:
    """Views of the keypoints one by one, shape (K, frames, 3)."""
    return points.transpose(1, 0, 2)


def _short_gaps(missing: np.ndarray, longest: int) -> np.ndarray:
    """Frames in gaps that begin and end in the recording and are not longer, shape (frames,)."""
    edges = np.diff(missing.astype(np.int8), prepend=0, append=0)
    starts, stops = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    short = (stops - starts <= longest) & (starts > 0) & (stops < len(missing))
    inside = np.zeros(len(missing) + 1, int)
    inside[starts[short]], inside[stops[short]] = 1, -1
    return np.cumsum(inside[:-1]) > 0
