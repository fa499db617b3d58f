import dataclasses

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from analysis.events.activity import Binned
from analysis.events.lags import Lags
from analysis.events.response import bootstrap_weights, half_way, index, population_p, random_turns, respond
from analysis.events.settings import EventSettings
from rodent.errors import InputError
from tests.analysis.events.sessions import BIN, QUICK, after, axis, counted, poisson, trains, walking

SECONDS = 200.0


@pytest.fixture(scope="module")
def session():
    """Touches in bouts; neurons that answer after 100 ms, lead by 50 ms, and know nothing."""
    random = np.random.default_rng(0)
    touches = walking(SECONDS, random)
    rates = [after(touches, SECONDS, 0.1, 25), after(touches, SECONDS, -0.05, 25), np.full(200_000, 5.0)]
    usable = axis(SECONDS)
    return usable, touches, trains(rates, usable, random)


@pytest.mark.parametrize("kind", ["times", "counts"])
def test_responses_are_found_at_their_latency(session, kind):
    usable, touches, neurons = session
    activity = neurons if kind == "times" else counted(neurons)
    found = respond(activity, usable.position(touches), usable, QUICK)
    resolution = activity.lags.bin_seconds
    assert found.latency[0] == pytest.approx(0.1, abs=resolution)
    assert found.latency[1] == pytest.approx(-0.05, abs=resolution)
    assert found.latency_low[0] <= 0.1 + resolution and found.latency_high[0] >= 0.1 - resolution
    assert found.latency_high[0] - found.latency_low[0] < 0.06
    # the rate begins to rise 20 ms before the middle of the burst
    assert 0.05 < found.onset[0] < 0.1
    assert found.p.tolist()[:2] == [0.01, 0.01] and found.p[2] > 0.05
    assert population_p([found.statistic]) == 0.01
    # 4 Hz and 25 more, of which smoothing takes some
    assert 15 < found.peak[0] < 30 and found.low[0].max() > found.baseline[0]
    assert found.n_events == usable.whole(touches, found.lags.window).sum()


def test_the_interval_holds_the_rate(session):
    usable, touches, neurons = session
    settings = dataclasses.replace(QUICK, bootstraps=500, smooth_seconds=0.0)
    found = respond(neurons, usable.position(touches), usable, settings)
    inside = (found.low[2] <= 5.0) & (found.high[2] >= 5.0)
    assert 0.85 < inside.mean() <= 1.0
    assert (found.low <= found.rate).all() and (found.rate <= found.high).all()


def test_a_pause_is_a_negative_response(session):
    usable, touches, _ = session
    random = np.random.default_rng(1)
    rate = 12 - 11 * (after(touches, SECONDS, 0.1, 1.0) - 4)
    settings = dataclasses.replace(QUICK, response=(0.05, 0.15))
    found = respond(trains([rate], usable, random), usable.position(touches), usable, settings)
    assert found.latency[0] == pytest.approx(0.1, abs=0.015) and found.p[0] == 0.01
    assert found.peak[0] < found.baseline[0] and found.modulation[0] < 0
    assert found.modulation_low[0] <= found.modulation[0] <= found.modulation_high[0] < 0


def test_units_are_looked_at_in_the_same_way(session):
    usable, touches, neurons = session
    random = np.random.default_rng(2)
    slow = gaussian_filter1d(random.standard_normal((usable.n_bins, 3)), 10 / BIN, axis=0)
    units = slow / slow.std(0) + 0.3 * random.standard_normal(slow.shape)
    answered = np.histogram(touches + 0.1, usable.n_bins, (0, SECONDS))[0]
    units[:, 0] += answered
    units[:, 2] = 0.1 + 0.2  # a dead unit
    activity = Binned(("a", "b", "dead"), neurons.lags, usable, units, counts=False)
    activity = dataclasses.replace(activity, lags=counted(neurons).lags)
    found = respond(activity, usable.position(touches), usable, QUICK)
    assert found.unit == "activation"
    assert found.latency[0] == pytest.approx(0.1, abs=BIN) and found.p[0] == 0.01
    assert found.p[1] > 0.05 and np.isnan(found.p[2]) and not found.halves[:, 2].any()
    assert population_p([found.statistic]) <= 0.05


