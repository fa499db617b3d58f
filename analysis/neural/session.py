"""Spikes in: counts or times of spikes, put on the bins of a recording.

    spikes = read_spikes(Path("spikes.npz"))            # of analysis.neural.spikefile
    bin_seconds = spikes.fitting_bin(fps=50.0)
    session = spikes.on_bins(n_bins=9000, bin_seconds=bin_seconds, offset=12.5)
    session.counts                                      # (bins, neurons)

The recording's clock starts at 0 with its first frame; `offset` is the time on the clock of
the spikes at which that was. Without one the two are taken to start together, and
refused if they then do not end together too.
"""

import dataclasses
import math
from pathlib import Path

import numpy as np

from rodent.errors import InputError

SLACK = 1.0  # seconds by which spikes and recording may differ in length where no offset is given
SAME_RATE = 1e-5  # relative; over 100,000 bins the clocks then part by one bin
_ALIGNED = 0.01  # bins by which the start of the recording may miss the edge of a bin


@dataclasses.dataclass(frozen=True)
class BinnedSpikes:
    """Spike counts on the bins of a recording.

    Attributes:
        counts: spikes per bin, shape (bins, neurons).
        names: of the neurons.
        bin_seconds: length of a bin, seconds.
        covered: bins during which spikes were recorded, bool, shape (bins,).
        notes: what a reader of the results should know of the alignment.
    """

    counts: np.ndarray
    names: tuple[str, ...]
    bin_seconds: float
    covered: np.ndarray
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class SpikeCounts:
    """Spikes as the file's counts.

    Attributes:
        path: the file.
        counts: spikes per bin, shape (bins, neurons).
        names: of the neurons.
        bin_seconds: length of the file's bins, seconds.
    """

    path: Path
    counts: np.ndarray
    names: tuple[str, ...]
    bin_seconds: float

    def fitting_bin(self, fps: float) -> float:
        """The shortest bin that is a whole number both of frames and of the file's bins, seconds.

        Raises:
            InputError: there is none that is short.
        """
        for n_frames in range(1, 101):
            if _multiple(n_frames / fps, self.bin_seconds) is not None:
                return n_frames / fps
        raise InputError(
            f"{self.path}: bins of {self.bin_seconds:g} s do not fit frames of {1 / fps:g} s: no bin below "
            f"{100 / fps:g} s is a multiple of both; give spike times instead of counts"
        )

    def on_bins(self, n_bins: int, bin_seconds: float, offset: float | None) -> BinnedSpikes:
        """The counts in the bins of a recording; see the module.

        Args:
            n_bins: bins of the recording.
            bin_seconds: their length, seconds.
            offset: time of the recording's start on the spikes' clock, seconds.

        Raises:
            InputError: the bins do not fit, or the two do not overlap or differ in length.
        """
        _check_offset(offset)
        ratio = _multiple(bin_seconds, self.bin_seconds)
        start = round((offset or 0.0) / self.bin_seconds)
        if ratio is None:
            raise InputError(
                f"{self.path}: bins of {bin_seconds:g} s are no multiple of the file's {self.bin_seconds:g} s"
            )
        if offset is not None and abs(offset / self.bin_seconds - start) > _ALIGNED:
            raise InputError(
                f"{self.path}: an offset of {offset:g} s is not a multiple of the file's bins of "
                f"{self.bin_seconds:g} s"
            )
        if offset is None:
            ends = len(self.counts) * self.bin_seconds
            _same_span(self.path, "counts", 0.0, ends, n_bins * bin_seconds)
        # rows of the file in which each bin of the recording begins
        first = start + ratio * np.arange(n_bins)
        covered = (first >= 0) & (first + ratio <= len(self.counts))
        binned = np.zeros((n_bins, len(self.names)), np.int64)
        if covered.any():
            rows = slice(first[covered][0], first[covered][-1] + ratio)
            binned[covered] = self.counts[rows].reshape(-1, ratio, len(self.names)).sum(1, dtype=np.int64)
        span = (0.0, len(self.counts) * self.bin_seconds)
        return _session(self.path, binned, self.names, bin_seconds, covered, span, offset)


@dataclasses.dataclass(frozen=True)
class SpikeTimes:
    """Spikes as the file's times.

    Attributes:
        path: the file.
        times: seconds, shape (spikes,).
        neurons: column of each spike's neuron, shape (spikes,).
        names: of the neurons.
    """

    path: Path
    times: np.ndarray
    neurons: np.ndarray
    names: tuple[str, ...]

    def fitting_bin(self, fps: float) -> float:
        """One frame, seconds: times can be put in bins of any length."""
        return 1 / fps

    def on_bins(self, n_bins: int, bin_seconds: float, offset: float | None) -> BinnedSpikes:
        """The counts in the bins of a recording; arguments and errors as for `SpikeCounts`.

        The file does not say how long was recorded: bins before the first and after the
        last spike of any neuron count as not covered.
        """
        _check_offset(offset)
        span = (float(self.times.min()), float(self.times.max()))
        if offset is None:
            _same_span(self.path, "spikes", *span, n_bins * bin_seconds)
        # the millionth of a bin puts a time that is an edge but for rounding after it
        bins = np.floor((self.times - (offset or 0.0)) / bin_seconds + 1e-6)
        bins = np.clip(bins, -1, n_bins).astype(np.int64)
        covered = (np.arange(n_bins) >= bins.min()) & (np.arange(n_bins) <= bins.max())
        inside = (bins >= 0) & (bins < n_bins)
        cells = bins[inside] * len(self.names) + self.neurons[inside]
        counts = np.bincount(cells, minlength=n_bins * len(self.names)).reshape(n_bins, -1)
        return _session(self.path, counts, self.names, bin_seconds, covered, span, offset)


def _check_offset(offset: float | None) -> None:
    if offset is not None and not math.isfinite(offset):
        raise InputError(f"an offset of {offset} s makes no sense; it must be finite")


def _same_span(path: Path, what: str, first: float, last: float, seconds: float) -> None:
    early = what == "counts" and last < seconds - SLACK
    if first < -SLACK or last > seconds + SLACK or early:
        raise InputError(
            f"{path}: the {what} reach from {first:g} to {last:g} s, the recording from 0 to {seconds:g} s; "
            "give the time of the recording's start on the clock of the spikes (--offset SECONDS, 0 if the "
            "clocks start together)"
        )


def _session(
    path: Path,
    counts: np.ndarray,
    names: tuple[str, ...],
    bin_seconds: float,
    covered: np.ndarray,
    span: tuple[float, float],
    offset: float | None,
) -> BinnedSpikes:
    start = offset or 0.0
    stop = start + len(covered) * bin_seconds
    if not covered.any():
        raise InputError(
            f"{path}: the spikes, from {span[0]:g} to {span[1]:g} s, and the recording, from {start:g} to "
            f"{stop:g} s on the same clock, do not overlap; check the offset"
        )
    if not counts[covered].any():
        raise InputError(
            f"{path}: there are no spikes during the recording, {start:g} to {stop:g} s of their clock"
        )
    missing = int((~covered).sum()) * bin_seconds
    notes = (f"{missing:g} of {stop - start:g} s of the recording have no spike data and are left out",)
    counts = np.where(covered[:, None], counts, 0)
    return BinnedSpikes(counts, names, bin_seconds, covered, notes if missing else ())


def _multiple(long: float, short: float) -> int | None:
    """How often the short interval goes into the long one, or None where that is no whole number."""
    times = round(long / short)
    return times if times >= 1 and math.isclose(long, times * short, rel_tol=SAME_RATE) else None
