"""Activity around events: spikes by their times, and what is known per bin, such as counts and activations.

    activity = SpikeTrains(names, lags, usable, trains)
    for columns in activity.blocks():
        trials = activity.trials(columns, positions)                     # (events, bins, columns), Hz
        means, spread = activity.turned(columns, positions, turns, whole)   # (turns, bins, columns), Hz

Both kinds answer the same questions, so that neurons and the units of a layer are looked at in the same way.
Positions and turns are those of `analysis.events.usable.UsableTime`.
"""

import abc
import dataclasses
from collections.abc import Iterator

import numpy as np

from analysis.events.lags import Lags
from analysis.events.usable import UsableTime

_BLOCK, _TRAINS = 32, 8  # columns, and spike trains, at a time: bounds memory
_EDGE = 1e-6  # bins; a spike on the edge of a bin but for rounding lies after it


@dataclasses.dataclass(frozen=True)
class Activity(abc.ABC):
    """What is asked of activity, whatever it is of: each column is a neuron or a unit.

    Attributes:
        names: of the columns.
        lags: bins around the event.
        usable: the axis of time.
    """

    names: tuple[str, ...]
    lags: Lags
    usable: UsableTime

    @property
    @abc.abstractmethod
    def unit(self) -> str:
        """Of the activity."""

    @abc.abstractmethod
    def blocks(self) -> Iterator[slice]:
        """The columns, some at a time."""

    @abc.abstractmethod
    def trials(self, columns: slice, positions: np.ndarray) -> np.ndarray:
        """Activity around each event, shape (events, bins, columns).

        Args:
            columns: which.
            positions: of the events on the axis, seconds, shape (events,); their windows are whole.
        """

    @abc.abstractmethod
    def turned(
        self, columns: slice, positions: np.ndarray, turns: np.ndarray, whole: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean activity around the events where the ring is turned, and how much activity varies there.

        Args:
            columns: which.
            positions: of the events on the axis, seconds, shape (events,).
            turns: in bins of the axis, shape (turns,).
            whole: events whose window is whole on the turned ring, bool, shape (turns, events).

        Returns:
            means over those events, shape (turns, bins, columns), zero where there is none; and the spread
            that one event's activity has in a bin, in the same unit, shape (turns, columns).
        """


@dataclasses.dataclass(frozen=True)
class SpikeTrains(Activity):
    """Neurons with spike times.

    Attributes:
        trains: of each neuron the times of its spikes on the axis, seconds, in order, shape (spikes,).
    """

    trains: tuple[np.ndarray, ...]

    @property
    def unit(self) -> str:
        """Rates are in Hz."""
        return "Hz"

    def blocks(self) -> Iterator[slice]:
        """The neurons, some at a time."""
        return (slice(i, i + _TRAINS) for i in range(0, len(self.names), _TRAINS))

    def trials(self, columns: slice, positions: np.ndarray) -> np.ndarray:
        """Rates around each event, Hz; see `Activity`."""
        rows = np.arange(len(positions))
        counts = [histogram(train, positions, rows, len(rows), self.lags) for train in self.trains[columns]]
        return np.stack(counts, axis=-1) / self.lags.bin_seconds

    def turned(
        self, columns: slice, positions: np.ndarray, turns: np.ndarray, whole: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean rates around the turned events and their spread, Hz; see `Activity`."""
        rows, _ = np.nonzero(whole)
        starts = self.usable.turned(positions, turns)[whole]
        counts = []
        for train in self.trains[columns]:
            ring = np.concatenate([train, 2 * self.usable.seconds - train[::-1]])
            counts.append(histogram(ring, starts, rows, len(turns), self.lags))
        seconds = self.lags.bin_seconds * np.maximum(whole.sum(1), 1)
        rates = np.stack(counts, axis=-1) / seconds[:, None, None]
        return rates, poisson_spread(rates, self.lags.bin_seconds)


@dataclasses.dataclass(frozen=True)
class Binned(Activity):
    """Counts of neurons or activations of units, per bin of the axis, which is as long as those around
    events.

    Attributes:
        values: rates in Hz or activations, shape (bins, columns).
        counts: whether they are rates of neurons, in Hz, which vary as Poisson counts do; of activations it
            is measured how they vary.
    """

    values: np.ndarray
    counts: bool

    @property
    def unit(self) -> str:
        """Hz, or activation."""
        return "Hz" if self.counts else "activation"

    def blocks(self) -> Iterator[slice]:
        """The columns, some at a time."""
        return (slice(i, i + _BLOCK) for i in range(0, len(self.names), _BLOCK))

    def trials(self, columns: slice, positions: np.ndarray) -> np.ndarray:
        """Activity around each event, in the bins that begin nearest to it; see `Activity`."""
        return self.values[(self._rows(positions)[:, None] + self._steps), columns]

    def turned(
        self, columns: slice, positions: np.ndarray, turns: np.ndarray, whole: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean activity around the turned events, and its spread; see `Activity`."""
        values = self.values[:, columns].astype(float)
        ring = np.concatenate([values, values[::-1]])
        rows, n = self._rows(positions), np.maximum(whole.sum(1), 1)
        means = sums_around(ring, rows, turns, whole, self._steps) / n[:, None, None]
        if self.counts:
            # no rate is negative, but for the rounding of a Fourier transform
            means = np.maximum(means, 0.0)
            return means, poisson_spread(means, self.lags.bin_seconds)
        variance = windowed_variance(ring, self.lags)
        mean_variance = sums_around(variance, rows, turns, whole, np.zeros(1, int))[:, 0] / n[:, None]
        return means, np.sqrt(np.maximum(mean_variance, 0.0))

    @property
    def _steps(self) -> np.ndarray:
        return np.arange(self.lags.n) - self.lags.first

    def _rows(self, positions: np.ndarray) -> np.ndarray:
        return np.floor(positions / self.lags.bin_seconds + 0.5).astype(np.int64)


def aligned(
    times: np.ndarray, positions: np.ndarray, window: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """The spikes in the windows around events.

    Args:
        times: of the spikes, seconds, in order, shape (spikes,).
        positions: of the events, seconds, shape (events,).
        window: seconds from the event.

    Returns:
        index of the event and time from it, seconds, of every spike in a window, shape (found,) each. Spikes
        in two windows are there twice.

    >>> event, lag = aligned(np.array([0.9, 2.0, 3.1]), np.array([1.0, 3.0]), (-0.2, 0.2))
    >>> event.tolist(), lag.round(3).tolist()
    ([0, 1], [-0.1, 0.1])
    """
    low, high = (np.searchsorted(times, positions + edge) for edge in window)
    n = high - low
    event = np.repeat(np.arange(len(positions)), n)
    spike = np.arange(len(event)) + np.repeat(low - (np.cumsum(n) - n), n)
    return event, times[spike] - positions[event]


def histogram(times: np.ndarray, positions: np.ndarray, rows: np.ndarray, n: int, lags: Lags) -> np.ndarray:
    """Spikes in the bins around events, summed by row.

    Args:
        times: of the spikes, seconds, in order, shape (spikes,).
        positions: of the events, seconds, shape (events,).
        rows: that each event belongs to, shape (events,).
        n: number of rows.
        lags: the bins.

    Returns:
        shape (n, bins).
    """
    low, high = lags.window
    margin = _EDGE * lags.bin_seconds
    event, lag = aligned(times, positions, (low - margin, high - margin))
    bins = np.clip((lag - low) / lags.bin_seconds + _EDGE, 0, lags.n - 1).astype(np.int64)
    return np.bincount(rows[event] * lags.n + bins, minlength=n * lags.n).reshape(n, lags.n)


def sums_around(
    ring: np.ndarray, rows: np.ndarray, turns: np.ndarray, whole: np.ndarray, steps: np.ndarray
) -> np.ndarray:
    """Sums over events of what is around them, for every turn of a ring.

    The sums at all turns at once are a correlation of the ring with the events, computed by Fourier
    transform; from it events without a whole window are taken off.

    Args:
        ring: values, shape (n, columns).
        rows: of the events, shape (events,).
        turns: by which the ring is turned, shape (turns,).
        whole: events that count, bool, shape (turns, events).
        steps: rows from the event, shape (bins,).

    Returns:
        shape (turns, bins, columns).
    """
    from scipy.fft import irfft, rfft

    n = len(ring)
    level = ring.mean(0)  # large levels would cost digits
    events = np.bincount(rows % n, minlength=n).astype(float)
    spectrum = np.conj(rfft(events))[:, None] * rfft(ring - level, axis=0)
    sums = irfft(spectrum, n, axis=0)[(steps - turns[:, None]) % n]
    for turn in np.flatnonzero(~whole.all(1)):
        broken = rows[~whole[turn]] - turns[turn]
        sums[turn] -= (ring[(broken[:, None] + steps) % n] - level).sum(0)
    return sums + level * whole.sum(1)[:, None, None]


def poisson_spread(rates: np.ndarray, bin_seconds: float) -> np.ndarray:
    """Standard deviation of one event's rate in a bin, Hz, shape (..., columns), if counts are Poisson.

    Args:
        rates: Hz, shape (..., bins, columns).
        bin_seconds: length of a bin, seconds.
    """
    return np.sqrt(rates.mean(-2) / bin_seconds)


def windowed_variance(ring: np.ndarray, lags: Lags) -> np.ndarray:
    """Variance within the window around each row, or what is there of it, shape (n, columns)."""
    centred = ring - ring.mean(0)
    sums = np.cumsum(np.stack([centred, centred**2]), axis=1)
    sums = np.concatenate([np.zeros_like(sums[:, :1]), sums], axis=1)
    first = np.arange(len(ring)) - lags.first
    low, high = np.clip(first, 0, len(ring)), np.clip(first + lags.n, 0, len(ring))
    mean, square = (sums[:, high] - sums[:, low]) / np.maximum(high - low, 1)[:, None]
    return np.maximum(square - mean**2, 0.0)
