"""Hippocampal neurons of a rat on a linear track: place and heading, with the old settings and the new."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from analysis.encoding.bands import Band
from analysis.encoding.crossvalidation import cross_validate
from analysis.encoding.settings import EncodingSettings
from analysis.neural.clock import Clock
from analysis.neural.read import read_session
from analysis.neural.settings import SpikeOptions
from analysis.timeline import Timeline

pytest.importorskip("pynapple")

BINS, BIN = 9000, 0.1
# as of the version before penalties by band, bounded rates and shifts to second order
SCORES = [1.42151, 0.23942, 2.18509, 0.36993, 1.08281, 1.0911, 2.00491, 2.04606, 0.07245, 0.11269, 0.33174]
NULLS = [0.00312, -0.01663, -0.02963, -0.12383, -0.01237, -0.04607, -0.00683, -0.00359, -0.00367]
NULLS += [-0.00067, -0.00581]


@pytest.fixture(scope="module")
def track(data):
    """Good neurons, and the bands of place and heading, of 15 minutes."""
    session = read_session(
        data / "neural" / "linear-track" / "spikes.mat", SpikeOptions(metres_per_pixel=0.003)
    )
    clock = Clock(4426.0)
    spikes = session.on_bins(BINS, BIN, clock)
    spikes = spikes.subset(spikes.counts.sum(0) >= 0.05 * BINS * BIN)
    position = session.behavior_on_bins("position", BINS, BIN, clock)
    seen, bins = np.isfinite(position).all(1), np.arange(BINS)
    position = np.stack([np.interp(bins, bins[seen], position[seen, i]) for i in (0, 1)], axis=1)
    velocity = gaussian_filter1d(np.gradient(position, BIN, axis=0), 5, axis=0)
    angle = np.arctan2(velocity[:, 1], velocity[:, 0])
    heading = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    bands = [
        Band("position", position.astype(np.float32), place=True),
        Band("heading", heading.astype(np.float32)),
    ]
    some = np.arange(len(spikes.names)) < len(SCORES)
    return spikes.subset(some), bands


def test_the_old_settings_give_the_old_values(track):
    settings = EncodingSettings(components=32, penalties="shared", shifts=19)
    found = cross_validate(Timeline.without_recording(BINS, BIN), *track, settings)
    np.testing.assert_allclose(found.bits_per_spike, SCORES, atol=5e-4)
    # rates that are kept within bounds tell in the null of a cell that fires in bursts
    kept = np.arange(len(NULLS)) != 3
    np.testing.assert_allclose(found.null_bits_per_spike[kept], np.array(NULLS)[kept], atol=5e-4)
    assert NULLS[3] < found.null_bits_per_spike[3] < 0
    assert (found.p_values <= 0.05).sum() == 10


def test_place_cells_are_found_by_many_shifts(track):
    settings = EncodingSettings(strengths=(0.01, 0.1, 1.0, 10.0))
    found = cross_validate(Timeline.without_recording(BINS, BIN), *track, settings)
    assert found.bits_per_spike.mean() > 0.8
    assert found.null_bits_per_spike.mean() == pytest.approx(np.mean(NULLS), abs=0.05)
    assert (found.q_values <= 0.05).sum() >= 9
