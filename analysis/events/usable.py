"""The time in which both neurons and rat were recorded, joined into one axis, and turned as a ring.

    usable = UsableTime.of(starts, used, rollout, bin_seconds=0.02)
    at = usable.position(times)                     # seconds on the axis, NaN outside
    whole = usable.whole(at, (-0.5, 0.5))           # windows that nothing interrupts
    turned = usable.turned(at, turns)               # the same events elsewhere on the ring, (turns, events)

The ring is that of `analysis.ring`: the axis and after it its mirror image, so that it has no seam at which
slow drift would jump. Where rotated events lie on the mirror image, they see the session run backwards. Where
two stretches meet, a window would hold both, so such windows are left out, here and on the ring.
"""

import dataclasses

import numpy as np

from rodent.errors import InputError

_EDGE = 1e-6  # bins; a time that is the edge of a bin but for rounding lies after it


@dataclasses.dataclass(frozen=True)
class UsableTime:
    """Bins in use, in the order of time.

    Attributes:
        starts: of the bins, seconds, rising, shape (bins,).
        stretch: number of the unbroken stretch that each is in, shape (bins,).
        bin_seconds: length of a bin, seconds.
        bins: index that each has in the recording, shape (bins,).
    """

    starts: np.ndarray
    stretch: np.ndarray
    bin_seconds: float
    bins: np.ndarray

    @classmethod
    def of(
        cls, starts: np.ndarray, used: np.ndarray, rollout: np.ndarray, bin_seconds: float
    ) -> "UsableTime":
        """Join the bins of a recording that are used.

        Args:
            starts: of all bins, seconds, shape (bins,).
            used: bool, shape (bins,).
            rollout: of each bin, shape (bins,); no stretch reaches over two.
            bin_seconds: length of a bin, seconds.

        Raises:
            InputError: no bin is used, or two of them overlap in time.
        """
        bins = np.flatnonzero(used)
        bins = bins[np.argsort(starts[bins], kind="stable")]
        if not len(bins):
            raise InputError("there is no time in which both neurons and rat were recorded")
        step = np.diff(starts[bins]) / bin_seconds
        if (step < 1 - 1e-3).any():
            at = bins[1:][step < 1 - 1e-3][0]
            raise InputError(f"two rollouts overlap in time, at {starts[at]:g} s of the spikes' clock")
        broken = (np.diff(bins) != 1) | (np.diff(rollout[bins]) != 0) | (step > 1 + 1e-3)
        return cls(starts[bins], np.cumsum(np.append(0, broken)), bin_seconds, bins)

    @property
    def n_bins(self) -> int:
        """Bins in use."""
        return len(self.starts)

    @property
    def seconds(self) -> float:
        """Length of the axis, seconds."""
        return self.n_bins * self.bin_seconds

    def position(self, times: np.ndarray) -> np.ndarray:
        """Where times are on the axis, seconds; NaN for those outside of it."""
        row = np.searchsorted(self.starts, times + _EDGE * self.bin_seconds, side="right") - 1
        late = np.maximum(times - self.starts[np.maximum(row, 0)], 0.0)
        inside = (row >= 0) & (late < (1 - _EDGE) * self.bin_seconds)
        return np.where(inside, row * self.bin_seconds + late, np.nan)

    def whole(self, positions: np.ndarray, window: tuple[float, float]) -> np.ndarray:
        """Whether the window around each position lies in one stretch, or in the mirror image of one, bool.

        Args:
            positions: on the ring, seconds, any shape; NaN is in none.
            window: first and last moment, seconds from the position.
        """
        # the mirror image of a stretch is another stretch
        ring = np.concatenate([self.stretch, -1 - self.stretch[::-1]])
        there = np.isfinite(positions)
        at = np.where(there, positions, 0.0) / self.bin_seconds
        low, high = (edge / self.bin_seconds for edge in window)
        first = np.floor(at + low + _EDGE).astype(np.int64)
        last = np.ceil(at + high - _EDGE).astype(np.int64) - 1
        inside = there & (first >= 0) & (last < len(ring))
        return inside & (ring[np.where(inside, first, 0)] == ring[np.where(inside, last, 0)])

    def turned(self, positions: np.ndarray, turns: np.ndarray) -> np.ndarray:
        """Positions on the turned ring, seconds, shape (turns, events).

        Args:
            positions: on the axis, seconds, shape (events,).
            turns: bins by which the activity is moved on, as by `analysis.ring.turned`, shape (turns,).
        """
        return (positions - self.bin_seconds * turns[:, None]) % (2 * self.seconds)
