"""Counts or times of spikes, put on the bins of a recording.

    spikes = SpikeTimes(path, times, neurons, names)
    bin_seconds = spikes.fitting_bin(fps=50.0)
    binned = spikes.on_bins(n_bins=9000, bin_seconds=bin_seconds, clock=Clock(offset=12.5))
    binned.counts                                       # (bins, neurons)

Without an offset the two clocks are taken to start together, and refused if they then do not
end together too.
"""

import dataclasses
import itertools
import math
from pathlib import Path
from typing import ClassVar

import numpy as np

from analysis.neural.clock import Clock
from analysis.neural.timeseries import common, whole_bins
from rodent.errors import InputError

SLACK = 1.0  # seconds by which spikes and recording may differ in length where no offset is given
SAME_RATE = 1e-5  # relative; over 100,000 bins the clocks then part by one bin
_ALIGNED = 0.01  # bins by which the start of the recording may miss the edge of a bin
_EDGE = 1e-6  # bins; a time that is an edge but for rounding lies after it


@dataclasses.dataclass(frozen=True)
class BinnedSpikes:
    """Spike counts on the bins of a recording.

    Attributes:
        counts: spikes per bin, shape (bins, neurons).
        names: of the neurons.
        bin_seconds: length of a bin, seconds.
        covered: bins during which spikes were recorded, bool, shape (bins,).
        notes: what a reader of the results should know of the alignment.
        observed: bins during which each neuron was, bool, shape (bins, neurons); None where all were
            during the bins that are covered.
    """

    counts: np.ndarray
    names: tuple[str, ...]
    bin_seconds: float
    covered: np.ndarray
    notes: tuple[str, ...] = ()
    observed: np.ndarray | None = None

    def subset(self, good: np.ndarray) -> "BinnedSpikes":
        """Some of the neurons; covered are then the bins in which all of these were observed.

        Args:
            good: the neurons to keep, bool, shape (neurons,).
        """
        names = _kept(self.names, good)
        observed = None if self.observed is None else self.observed[:, good]
        covered = self.covered if observed is None else self.covered & observed.all(1)
        counts = np.where(covered[:, None], self.counts[:, good], 0)
        return dataclasses.replace(self, counts=counts, names=names, covered=covered, observed=observed)


@dataclasses.dataclass(frozen=True)
class SpikeCounts:
    """Spikes as the file's counts.

    Attributes:
        path: the file.
        counts: spikes per bin, shape (bins, neurons).
        names: of the neurons.
        bin_seconds: length of the file's bins, seconds.
        recorded: the file's bins that are to be used, bool, shape (bins,); None for all.
        start: of the first bin, seconds.
    """

    path: Path
    counts: np.ndarray
    names: tuple[str, ...]
    bin_seconds: float
    recorded: np.ndarray | None = None
    start: float = 0.0

    kind: ClassVar[type] = np.int32
    """Type of what is binned."""

    @property
    def span(self) -> tuple[float, float]:
        """When the file begins and ends, seconds."""
        return self.start, self.start + len(self.counts) * self.bin_seconds

    def subset(self, keep: np.ndarray) -> "SpikeCounts":
        """Some of the neurons; `keep` is bool, shape (neurons,)."""
        return dataclasses.replace(self, counts=self.counts[:, keep], names=_kept(self.names, keep))

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

    def within(self, intervals: np.ndarray) -> "SpikeCounts":
        """The same, of which only the bins inside intervals are to be used, seconds, shape (n, 2)."""
        starts = self.start + self.bin_seconds * np.arange(len(self.counts))
        inside = whole_bins(intervals, starts, self.bin_seconds)
        recorded = inside if self.recorded is None else inside & self.recorded
        return dataclasses.replace(self, recorded=recorded)

    def on_bins(self, n_bins: int, bin_seconds: float, clock: Clock) -> BinnedSpikes:
        """The counts in the bins of a recording; see the module.

        With a rate other than 1 a bin takes the file's bins that begin nearest to it.

        Args:
            n_bins: bins of the recording.
            bin_seconds: their length, seconds.
            clock: how the two clocks go together.

        Raises:
            InputError: the bins do not fit, or the two do not overlap or differ in length.
        """
        ratio = _multiple(bin_seconds, self.bin_seconds)
        if ratio is None:
            raise InputError(
                f"{self.path}: bins of {bin_seconds:g} s are no multiple of the file's {self.bin_seconds:g} s"
            )
        start, since = clock.since_start(bin_seconds * np.arange(n_bins))
        start = (start - self.start) / self.bin_seconds
        off = np.abs(start - np.round(start)) > _ALIGNED
        if clock.rate == 1 and off.any():
            what = "a start" if clock.later else "an offset"
            later = f" from {self.start:g} s on" if self.start else ""
            raise InputError(
                f"{self.path}: {what} of {start[off][0] * self.bin_seconds + self.start:g} s is not a "
                f"multiple of the file's bins of {self.bin_seconds:g} s{later}"
            )
        notes = _same_span(self.path, "counts", self.span, n_bins * bin_seconds, clock)
        # rows of the file in which each bin of the recording begins
        first = np.round(start + ratio * clock.rate * since / bin_seconds).astype(np.int64)
        covered = (first >= 0) & (first + ratio <= len(self.counts))
        binned = np.zeros((n_bins, len(self.names)), self.kind)
        for row in range(ratio):
            if self.recorded is not None:
                covered[covered] &= self.recorded[first[covered] + row]
        for row in range(ratio):
            binned[covered] += self.counts[first[covered] + row].astype(self.kind)
        if clock.rate != 1:
            notes += (f"counts are up to {self.bin_seconds / 2:g} s early or late, half a bin of the file",)
        return _binned(self, binned, bin_seconds, covered, clock, notes)


