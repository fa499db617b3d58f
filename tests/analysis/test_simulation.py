"""Simulated neurons are what they are said to be."""

import numpy as np
import pytest

from analysis.neural.spikefile import read_spikes
from analysis.simulation import simulate_neurons
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
    session = read_spikes(tmp_path / "spikes.npz").on_bins(timeline.n_bins, 0.1, None)
    assert session.names == ("driven_0", "driven_1", "drifting_0", "drifting_1")
    np.testing.assert_array_equal(session.counts, neurons.counts)
    again = simulate_neurons(timeline, "some", each=2, seed=0)
    np.testing.assert_array_equal(again.counts, neurons.counts)


def test_constant_units_drive_nothing(timeline):
    with pytest.raises(InputError, match="all 3 units of layer 'constant' are constant"):
        simulate_neurons(timeline, "constant", each=2, seed=0)
