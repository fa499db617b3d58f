"""Whether peri-event rates find a response where there is one, when it comes, and none where there is none.

Nothing to find: neurons that drift slowly (10, 30, 100 s, a random walk) and know nothing of the rat, around
its touches, which come in bouts of walking, and around trials. In 800 runs a row: how often is p 0.05 or
less? And how often is that of the mean over 20 neurons, in 320 runs?

Planted: neurons that fire for 40 ms, 100 ms after touches of one paw, by 8 Hz more than their 4 Hz. How often
is q 0.05 or less among 20 neurons, of which 3 respond, and how far is the latency off?

Time: fifteen minutes of 22 neurons with spike times, and of a layer of 512 units, around 2,000 touches, with
the 999 rotations and 1,000 bootstraps of the defaults; time of the CPU, whatever else it does.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter1d

from analysis.events.activity import Binned, SpikeTrains
from analysis.events.lags import Lags
from analysis.events.response import population_p, respond
from analysis.events.settings import EventSettings
from analysis.events.usable import UsableTime
from analysis.multiple_testing import benjamini_hochberg

BIN = 0.02  # seconds, of counts and units
SETTINGS = EventSettings(rotations=199, bootstraps=2)
DRIFTS = (10.0, 30.0, 100.0, np.inf)  # seconds; the last is a random walk
SESSIONS, NEURONS = 40, 20
MINUTES = 8
FALSE_BAR, MEAN_BAR, FOUND_BAR, LATENCY_BAR, SECONDS_BAR = 0.07, 0.085, 0.9, 0.01, 60.0


def main() -> bool:
    """Print every figure; whether all bars were met."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", choices=("nothing", "planted", "time"), help="one of the three")
    arguments.add_argument("--sessions", type=int, default=SESSIONS, help="of each row, 20 neurons each")
    arguments.add_argument("--seed", type=int, help="fresh if not given")
    given = arguments.parse_args()
    seed = np.random.SeedSequence(given.seed)
    print(f"seed {seed.entropy}")
    parts: dict[str, Callable[[], bool]] = {
        "nothing": lambda: nothing(seed, given.sessions),
        "planted": lambda: planted(seed, given.sessions),
        "time": lambda: duration(seed),
    }
    good = [part() for name, part in parts.items() if given.only in (None, name)]
    return all(good)


def nothing(seed: np.random.SeedSequence, sessions: int) -> bool:
    """How often neurons that know nothing are called responding."""
    worst, of_mean = 0.0, []
    for name, events in (("touches", touches), ("trials", trials)):
        for drift in DRIFTS:
            wrong = []
            for child in seed.spawn(sessions):
                random = np.random.default_rng(child)
                usable = axis(60 * MINUTES)
                counts = random.poisson(5 * BIN * np.exp(0.8 * drifting(usable.n_bins, drift, random)))
                lags = Lags.of(SETTINGS.window, BIN)
                activity = Binned(names(NEURONS), lags, usable, counts / BIN, counts=True)
                settings = dataclasses.replace(SETTINGS, seed=int(random.integers(2**31)))
                found = respond(activity, usable.position(events(60 * MINUTES, random)), usable, settings)
                wrong.append(found.p <= 0.05)
                of_mean.append(population_p([found.statistic]) <= 0.05)
            share = float(np.mean(wrong))
            kind = "a random walk" if np.isinf(drift) else f"drift of {drift:g} s"
            print(f"{name}, {kind}: p at most 0.05 in {share:.1%} of {np.size(wrong)} runs")
            worst = max(worst, share)
    good = told("a neuron that only drifts has a p of 0.05 or less", worst, "share", FALSE_BAR, "most")
    share = float(np.mean(of_mean))
    return told("so has the mean of 20 of them, in all rows", share, "share", MEAN_BAR, "most") and good