@dataclasses.dataclass(frozen=True)
class SpikeTimes:
    """Spikes as the file's times.

    Attributes:
        path: the file.
        times: seconds, shape (spikes,).
        neurons: column of each spike's neuron, shape (spikes,).
        names: of the neurons.
        observed: for each neuron the intervals in which it was recorded, seconds, shape (n, 2),
            in order and apart; None where the file does not say, for the time from the first to the
            last spike of any neuron.
        extent: that time, seconds, where some of the file's neurons are left out.
    """

    path: Path
    times: np.ndarray
    neurons: np.ndarray
    names: tuple[str, ...]
    observed: tuple[np.ndarray, ...] | None = None
    extent: tuple[float, float] | None = None

    @property
    def span(self) -> tuple[float, float]:
        """When the recording of spikes begins and ends, seconds."""
        if self.extent is not None:
            return self.extent
        if self.observed is None:
            return float(self.times.min()), float(self.times.max())
        there = np.concatenate(self.observed)
        return float(there.min()), float(there.max())

    def subset(self, keep: np.ndarray) -> "SpikeTimes":
        """Some of the neurons; `keep` is bool, shape (neurons,). When was recorded stays the same."""
        own = keep[self.neurons]
        return SpikeTimes(
            self.path,
            self.times[own],
            (np.cumsum(keep) - 1)[self.neurons[own]],
            _kept(self.names, keep),
            None if self.observed is None else tuple(itertools.compress(self.observed, keep)),
            self.span,
        )

    def fitting_bin(self, fps: float) -> float:
        """One frame, seconds: times can be put in bins of any length."""
        return 1 / fps

    def within(self, intervals: np.ndarray) -> "SpikeTimes":
        """The same, observed only inside intervals, seconds, shape (n, 2)."""
        observed = self.observed or (np.array([self.span]),) * len(self.names)
        inside = tuple(common(one, intervals) for one in observed)
        return dataclasses.replace(self, observed=inside, extent=None)

    def on_bins(self, n_bins: int, bin_seconds: float, clock: Clock) -> BinnedSpikes:
        """The counts in the bins of a recording; arguments and errors as for `SpikeCounts`.

        Bins are covered that lie whole in the intervals of at least one neuron. Where the file
        has none, those before the first and after the last moment of `span` are not covered.
        """
        notes = _same_span(self.path, "spikes", self.span, n_bins * bin_seconds, clock)
        bins = np.floor(clock.on_recording(self.times) / bin_seconds + _EDGE)
        # none is between pieces of the recording
        bins = np.nan_to_num(np.clip(bins, -1, n_bins), nan=-1).astype(np.int64)
        inside = (bins >= 0) & (bins < n_bins)
        cells = bins[inside] * len(self.names) + self.neurons[inside]
        counts = np.bincount(cells, minlength=n_bins * len(self.names)).reshape(n_bins, -1)
        observed, starts = None, clock.on_spikes(bin_seconds * np.arange(n_bins))
        if self.observed is None:
            edge = _EDGE * bin_seconds
            covered = (starts + clock.rate * bin_seconds > self.span[0] + edge) & (
                starts <= self.span[1] + edge
            )
        else:
            # mostly all neurons have the same intervals
            each = {one.tobytes(): whole_bins(one, starts, clock.rate * bin_seconds) for one in self.observed}
            observed = np.stack([each[one.tobytes()] for one in self.observed], axis=1)
            covered = np.asarray(observed.any(1))
            counts *= observed
            observed = None if observed[covered].all() else observed
        return _binned(self, counts.astype(np.int32), bin_seconds, covered, clock, notes, observed)


