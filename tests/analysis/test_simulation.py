"""Simulated neurons are what they are said to be, and the pipeline finds what was put into them."""

import contextlib
import dataclasses

import numpy as np
import pytest

from analysis.encoding.crossvalidation import cross_validate
from analysis.encoding.settings import EncodingSettings
from analysis.neural.clock import Clock
from analysis.neural.read import read_session
from analysis.neural.spikes import BinnedSpikes
from analysis.simulation import NeuronModel, simulate, simulate_neurons
from analysis.timeline import Timeline
from rodent.errors import InputError
from rodent.recording import open_recording

FPS = 10.0


@pytest.fixture
def timeline(write_recording, smooth):
    units = smooth(6000, 12, seed=0) * np.arange(12)  # the first is constant
    layers = {"some": units, "constant": np.ones((6000, 3)), "alive": np.arange(6000) < 5500}
    with open_recording(write_recording({"a": layers}, FPS)) as recording:
        yield Timeline.of(list(recording.rollouts.values()), FPS, bin_seconds=0.1)


def explained(counts, units):
    """Share of the variance of counts that units explain linearly, per neuron."""
    features = np.column_stack([units, np.ones(len(units))])
    fitted = features @ np.linalg.lstsq(features, counts, rcond=None)[0]
    return 1 - (counts - fitted).var(0) / counts.var(0)


def test_driven_neurons_follow_units_and_the_others_do_not(timeline):
    neurons = simulate_neurons(timeline, "some", each=6, seed=3)
    assert neurons.counts.shape == (timeline.n_bins, 12)
    assert neurons.driven.sum() == 6
    alive = timeline.alive
    share = explained(neurons.counts[alive], timeline.units("some")[alive])
    assert share[neurons.driven].min() > 0.1
    assert share[~neurons.driven].max() < 0.03
    rate = neurons.counts[alive].mean(0) / neurons.bin_seconds
    assert rate.min() > 3 and rate.max() < 30


def test_drift_is_slow_and_as_strong(timeline):
    neurons = simulate_neurons(timeline, "some", each=6, seed=3)
    # over 5 s a driven neuron's fluctuations are gone and a drifting one's are not
    blocks = neurons.counts[:5500].reshape(-1, 50, 12).mean(1)
    assert blocks[:, ~neurons.driven].std(0).min() > 1.5 * blocks[:, neurons.driven].std(0).max()


def test_the_file_is_read_as_spikes(timeline, tmp_path):
    neurons = simulate_neurons(timeline, "some", each=2, seed=0)
    neurons.write(tmp_path / "spikes.npz")
    session = read_session(tmp_path / "spikes.npz").on_bins(timeline.n_bins, 0.1, Clock())
    assert session.names == ("driven_0", "driven_1", "drifting_0", "drifting_1")
    np.testing.assert_array_equal(session.counts, neurons.counts)
    again = simulate_neurons(timeline, "some", each=2, seed=0)
    np.testing.assert_array_equal(again.counts, neurons.counts)


def test_constant_units_drive_nothing(timeline):
    with pytest.raises(InputError, match="all 3 units of layer 'constant' are constant"):
        simulate_neurons(timeline, "constant", each=2, seed=0)


BIN = 0.02
CONSTANT = NeuronModel(depth=0.0)


def intervals(times):
    return np.concatenate([np.diff(train) for train in times])


def flat(seconds, neurons, seed=0, **changes):
    """Neurons whose rate never changes."""
    drives = {"x": np.zeros((round(seconds / BIN), 1))}
    return simulate(drives, [()] * neurons, BIN, seed, dataclasses.replace(CONSTANT, **changes))


def test_without_refractoriness_spikes_are_a_poisson_process():
    neurons = flat(400, 10, rate=20.0)
    assert neurons.counts.mean() / BIN == pytest.approx(20, rel=0.03)
    assert neurons.counts.var() / neurons.counts.mean() == pytest.approx(1, abs=0.03)
    found = intervals(neurons.times)
    assert found.std() / found.mean() == pytest.approx(1, abs=0.03)
    # as many short intervals as an exponential distribution has
    assert np.mean(found < 0.005) == pytest.approx(1 - np.exp(-20 * 0.005), abs=0.01)


def test_no_spike_comes_while_a_neuron_is_dead():
    neurons = flat(200, 5, rate=50.0, dead_seconds=0.003)
    assert intervals(neurons.times).min() >= 0.003
    # each spike takes the dead time off what is left for others
    assert neurons.counts.mean() / BIN == pytest.approx(50 / (1 + 50 * 0.003), rel=0.03)
    assert intervals(flat(200, 5, rate=50.0).times).min() < 0.001


def test_a_neuron_recovers_by_and_by():
    found = intervals(flat(400, 10, rate=50.0, dead_seconds=0.002, recovery_seconds=0.01).times)
    early, late = (np.mean((found > a) & (found < a + 0.002)) for a in (0.002, 0.012))
    assert found.min() >= 0.002
    assert early < late / 2
    # the hazard after a rest is that of the rate alone
    rested = found[found > 0.06] - 0.06
    assert rested.mean() == pytest.approx(1 / 50, rel=0.1)


def test_rates_of_neurons_are_spread_as_asked():
    neurons = flat(200, 400, rate=10.0, rate_spread=1.0)
    logs = np.log(neurons.counts.mean(0) / BIN)
    assert np.median(logs) == pytest.approx(np.log(10), abs=0.15)
    assert logs.std() == pytest.approx(1, abs=0.1)


