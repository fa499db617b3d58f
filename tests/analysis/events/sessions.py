"""Simulated sessions without a recording."""

import numpy as np

from analysis.events.activity import Binned, SpikeTrains
from analysis.events.lags import Lags
from analysis.events.settings import EventSettings
from analysis.events.usable import UsableTime

BIN = 0.02  # seconds
QUICK = EventSettings(rotations=99, bootstraps=50)


def axis(seconds: float) -> UsableTime:
    n = round(seconds / BIN)
    return UsableTime.of(np.arange(n) * BIN, np.ones(n, bool), np.zeros(n, int), BIN)


def poisson(rate: np.ndarray, step: float, random: np.random.Generator) -> np.ndarray:
    """Spike times, 2 ms apart at least, of a rate in Hz that is constant over steps, shape (steps,)."""
    counts = random.poisson(rate * step)
    times = np.sort((np.repeat(np.arange(len(rate)), counts) + random.random(counts.sum())) * step)
    return times[np.diff(times, prepend=-1) > 0.002]


def walking(seconds: float, random: np.random.Generator) -> np.ndarray:
    """Touches four times a second in bouts of a few seconds, between pauses."""
    touches, now = [], 0.0
    while now < seconds:
        now += 1 + random.exponential(3.0)
        bout = np.arange(now, now + 1 + random.exponential(3.0), 0.25)
        touches.append(bout + 0.02 * random.standard_normal(len(bout)))
        now = bout[-1]
    touches = np.sort(np.concatenate(touches))
    return touches[(touches > 0) & (touches < seconds)]


def after(events: np.ndarray, seconds: float, latency: float, gain: float, step: float = 0.001) -> np.ndarray:
    """Rate in Hz of a neuron that fires `gain` Hz more for 40 ms, centred `latency` after each event."""
    time = (np.arange(round(seconds / step)) + 0.5) * step
    last = np.searchsorted(events, time - latency + 0.02) - 1
    since = np.where(last >= 0, time - events[np.maximum(last, 0)], np.inf)
    return 4.0 + gain * (np.abs(since - latency) < 0.02)


def trains(rates: list[np.ndarray], usable: UsableTime, random: np.random.Generator) -> SpikeTrains:
    """Neurons of these rates, in steps of 1 ms."""
    times = tuple(poisson(rate, 0.001, random) for rate in rates)
    names = tuple(map(str, range(len(rates))))
    return SpikeTrains(names, Lags.of(QUICK.window, QUICK.psth_seconds), usable, times)


def counted(neurons: SpikeTrains) -> Binned:
    """The same neurons, of which only counts per bin are known."""
    n, usable = neurons.usable.n_bins, neurons.usable
    counts = np.stack([np.histogram(t, n, (0, usable.seconds))[0] for t in neurons.trains], axis=1)
    return Binned(neurons.names, Lags.of(QUICK.window, BIN), usable, counts / BIN, counts=True)
