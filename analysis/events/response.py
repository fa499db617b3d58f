"""How activity changes around an event: rates with intervals, latency, modulation, and p by rotation.

    response = respond(activity, usable.position(times), usable, settings)
    response.rate[i], response.low[i], response.high[i]      # around the event, with its 95 % interval
    response.p                                               # per neuron

The statistic of a neuron is the largest difference of its mean smoothed rate from its baseline, relative to
the spread that chance gives a rate like it. The same is computed where the events are turned against the
activity on a mirrored ring. That keeps the autocorrelation of both, and whatever drifts, but nothing of their
relation. p is the rank of the first among the second. All neurons are turned together, so the rank of the
mean over neurons holds however much they have in common.
"""

import dataclasses

import numpy as np

from analysis.encoding.inference import rank_p
from analysis.events.activity import Activity
from analysis.events.lags import Lags
from analysis.events.settings import EventSettings
from analysis.events.usable import UsableTime
from analysis.ring import random_turn
from rodent.errors import InputError

_PERCENTILES = (2.5, 97.5)
_ROUNDING = 1e-9
_LEAST_SESSION = 3  # times the least rotation


@dataclasses.dataclass(frozen=True)
class Response:
    """What neurons, or units of a layer, do around one kind of event; arrays lead with (columns,).

    Attributes:
        names: of the neurons or units.
        unit: of the activity, Hz or activation.
        lags: bins around the event.
        n_events: events whose window is whole.
        rate: mean over events, smoothed, shape (columns, bins).
        low, high: its 95 % interval over events, shape (columns, bins).
        halves: mean over every second event, and over the others, less the baseline, in standard deviations
            of what rotation gives, shape (2, columns, bins).
        baseline: mean in the baseline.
        response: mean in the response window.
        modulation: (response - baseline) / (|response| + |baseline|), from -1 to 1.
        modulation_low, modulation_high: its 95 % interval over events.
        peak: the rate that differs most from the baseline, within the response window.
        latency: when, seconds from the event.
        latency_low, latency_high: its 95 % interval over events.
        onset: when half of that difference was first reached on the way there, seconds from the event.
        statistic: observed and then of every rotation, shape (1 + rotations, columns); NaN for columns that
            do not vary.
        p: by rotation; NaN for columns that do not vary.
    """

    names: tuple[str, ...]
    unit: str
    lags: Lags
    n_events: int
    rate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    halves: np.ndarray
    baseline: np.ndarray
    response: np.ndarray
    modulation: np.ndarray
    modulation_low: np.ndarray
    modulation_high: np.ndarray
    peak: np.ndarray
    latency: np.ndarray
    latency_low: np.ndarray
    latency_high: np.ndarray
    onset: np.ndarray
    statistic: np.ndarray
    p: np.ndarray


def respond(
    activity: Activity, positions: np.ndarray, usable: UsableTime, settings: EventSettings
) -> Response:
    """Measure and test what activity does around events.

    Args:
        activity: of neurons or units.
        positions: of the events, seconds on the axis, NaN for those outside of it, shape (events,).
        usable: the axis.
        settings: windows, smoothing, rotations.

    Raises:
        InputError: too few events have a whole window, or the session is too short to be rotated.
    """
    lags, random = activity.lags, np.random.default_rng(settings.seed)
    positions = np.sort(positions[np.isfinite(positions)])
    turns = random_turns(usable, settings, random)
    whole = usable.whole(usable.turned(positions, turns), lags.window)
    own = positions[whole[0]]
    if len(own) < settings.least_events:
        low, high = lags.window
        raise InputError(
            f"{len(own)} events have a whole window from {low:g} to {high:g} s, {settings.least_events} are "
            "needed; take a shorter --window or a smaller --least-events"
        )
    weights = bootstrap_weights(own, lags, settings.bootstraps, random)
    events = _Events(positions, turns, whole, weights)
    parts = [_block(activity, columns, events, settings) for columns in activity.blocks()]
    joined = {key: np.concatenate([part[key] for part in parts], axis=_AXIS.get(key, 0)) for key in parts[0]}
    p = np.where(
        np.isfinite(joined["statistic"][0]), rank_p(joined["statistic"][0], joined["statistic"][1:]), np.nan
    )
    return Response(activity.names, activity.unit, lags, len(own), **joined, p=p)


def random_turns(usable: UsableTime, settings: EventSettings, random: np.random.Generator) -> np.ndarray:
    """No turn, and then random ones, in bins, shape (1 + rotations,).

    Raises:
        InputError: the session is too short.
    """
    least = int(np.ceil(settings.shift_seconds / usable.bin_seconds))
    if usable.n_bins < _LEAST_SESSION * least:
        raise InputError(
            f"{usable.seconds:g} s can be used, less than {_LEAST_SESSION} times the least rotation, "
            f"{settings.shift_seconds:g} s; record more, or lower --shift-seconds, to no less than the time "
            "over which neurons and behavior are correlated with themselves"
        )
    return np.array([0, *(random_turn(random, usable.n_bins, least) for _ in range(settings.rotations))])


