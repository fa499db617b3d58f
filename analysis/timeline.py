"""The bins of a recording: which frames are in them, and which may predict which.

    timeline = Timeline.of(list(recording.rollouts.values()), fps=recording.fps, bin_seconds=0.1)
    units = timeline.units("decoder/layer_0")        # (bins, units), mean over each bin
    rows, sources = timeline.lagged((0.0, 0.1))      # units[sources[i, 1]] came 0.1 s before rows[i]

Rollouts stand one after another on one clock, in the order given. A bin never reaches over
the end of a rollout, nor does a lag, and no bin is used in which the rat had failed. Where every
rollout has a start of its own on another clock, bins begin anew with each (`apart`).
"""

import dataclasses
import functools
import math
from collections.abc import Sequence

import numpy as np

from rodent.errors import InputError
from rodent.recording import Rollout

_MOST_NAMES = 16  # of rollouts in a note


@dataclasses.dataclass(frozen=True)
class Timeline:
    """Bins of equal length, on the clock of a recording.

    Attributes:
        rollouts: whose frames these are, in order; with `apart`, without the frames that fill no bin.
        bin_seconds: length of a bin, seconds.
        n_frames: frames in a bin.
        rollout: index of each bin's rollout, -1 for bins across two; shape (bins,).
        alive: bins that are whole and in which the rat never failed, bool, shape (bins,).
    """

    rollouts: tuple[Rollout, ...]
    bin_seconds: float
    n_frames: int
    rollout: np.ndarray
    alive: np.ndarray

    @classmethod
    def of(
        cls, rollouts: Sequence[Rollout], fps: float, bin_seconds: float, apart: bool = False
    ) -> "Timeline":
        """Cut rollouts in bins.

        Args:
            rollouts: in the order of the session.
            fps: frames per second of the recording.
            bin_seconds: length of a bin, seconds.
            apart: begin bins anew with every rollout, and leave out the frames at its end that fill
                none; else bins go on from one to the next, and those across two are not used.

        Raises:
            InputError: a bin is not a whole number of frames, or longer than all of them; with `apart`,
                longer than one of them.
        """
        if not 0 < bin_seconds < math.inf:
            raise InputError(f"a bin of {bin_seconds} s makes no sense; it must be positive")
        n_frames = round(bin_seconds * fps)
        if n_frames < 1 or abs(bin_seconds * fps - n_frames) > 1e-5 * n_frames:
            raise InputError(
                f"a bin of {bin_seconds:g} s is not a whole number of frames of {1 / fps:g} s; "
                f"take a multiple, such as {max(n_frames, 1) / fps:g} s"
            )
        if apart:
            for rollout in rollouts:
                if rollout.n_frames < n_frames:
                    raise InputError(
                        f"rollout {rollout.name!r} lasts {rollout.n_frames / fps:g} s, less than a bin of "
                        f"{bin_seconds:g} s; leave it out (--rollout names those to use)"
                    )
            rollouts = [rollout.first(rollout.n_frames // n_frames * n_frames) for rollout in rollouts]
        owner = np.repeat(np.arange(len(rollouts)), [r.n_frames for r in rollouts])
        owners = _in_bins(owner, n_frames)
        if not len(owners):
            raise InputError(
                f"a bin of {bin_seconds:g} s is longer than the recording, {len(owner) / fps:g} s"
            )
        whole = (owners == owners[:, :1]).all(1)
        alive = _in_bins(np.concatenate([r["alive"] for r in rollouts]), n_frames).all(1)
        return cls(tuple(rollouts), bin_seconds, n_frames, np.where(whole, owners[:, 0], -1), whole & alive)

    @classmethod
    def without_recording(cls, n_bins: int, bin_seconds: float) -> "Timeline":
        """One stretch of bins, for features that are arrays and come from no recording."""
        return cls((), bin_seconds, 1, np.zeros(n_bins, int), np.ones(n_bins, bool))

    @property
    def n_bins(self) -> int:
        """All bins, those that cannot be used included."""
        return len(self.rollout)

    @functools.cached_property
    def motions(self) -> tuple[str, ...]:
        """The clip that each rollout shows, of those with the same reference the first; "" for none."""
        found: list[str] = []
        alike: dict[bytes, list[tuple[str, np.ndarray]]] = {}
        for rollout in self.rollouts:
            if rollout.clip in ("", *found):
                found.append(rollout.clip)
                continue
            reference = rollout["reference"]
            others = alike.setdefault(reference[:1].tobytes(), [])
            found.append(next((clip for clip, other in others if _same(reference, other)), rollout.clip))
            others.append((found[-1], reference))
        return tuple(found)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of results should know of the bins."""
        across, failed = (self.rollout < 0).sum(), (~self.alive & (self.rollout >= 0)).sum()
        notes = []
        if len(self.rollouts) > 1:
            names = ", ".join(_some([r.name for r in self.rollouts]))
            notes.append(f"{len(self.rollouts)} rollouts are taken for one session, in this order: {names}")
        if failed:
            notes.append(f"{failed * self.bin_seconds:g} s in which the rat had failed are left out")
        if across:
            notes.append(f"{across * self.bin_seconds:g} s in bins across two rollouts are left out")
        return tuple(notes)

    def units(self, layer: str) -> np.ndarray:
        """Activations of a layer, averaged over each bin, shape (bins, units), float32.

        Bins in which the rat had failed hold zeros.

        Raises:
            InputError: the layer was not recorded, has different sizes, or is not finite.
        """
        parts = [r.units(layer) for r in self.rollouts]
        return self.averaged(parts, f"layer {layer!r}", column="unit")

    def averaged(self, parts: Sequence[np.ndarray], what: str, column: str = "column") -> np.ndarray:
        """Values of every frame, averaged over each bin, shape (bins, n), float32.

        Bins in which the rat had failed hold zeros.

        Args:
            parts: of each rollout, shape (frames, n).
            what: they are, for the error.
            column: what the error calls one of the n.

        Raises:
            InputError: rollouts differ in n, or a value of a bin in use is not finite.
        """
        widths = {part.shape[1] for part in parts}
        if len(widths) > 1:
            raise InputError(
                f"{what} has {' and '.join(map(str, sorted(widths)))} {column}s in different rollouts"
            )
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
        values = _in_bins(whole.astype(np.float32, copy=False), self.n_frames)
        if not self.alive.all():
            # what is computed after a failure may be anything, and is not used
            values = np.where(self.alive[:, None, None], values, np.float32(0))
        values = values[:, 0].copy() if self.n_frames == 1 else values.mean(1, dtype=np.float32)
        if not np.isfinite(values).all():
            where, bad = (int(i) for i in np.argwhere(~np.isfinite(values))[0])
            name = self.rollouts[self.rollout[where]].name
            raise InputError(
                f"{column} {bad} of {what} is not finite in rollout {name!r} (bin {where} of all)"
            )
        return values

    def lagged(self, lags: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """The bins that have units at all lags, and where those are.

        Args:
            lags: delays of the units, seconds; positive for units before the spikes.

        Returns:
            bins in order, shape (rows,); for each, the bin at each lag, shape (rows, lags).

        Raises:
            InputError: a lag is not a whole number of bins, or leaves no bins.
        """
        steps = np.round(np.asarray(lags) / self.bin_seconds).astype(np.int64)
        off = np.abs(np.asarray(lags) - steps * self.bin_seconds) > 1e-3 * self.bin_seconds
        if off.any():
            raise InputError(
                f"a lag of {lags[int(np.argmax(off))]:g} s is no multiple of a bin, {self.bin_seconds:g} s"
            )
        bins = np.arange(self.n_bins)
        sources = bins[:, None] - steps
        inside = (sources >= 0) & (sources < self.n_bins)
        sources = np.where(inside, sources, bins[:, None])
        good = inside & self.alive[sources] & (self.rollout[sources] == self.rollout[:, None])
        rows = np.flatnonzero(good.all(1) & self.alive)
        return rows, sources[rows]


def _in_bins(frames: np.ndarray, n_frames: int) -> np.ndarray:
    """Frames (n, ...) as (bins, frames of a bin, ...); those that do not fill a bin are left over."""
    n_bins = len(frames) // n_frames
    return frames[: n_bins * n_frames].reshape(n_bins, n_frames, *frames.shape[1:])


def _same(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two references are the same motion, as long as both last; what stands still is none."""
    n = min(len(first), len(second))
    return bool(np.ptp(first[:n], axis=0).any()) and np.array_equal(first[:n], second[:n])


def _some(names: list[str]) -> list[str]:
    """The names, or of many the first and the last."""
    return names if len(names) <= _MOST_NAMES else [*names[:3], "…", names[-1]]
