import numpy as np
import pytest

from analysis.events.activity import Binned, aligned, sums_around, windowed_variance
from analysis.events.lags import Lags
from analysis.events.usable import UsableTime
from analysis.ring import turned
from rodent.errors import InputError
from tests.analysis.events.sessions import BIN, axis, counted, trains


@pytest.fixture
def broken(rng):
    """An axis of 60 s in three stretches, events on it, and turns of its ring."""
    n = 3000
    stretch = np.repeat([0, 1, 2], [500, 1500, 1000])
    usable = UsableTime.of(np.arange(n) * BIN + 5.0 * stretch, np.ones(n, bool), stretch, BIN)
    positions = np.sort(rng.uniform(0, usable.seconds, 80))
    turns = np.array([0, *rng.integers(100, 5900, 20)])
    return usable, positions, turns


def test_lags_begin_with_the_event():
    lags = Lags.of((-0.1, 0.2), 0.02)
    assert lags.n == 15 and lags.window == pytest.approx((-0.1, 0.2))
    assert lags.middles[lags.first] == pytest.approx(0.01)
    assert lags.within((0.0, 0.04), "response").sum() == 2
    np.testing.assert_allclose(lags.smoother(0.03).sum(1), 1)
    np.testing.assert_array_equal(lags.smoother(0.0), np.eye(15))
    with pytest.raises(InputError, match=r"the baseline from 0 to 0\.005 s holds no bin"):
        lags.within((0.0, 0.005), "baseline")
    with pytest.raises(InputError, match="has 2 bins"):
        Lags.of((-0.02, 0.02), 0.02)


def test_spikes_are_found_at_their_own_resolution(rng):
    times, events = np.sort(rng.uniform(0, 100, 5000)), np.sort(rng.uniform(0, 100, 60))
    event, lag = aligned(times, events, (-0.1, 0.3))
    direct = times - events[:, None]
    rows, columns = np.nonzero((direct >= -0.1) & (direct < 0.3))
    np.testing.assert_array_equal(event, rows)
    np.testing.assert_array_equal(lag, direct[rows, columns])


def test_spike_times_and_counts_agree_where_events_are_on_the_edges_of_bins(rng):
    usable = axis(60)
    neurons = trains([np.full(60000, 20.0)] * 2, usable, rng)
    times = type(neurons)(neurons.names, Lags.of((-0.5, 0.5), BIN), usable, neurons.trains)
    counts = counted(neurons)
    positions = np.sort(rng.choice(np.arange(50, 2900), 40, replace=False)) * BIN
    one = slice(0, 2)
    np.testing.assert_allclose(times.trials(one, positions), counts.trials(one, positions), atol=1e-9)
    turns = np.array([0, 700, 2000, 4100])
    whole = usable.whole(usable.turned(positions, turns), times.lags.window)
    for a, b in zip(
        times.turned(one, positions, turns, whole), counts.turned(one, positions, turns, whole), strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-9)


@pytest.mark.parametrize("counts", [True, False])
def test_turned_means_are_those_of_turned_activity(broken, rng, counts):
    usable, positions, turns = broken
    values = np.abs(rng.normal(size=(usable.n_bins, 3))) + 100
    lags = Lags.of((-0.1, 0.2), BIN)
    activity = Binned(("a", "b", "c"), lags, usable, values, counts=counts)
    whole = usable.whole(usable.turned(positions, turns), lags.window)
    means, spread = activity.turned(slice(0, 3), positions, turns, whole)
    rows, ring = np.floor(positions / BIN + 0.5).astype(int), np.concatenate([values, values[::-1]])
    steps = np.arange(lags.n) - lags.first
    assert not whole.all() and whole.any(1).all()
    for i, turn in enumerate(turns):
        moved = np.roll(ring, turn, axis=0)
        windows = np.stack([moved[(row + steps) % len(ring)] for row in rows[whole[i]]])
        np.testing.assert_allclose(means[i], windows.mean(0), rtol=1e-9)
        wanted = np.sqrt(windows.mean((0, 1)) / BIN) if counts else np.sqrt(windows.var(1).mean(0))
        np.testing.assert_allclose(spread[i], wanted, rtol=1e-6)
        # the same ring as everywhere
        np.testing.assert_array_equal(moved[: usable.n_bins], values[turned(usable.n_bins, turn)])
    # without a turn, these are the means over the events themselves
    own = activity.trials(slice(0, 3), positions[whole[0]])
    np.testing.assert_allclose(own.mean(0), means[0])


def test_rates_are_never_negative(broken, rng):
    """Not even by the rounding of sums, where a neuron fires only now and then."""
    usable, positions, turns = broken
    rates = np.zeros((usable.n_bins, 3))
    rates[rng.integers(0, usable.n_bins, 5)] = 1e6 / 3
    lags = Lags.of((-0.1, 0.3), BIN)
    activity = Binned(("a", "b", "c"), lags, usable, rates, counts=True)
    whole = usable.whole(usable.turned(positions, turns), lags.window)
    means, spread = activity.turned(slice(0, 3), positions, turns, whole)
    assert (means >= 0).all() and np.isfinite(spread).all()


def test_turned_means_of_spike_times_are_those_of_the_turned_train(broken, rng):
    usable, positions, turns = broken
    lags = Lags.of((-0.1, 0.2), 0.005)
    neurons = trains([np.full(round(usable.seconds * 1000), 30.0)], usable, rng)
    neurons = type(neurons)(neurons.names, lags, usable, neurons.trains)
    whole = usable.whole(usable.turned(positions, turns), lags.window)
    rates, spread = neurons.turned(slice(0, 1), positions, turns, whole)
    (train,) = neurons.trains
    ring = np.concatenate([train, 2 * usable.seconds - train])
    for i, turn in enumerate(turns):
        moved = np.sort((ring + turn * BIN) % (2 * usable.seconds))
        edges = np.linspace(-0.1, 0.2, lags.n + 1)
        counts = [np.histogram(moved - at, edges)[0] for at in positions[whole[i]]]
        np.testing.assert_allclose(rates[i, :, 0], np.mean(counts, 0) / 0.005, atol=1e-6)
        np.testing.assert_allclose(spread[i, 0], np.sqrt(np.mean(counts) / 0.005**2), rtol=1e-6)


def test_sums_without_any_whole_window_are_zero():
    ring = np.ones((10, 1))
    found = sums_around(ring, np.array([3]), np.array([0, 2]), np.zeros((2, 1), bool), np.arange(3))
    np.testing.assert_allclose(found, 0, atol=1e-12)


def test_variance_within_windows(rng):
    ring, lags = rng.normal(size=(50, 2)), Lags(2, 5, BIN)
    found = windowed_variance(ring, lags)
    wanted = [ring[i - 2 : i + 3].var(0) for i in range(2, 47)]
    np.testing.assert_allclose(found[2:47], wanted)