def _same_span(
    path: Path, what: str, span: tuple[float, float], seconds: float, clock: Clock
) -> tuple[str, ...]:
    """Refuse spikes and a recording that nobody aligned and that do not cover the same time."""
    if clock.offset is not None:
        return ()
    first, last = (clock.on_recording(time) for time in span)
    early = what == "counts" and last < seconds - SLACK
    if first < -SLACK or last > seconds + SLACK or early:
        raise InputError(
            f"{path}: the {what} reach from {first:g} to {last:g} s, the recording from 0 to {seconds:g} s; "
            "give the time of the recording's start on the clock of the spikes (--offset SECONDS, 0 if the "
            "clocks start together)"
        )
    parted = abs(last - seconds) / seconds
    if what == "counts" and parted > SAME_RATE:
        return (
            f"the counts last {last:g} s, the recording {seconds:g} s, {1e6 * parted:.0f} ppm apart; "
            f"if both are of the same time, give --rate {clock.rate * last / seconds:.6f}",
        )
    return ()


def _binned(
    spikes: SpikeCounts | SpikeTimes,
    counts: np.ndarray,
    bin_seconds: float,
    covered: np.ndarray,
    clock: Clock,
    notes: tuple[str, ...],
    observed: np.ndarray | None = None,
) -> BinnedSpikes:
    seconds = len(covered) * bin_seconds
    piece_of_bin, _ = clock.since_start(bin_seconds * np.arange(len(covered)))
    spans = clock.spans(seconds)
    for start, stop in spans:
        if not covered[piece_of_bin == start].any():
            what, wrong = (
                ("a piece of the recording", "start") if clock.later else ("the recording", "offset")
            )
            raise InputError(
                f"{spikes.path}: the spikes, from {spikes.span[0]:g} to {spikes.span[1]:g} s, and {what}, "
                f"from {start:g} to {stop:g} s on the same clock, do not overlap; check the {wrong}"
            )
    start, stop = spans[0][0], spans[-1][1]
    if not counts[covered].any():
        raise InputError(
            f"{spikes.path}: there are no spikes during the recording, {start:g} to {stop:g} s of their clock"
        )
    missing = int((~covered).sum()) * bin_seconds
    if missing:
        notes += (f"{missing:g} of {seconds:g} s of the recording have no spike data and are left out",)
    counts = np.where(covered[:, None], counts, 0)
    return BinnedSpikes(counts, spikes.names, bin_seconds, covered, notes, observed)


def _multiple(long: float, short: float) -> int | None:
    """How often the short interval goes into the long one, or None where that is no whole number."""
    times = round(long / short)
    return times if times >= 1 and math.isclose(long, times * short, rel_tol=SAME_RATE) else None


def _kept(names: tuple[str, ...], keep: np.ndarray) -> tuple[str, ...]:
    return tuple(name for name, kept in zip(names, keep, strict=True) if kept)