def test_noise_is_the_share_asked_for(smooth):
    drives = {"x": smooth(6000, 8, seed=1)}
    many = [("x",)] * 30
    shares = []
    for noise in (0.0, 0.5):
        model = NeuronModel(rate=200.0, depth=0.3, noise=noise, noise_seconds=0.0)
        counts = simulate(drives, many, 0.1, 0, model).counts
        shares.append(explained(np.log(np.maximum(counts, 1)), drives["x"]).mean())
    assert shares[1] / shares[0] == pytest.approx(0.5, abs=0.05)


def test_a_neuron_of_two_bands_follows_both(smooth):
    drives = {"a": smooth(6000, 4, seed=1), "b": smooth(6000, 4, seed=2)}
    model = NeuronModel(rate=50.0)
    sources = [("a",), ("b",), ("a", "b"), ()]
    neurons = simulate(drives, sources, 0.1, 0, model)
    assert neurons.names == ("a_0", "b_0", "a+b_0", "drifting_0")
    assert neurons.driven.tolist() == [True, True, True, False]
    by_a, by_b = (explained(neurons.counts, drives[name]) for name in "ab")
    assert by_a[0] > 0.5 and by_b[0] < 0.05
    assert by_b[1] > 0.5 and by_a[1] < 0.05
    assert by_a[2] > 0.2 and by_b[2] > 0.2
    assert max(by_a[3], by_b[3]) < 0.05


def test_driven_neurons_drift_if_asked(smooth):
    drives = {"x": smooth(6000, 4, seed=1)}
    slow = []
    for drift in (0.0, 0.6):
        counts = simulate(drives, [("x",)] * 10, 0.1, 0, NeuronModel(drift=drift, drift_seconds=30.0)).counts
        slow.append(counts.reshape(-1, 200, 10).mean(1).std(0).mean())
    assert slow[1] > 2 * slow[0]


def test_the_truth_is_beside_the_spikes(smooth, tmp_path):
    drives = {"a": smooth(100, 2, seed=1), "b": smooth(100, 2, seed=2)}
    neurons = simulate(drives, [("a", "b"), (), ("b",)], 0.1, 0)
    neurons.write(tmp_path / "spikes.npz")
    with np.load(tmp_path / "spikes.npz") as file:
        assert file["sources"].tolist() == ["a + b", "", "b"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate": 0.0}, "rate is 0.0; it must be positive"),
        ({"dead_seconds": -1.0}, "dead_seconds is -1.0; it must be zero or more"),
        ({"noise": 0.7, "drift": 0.7}, "shares that sum to 1"),
        ({"noise": -0.1}, "shares that sum to 1"),
        ({"rate_spread": np.inf}, "rate_spread is inf"),
    ],
)
def test_models_out_of_range_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        NeuronModel(**changes)


def test_wrong_drives_are_named():
    good = np.random.default_rng(0).normal(size=(10, 2))
    bad = good.copy()
    bad[3, 1] = np.nan
    with pytest.raises(InputError, match="unknown source 'y'"):
        simulate({"x": good}, [("y",)], 0.1, 0)
    with pytest.raises(InputError, match="feature 1 of 'x' is not finite in bin 3"):
        simulate({"x": bad}, [("x",)], 0.1, 0)
    with pytest.raises(InputError, match="different numbers of bins"):
        simulate({"x": good, "y": good[1:]}, [("x",)], 0.1, 0)


# the experiments of benchmarks/truth.py at their smallest

CHEAP = EncodingSettings(strengths=(0.1,), shifts=1, components=8)


@pytest.fixture
def timeline_of(write_recording):
    """A function that makes a recording of units and cuts it in bins of a frame."""
    with contextlib.ExitStack() as stack:

        def make(layers):
            recording = stack.enter_context(open_recording(write_recording({"a": layers}, FPS)))
            return Timeline.of(list(recording.rollouts.values()), FPS, bin_seconds=0.1)

        yield make


def spikes_of(neurons):
    return BinnedSpikes(neurons.counts, neurons.names, 0.1, np.ones(neurons.n_bins, bool))


def test_the_planted_layer_scores_best(timeline_of, smooth):
    # layers that share half of what they do
    shared = smooth(6000, 6, seed=0)
    layers = {name: shared + smooth(6000, 6, seed=seed) for name, seed in (("a", 1), ("b", 2))}
    timeline = timeline_of(layers)
    for planted in layers:
        neurons = spikes_of(simulate(layers, [(planted,)] * 20, 0.1, 0))
        found = {name: cross_validate(timeline, neurons, name, CHEAP).mean_corrected for name in layers}
        assert max(found, key=lambda name: found[name]) == planted
        assert found[planted] > 0.1


def test_the_raw_score_is_fooled_by_drift(timeline_of, smooth):
    seconds = np.arange(6000)[:, None] / 10
    # units that drift over minutes, as neurons do
    trend = np.sin(2 * np.pi * seconds / 400 + np.arange(4))
    timeline = timeline_of({"x": 0.5 * smooth(6000, 4, seed=0) + trend})
    model = NeuronModel(drift_seconds=60.0)
    neurons = spikes_of(simulate({"x": np.ones((6000, 1))}, [()] * 40, 0.1, 3, model))
    result = cross_validate(timeline, neurons, "x", CHEAP)
    assert result.bits_per_spike.mean() > 0.02
    assert np.mean(result.bits_per_spike > 0) > 0.5