def bootstrap_weights(
    positions: np.ndarray, lags: Lags, draws: int, random: np.random.Generator
) -> np.ndarray:
    """How often each event is drawn, as a share of all, shape (draws, events).

    Events are drawn in blocks that follow one another, as many as a window holds on average, since neighbours
    whose windows overlap share spikes (Künsch, Annals of Statistics 17, 1217, 1989).

    Args:
        positions: of the events, seconds, in order, shape (events,).
        lags: bins of the window.
        draws: how many.
        random: where they come from.
    """
    n, (low, high) = len(positions), lags.window
    in_window = np.searchsorted(positions, positions + (high - low)) - np.arange(n)
    block = min(int(np.ceil(in_window.mean() - 1e-9)), n)
    n_blocks = -(-n // block)
    weights = np.empty((draws, n), np.float32)
    for row in weights:
        starts = random.integers(n, size=n_blocks)
        drawn = ((starts[:, None] + np.arange(block)) % n).ravel()[:n]
        row[:] = np.bincount(drawn, minlength=n) / n
    return weights


_AXIS = {"halves": 1, "statistic": 1}  # of the columns, where it is not the first


@dataclasses.dataclass(frozen=True)
class _Events:
    """Events of one kind, their turns and their samples.

    Attributes:
        positions: seconds on the axis, shape (events,).
        turns: no turn, and then random ones, in bins, shape (1 + rotations,).
        whole: events whose window is whole in each turn, bool, shape (1 + rotations, events).
        weights: how often each event whose window is whole in its place is drawn, shape (draws, events).
    """

    positions: np.ndarray
    turns: np.ndarray
    whole: np.ndarray
    weights: np.ndarray


def _block(
    activity: Activity, columns: slice, events: _Events, settings: EventSettings
) -> dict[str, np.ndarray]:
    """The fields of a response, of some columns."""
    whole = events.whole
    lags = activity.lags
    smoother = lags.smoother(settings.smooth_seconds)
    before, after = lags.within(settings.baseline, "baseline"), lags.within(settings.response, "response")

    def smooth(rates: np.ndarray) -> np.ndarray:
        """Along the last axis but one."""
        return np.moveaxis(np.tensordot(smoother, rates, (1, rates.ndim - 2)), 0, -2)

    def level(rates: np.ndarray) -> np.ndarray:
        return rates[..., before, :].mean(-2)

    # rotation
    means, spread = activity.turned(columns, events.positions, events.turns, whole)
    away = smooth(means) - level(means)[..., None, :]
    largest = np.abs(away[:, after]).max(1)
    scale = np.divide(np.sqrt(whole.sum(1))[:, None], spread, out=np.zeros_like(spread), where=spread > 0)
    statistic = largest * scale
    chance = away[1:].std((0, 1))
    # what varies by rounding alone is constant
    chance = np.where(chance > _ROUNDING * np.abs(means).max((0, 1)), chance, 0.0)
    statistic = np.where(chance > 0, statistic, np.nan)

    # this session's events
    trials = activity.trials(columns, events.positions[whole[0]])
    mean = trials.mean(0)
    rate, base, shown = smooth(mean), level(mean), mean[after].mean(0)
    away = rate - base
    peaks = np.flatnonzero(after)[np.abs(away[after]).argmax(0)]
    each = np.arange(len(base))
    sign = np.sign(away[peaks, each])

    # the same of samples of events
    drawn = np.tensordot(events.weights, trials, 1)
    drawn_base, drawn_shown = level(drawn), drawn[:, after].mean(1)
    drawn_rate = smooth(drawn)
    drawn_peak = (sign * (drawn_rate - drawn_base[:, None]))[:, after].argmax(1)
    low, high = np.percentile(drawn_rate, _PERCENTILES, axis=0)
    bounds = np.percentile(index(drawn_shown, drawn_base), _PERCENTILES, axis=0)
    latencies = np.percentile(lags.middles[after][drawn_peak], _PERCENTILES, axis=0)

    halves = np.stack([smooth(half) - level(half) for half in (trials[0::2].mean(0), trials[1::2].mean(0))])
    # half of the events deviate by more
    halves = np.divide(halves, chance * 2**0.5, out=np.zeros_like(halves), where=chance > 0)
    return {
        "rate": rate.T,
        "low": low.T,
        "high": high.T,
        "halves": halves.transpose(0, 2, 1),
        "baseline": base,
        "response": shown,
        "modulation": index(shown, base),
        "modulation_low": bounds[0],
        "modulation_high": bounds[1],
        "peak": rate[peaks, each],
        "latency": lags.middles[peaks],
        "latency_low": latencies[0],
        "latency_high": latencies[1],
        "onset": half_way(away * sign, peaks, lags),
        "statistic": statistic,
    }


def index(response: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Modulation, from -1 to 1; 0 where both are 0."""
    total = np.abs(response) + np.abs(baseline)
    return np.divide(response - baseline, total, out=np.zeros_like(total), where=total > 0)


def half_way(away: np.ndarray, peaks: np.ndarray, lags: Lags) -> np.ndarray:
    """When half of a peak was first reached on the way up to it, seconds, shape (columns,).

    Args:
        away: difference from the baseline, positive at the peak, shape (bins, columns).
        peaks: bin of each column's peak, shape (columns,).
        lags: the bins.

    Returns:
        between two bins by a line; NaN where it is above half from the beginning of the window on.
    """
    found = np.full(len(peaks), np.nan)
    for column, peak in enumerate(peaks):
        rise, half = away[: peak + 1, column], away[peak, column] / 2
        below = np.flatnonzero(rise < half)
        if len(below) and half > 0:
            last = below[-1]
            part = (half - rise[last]) / (rise[last + 1] - rise[last])
            found[column] = lags.middles[last] + part * lags.bin_seconds
    return found


def population_p(statistics: list[np.ndarray]) -> float:
    """P of the mean response of all columns, of one session or several.

    Args:
        statistics: of each session, observed and then of every rotation, shape (1 + rotations, columns).
    """
    means = []
    for values in statistics:
        varies = values[:, np.isfinite(values).all(0)]
        if not varies.shape[1]:
            return float("nan")
        spread = varies.std(0)
        # every neuron counts alike, whatever its rate
        scores = (varies - varies.mean(0)) / np.where(spread > 0, spread, 1.0)
        means.append(scores.mean(1))
    observed, *rotated = np.mean(means, axis=0)
    return float(rank_p(observed, np.array(rotated)))