def planted(seed: np.random.SeedSequence, sessions: int) -> bool:
    """How often planted responses are found, and how far their latencies are off."""
    responding, found, wrong, off = 3, [], [], []
    for child in seed.spawn(max(sessions // 4, 5)):
        random = np.random.default_rng(child)
        usable, at = axis(60 * MINUTES), touches(60 * MINUTES, random)
        times = [
            np.concatenate(
                [background(60 * MINUTES, random), answers(at, 0.1, 8.0, random) if i < responding else []]
            )
            for i in range(NEURONS)
        ]
        trains = tuple(np.sort(train[(train > 0) & (train < usable.seconds)]) for train in times)
        activity = SpikeTrains(
            names(NEURONS), Lags.of(SETTINGS.window, SETTINGS.psth_seconds), usable, trains
        )
        settings = dataclasses.replace(SETTINGS, rotations=399, seed=int(random.integers(2**31)))
        result = respond(activity, usable.position(at), usable, settings)
        q = benjamini_hochberg(result.p)
        found.append(q[:responding] <= 0.05)
        wrong.append(q[responding:] <= 0.05)
        off.append(np.abs(result.latency[:responding] - 0.1)[q[:responding] <= 0.05])
    print(f"of neurons that do not respond, {np.mean(wrong):.1%} have a q of 0.05 or less")
    late = float(np.median(np.concatenate(off)))
    good = told("responses 100 ms after touch are found", float(np.mean(found)), "share", FOUND_BAR, "least")
    return told("their latency is off by, in the median", late, "s", LATENCY_BAR, "most") and good


def duration(seed: np.random.SeedSequence) -> bool:
    """How long a session takes with the defaults."""
    random = np.random.default_rng(seed.spawn(1)[0])
    usable, settings = axis(900), EventSettings()
    at = usable.position(np.sort(random.uniform(1, 899, 2000)))
    trains = tuple(background(900, random) for _ in range(22))
    neurons = SpikeTrains(names(22), Lags.of(settings.window, settings.psth_seconds), usable, trains)
    units = random.standard_normal((usable.n_bins, 512)).astype(np.float32)
    layer = Binned(names(512), Lags.of(settings.window, BIN), usable, units, counts=False)
    began = time.process_time()
    respond(neurons, at, usable, settings)
    middle = time.process_time()
    respond(layer, at, usable, settings)
    ended = time.process_time()
    print(f"22 neurons {middle - began:.1f} s, 512 units {ended - middle:.1f} s")
    return told("neurons and a layer around 2,000 touches", ended - began, "s of CPU", SECONDS_BAR, "most")


def names(n: int) -> tuple[str, ...]:
    """Of neurons or units."""
    return tuple(map(str, range(n)))


def axis(seconds: float) -> UsableTime:
    """A session without a gap."""
    n = round(seconds / BIN)
    return UsableTime.of(np.arange(n) * BIN, np.ones(n, bool), np.zeros(n, int), BIN)


def touches(seconds: float, random: np.random.Generator) -> np.ndarray:
    """Four a second in bouts of walking of some seconds, between pauses as long."""
    bouts, now = [], 0.0
    while now < seconds:
        now += 1 + random.exponential(3.0)
        bouts.append(np.arange(now, now + 1 + random.exponential(3.0), 0.25))
        now = bouts[-1][-1]
    found = np.concatenate(bouts)
    found = np.sort(found + 0.02 * random.standard_normal(len(found)))
    return found[(found > 0) & (found < seconds)]


def trials(seconds: float, random: np.random.Generator) -> np.ndarray:
    """One every 4 to 6 seconds."""
    found = np.cumsum(random.uniform(4, 6, int(seconds / 4)))
    return found[found < seconds]


def drifting(n: int, seconds: float, random: np.random.Generator) -> np.ndarray:
    """Slow signals of variance 1, shape (n, NEURONS)."""
    if np.isinf(seconds):
        signal = np.cumsum(random.standard_normal((n, NEURONS)), axis=0)
    else:
        margin = int(4 * seconds)
        # drawn once a second, and then read between
        slow = gaussian_filter1d(
            random.standard_normal((int(n * BIN) + 2 * margin + 2, NEURONS)), seconds, axis=0
        )
        at = margin + np.arange(n) * BIN
        signal = np.stack([np.interp(at, np.arange(len(slow)), column) for column in slow.T], axis=1)
    return (signal - signal.mean(0)) / signal.std(0)


def background(seconds: float, random: np.random.Generator, rate: float = 4.0) -> np.ndarray:
    """Spikes of a Poisson neuron, in order."""
    return np.sort(random.uniform(0, seconds, random.poisson(rate * seconds)))


def answers(at: np.ndarray, latency: float, gain: float, random: np.random.Generator) -> np.ndarray:
    """Further spikes, `gain` Hz for 40 ms, centred at a latency after each event."""
    n = random.poisson(gain * 0.04, len(at))
    return np.repeat(at, n) + latency + random.uniform(-0.02, 0.02, n.sum())


def told(figure: str, value: float, unit: str, bar: float, at: str) -> bool:
    """Print a line of JSON; whether the bar was met."""
    print(json.dumps({"figure": figure, "value": round(value, 4), "unit": unit, "bar": bar, "at": at}))
    return value <= bar if at == "most" else value >= bar


if __name__ == "__main__":
    sys.exit(not main())