def test_drift_alone_is_rarely_called_a_response():
    """The small form of benchmarks/events.py."""
    usable, wrong = axis(120), []
    settings = EventSettings(rotations=39, bootstraps=2)
    for run in range(12):
        random = np.random.default_rng(run)
        drift = gaussian_filter1d(random.standard_normal((120, 5)), 10, axis=0)
        rates = 5 * np.exp(0.8 * drift / drift.std(0))
        neurons = trains([np.repeat(rate, 1000) for rate in rates.T], usable, random)
        wrong.append(respond(neurons, usable.position(walking(120, random)), usable, settings).p <= 0.05)
    assert np.mean(wrong) < 0.13  # 60 runs: more than 7 of them in 1 % of cases


def test_results_are_those_of_the_seed(session):
    usable, touches, neurons = session
    once, again, other = (
        respond(neurons, usable.position(touches), usable, dataclasses.replace(QUICK, seed=seed))
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(once.statistic, again.statistic)
    np.testing.assert_array_equal(once.low, again.low)
    assert (once.statistic[1:] != other.statistic[1:]).any()
    np.testing.assert_array_equal(once.rate, other.rate)


def test_events_that_overlap_are_drawn_together(rng):
    lags = Lags.of((-0.5, 0.5), 0.01)
    apart = bootstrap_weights(np.arange(100) * 2.0, lags, 200, rng)
    dense = bootstrap_weights(np.arange(100) * 0.25, lags, 200, rng)
    for weights in (apart, dense):
        np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-5)
        np.testing.assert_allclose(weights.mean(0), 0.01, atol=0.005)

    def together(weights):
        return np.corrcoef(weights[:, :-1].ravel(), weights[:, 1:].ravel())[0, 1]

    assert abs(together(apart)) < 0.05 and together(dense) > 0.6


def test_the_interval_covers_where_windows_overlap():
    """Neighbours that share spikes are no further evidence."""
    covered = []
    usable = axis(60)
    for run in range(60):
        random = np.random.default_rng(run)
        events = np.arange(2, 58, 0.1)
        drift = gaussian_filter1d(random.standard_normal(6000), 20)
        rate = np.repeat(8 * np.exp(0.5 * drift / drift.std()), 10)
        neuron = dataclasses.replace(
            trains([np.ones(10)], usable, random), trains=(poisson(rate, 0.001, random),)
        )
        found = respond(neuron, events, usable, EventSettings(rotations=19, bootstraps=200))
        truth = np.mean([rate[(1000 * (e + found.lags.middles)).astype(int)] for e in events], axis=0)
        covered.append((found.low[0] <= truth) & (truth <= found.high[0]))
    assert np.mean(covered) > 0.88


def test_too_few_events_and_too_short_sessions_are_refused(session):
    usable, touches, neurons = session
    with pytest.raises(InputError, match="9 events have a whole window"):
        respond(neurons, np.append(touches[20:29], np.nan), usable, QUICK)
    with pytest.raises(InputError, match="50 s can be used, less than 3 times the least rotation, 20 s"):
        random_turns(axis(50), QUICK, np.random.default_rng(0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": (0.5, -0.5)},
        {"baseline": (-0.6, -0.2)},
        {"response": (0.0, 0.6)},
        {"rotations": 5},
        {"psth_seconds": 0.0},
        {"smooth_seconds": -1.0},
        {"window": (-0.5, float("nan"))},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(InputError, match=f"event setting {next(iter(wrong))}"):
        EventSettings(**wrong)


def test_halfway_and_index():
    lags = Lags(1, 5, 0.1)
    away = np.array([[0.0, 1.0], [0.0, 1.0], [2.0, 2.0], [4.0, 0.0], [0.0, 0.0]])
    found = half_way(away, np.array([3, 2]), lags)
    assert found[0] == pytest.approx(lags.middles[2]) and np.isnan(found[1])
    np.testing.assert_allclose(index(np.array([3.0, 0.0, -1.0]), np.array([1.0, 0.0, 1.0])), [0.5, 0.0, -1.0])
