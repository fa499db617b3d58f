"""Which paws stand, and where: from keypoints that are low and slow above the floor.

    probes = paw_probes(body_names)                       # the keypoints nearest to each paw
    standing = find_standing(probes, levels, points, positions, fps, noise)
    stance = Stance.resting(standing, pads, fps)          # where the pads are on average

The probe of a paw is the mean of its own keypoints; without any, of those on the segment above it, as the
shank. Its lowest level while it is slow is the level at which the paw stands, so that neither a keypoint's
offset nor the thickness of the paw need to be known. All lengths are those of a body of scale 1, so that
small animals step as high and as fast as large ones.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.ndimage import uniform_filter1d

from rodent.kinematics.paws import PAW_NAMES

_CHAINS = {  # bodies of a paw, then the segment above it
    "fore_L": (("finger_L", "hand_L"), ("lower_arm_L",)),
    "fore_R": (("finger_R", "hand_R"), ("lower_arm_R",)),
    "hind_L": (("toe_L", "foot_L"), ("lower_leg_L",)),
    "hind_R": (("toe_R", "foot_R"), ("lower_leg_R",)),
}
# metres above its standing level below which a probe is low: of hands, of feet, whose heel and ball leave the
# floor before the toes do, and of the segments above
_LOW_HAND, _LOW_FOOT, _LOW_ABOVE = 0.007, 0.015, 0.010
_LEVEL = 10.0  # percentile of the heights of slow frames that is the standing level
_OFF = 0.012  # metres; the most by which the standing level may differ from that of the standing body
# m/s below which a probe is slow: this fraction of its fast movements, within these bounds
_SLOW, _FAST, _SLOWEST, _FASTEST = 0.35, 95.0, 0.08, 0.4
_CERTAIN = 2.5  # standard deviations of noise that a probe at rest stays within
_BLUR, _STEP, _AROUND = 0.06, 0.04, 0.25  # seconds; of the mean, of a speed, of a place


@dataclasses.dataclass(frozen=True)
class Probe:
    """What is measured of a paw."""

    keypoints: np.ndarray
    """Indices of its keypoints; none if there are none on the paw or the segment above it."""
    own: bool
    """Whether they are on the paw itself."""


@dataclasses.dataclass(frozen=True)
class Stance:
    """Standing paws, in the order of PAW_NAMES."""

    standing: np.ndarray
    """Whether a paw stands, bool, shape (frames, 4)."""
    place: np.ndarray
    """Where its pad rests on the floor plan, metres, shape (frames, 4, 2); NaN where that is not known."""

    @classmethod
    def anywhere(cls, standing: np.ndarray) -> "Stance":
        """Paws that stand somewhere on the floor; bool, shape (frames, 4)."""
        return cls(standing, np.full((*standing.shape, 2), np.nan))

    @classmethod
    def resting(cls, standing: np.ndarray, pads: np.ndarray, fps: float) -> "Stance":
        """Paws that stand, bool, shape (frames, 4), where their pads, metres, shape (frames, 4, 3), are on
        average in the quarter of a second before and after, within the same stance.
        """
        half = round(_AROUND * fps)
        places = [_stance_means(pads[:, paw, :2], standing[:, paw], half) for paw in range(len(PAW_NAMES))]
        return cls(standing, np.stack(places, axis=1))

    def at(self, frames: slice | np.ndarray) -> "Stance":
        """The same in some frames."""
        return Stance(self.standing[frames], self.place[frames])


def paw_probes(bodies: Sequence[str]) -> tuple[Probe, ...]:
    """The keypoints that tell about each paw, given the body of every keypoint.

    >>> [(p.keypoints.tolist(), p.own) for p in paw_probes(["lower_leg_L", "foot_R", "skull", "lower_leg_R"])]
    [([], False), ([], False), ([0], False), ([1], True)]
    """
    found = []
    for name in PAW_NAMES:
        own, above = (np.flatnonzero(np.isin(bodies, parts)) for parts in _CHAINS[name])
        found.append(Probe(own if len(own) else above, bool(len(own))))
    return tuple(found)


def find_standing(
    probes: Sequence[Probe],
    levels: np.ndarray,
    points: np.ndarray,
    positions: np.ndarray,
    fps: float,
    noise: float,
) -> np.ndarray:
    """Whether a paw stands, bool, shape (frames, 4).

    Args:
        probes: of the four paws.
        levels: heights of the keypoints on a standing body, metres, shape (K,).
        points: keypoints above a level floor at height 0, metres, NaN where missing, shape (frames, K, 3).
        positions: of the keypoints in approximate poses, metres, shape (frames, K, 3).
        fps: frames per second.
        noise: standard deviation of a keypoint's coordinate, metres.
    """
    standing = np.zeros((len(points), len(PAW_NAMES)), bool)
    residual = _filled(points - positions)
    for paw, probe in enumerate(probes):
        if not len(probe.keypoints):
            continue
        path = (positions + residual)[:, probe.keypoints].mean(axis=1)
        level = float(levels[probe.keypoints].mean())
        unsure = noise / np.sqrt(len(probe.keypoints))
        low = (_LOW_HAND if paw < 2 else _LOW_FOOT) if probe.own else _LOW_ABOVE
        standing[:, paw] = _stands(path, level, low, fps, unsure)
    return standing


def _stands(path: np.ndarray, level: float, low: float, fps: float, noise: float) -> np.ndarray:
    """Whether the paw of a probe stands, bool, shape (frames,)."""
    count, half = max(1, round(_BLUR * fps)), max(1, round(_STEP * fps / 2))
    smooth = uniform_filter1d(path, count, axis=0, mode="nearest")
    padded = np.pad(smooth, ((half, half), (0, 0)), mode="edge")
    seconds = 2 * half / fps
    speed = np.linalg.norm((padded[2 * half :] - padded[: -2 * half])[:, :2], axis=1) / seconds
    unsure = _CERTAIN * noise / np.sqrt(count)
    slowest = max(_SLOWEST, np.sqrt(2.0) * unsure / seconds)
    slow = speed < np.clip(_SLOW * np.percentile(speed, _FAST), slowest, max(_FASTEST, slowest))
    if not slow.any():
        return slow
    height = smooth[:, 2]
    base = np.clip(np.percentile(height[slow], _LEVEL), level - _OFF, level + _OFF)
    return _settled(slow & (height < base + max(low, 2 * unsure)))


def _settled(standing: np.ndarray) -> np.ndarray:
    """Without single frames in which a paw stands or does not stand."""
    around = uniform_filter1d(standing.astype(float), 3, mode="nearest")
    return around > 0.5


def _filled(residual: np.ndarray) -> np.ndarray:
    """Residuals with missing ones interpolated in time, 0 for keypoints that are never seen."""
    filled, frames = np.zeros_like(residual), np.arange(len(residual))
    for k in range(residual.shape[1]):
        seen = np.flatnonzero(np.isfinite(residual[:, k, 0]))
        if len(seen):
            for axis in range(3):
                filled[:, k, axis] = np.interp(frames, seen, residual[seen, k, axis])
    return filled


def _stance_means(place: np.ndarray, standing: np.ndarray, half: int) -> np.ndarray:
    """Mean places over the frames around, not beyond the stance of each frame, shape (frames, 2)."""
    frames = np.arange(len(place))
    edge = np.flatnonzero(np.diff(standing.astype(np.int8))) + 1
    bounds = np.concatenate([[0], edge, [len(place)]])
    part = np.searchsorted(edge, frames, side="right")
    start, stop = np.maximum(bounds[part], frames - half), np.minimum(bounds[part + 1], frames + half + 1)
    total = np.concatenate([np.zeros((1, 2)), np.cumsum(place, axis=0)])
    return (total[stop] - total[start]) / (stop - start)[:, None]
