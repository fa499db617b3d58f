from pathlib import Path

import numpy as np
import pytest

from analysis.encoding.bands import Band
from analysis.encoding.bins import Bins
from analysis.encoding.lagscan import read_lags, scan_lags
from analysis.encoding.settings import EncodingSettings
from analysis.neural.clock import Clock
from analysis.neural.spikes import SpikeCounts
from analysis.timeline import Timeline
from rodent.errors import InputError

N, BIN = 3000, 0.1
LAGS = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)


def scanned(features, counts, shifts=59):
    settings = EncodingSettings(shifts=shifts, shift_seconds=10.0)
    spikes = SpikeCounts(Path("spikes"), counts, tuple(map(str, range(counts.shape[1]))), BIN)
    bins = Bins.of(
        Timeline.without_recording(N, BIN), spikes.on_bins(N, BIN, Clock(0.0)), settings, lags=LAGS
    )
    return scan_lags(bins, [Band("x", features.astype(np.float32))], settings, LAGS)


def test_the_planted_lag_is_found():
    random = np.random.default_rng(0)
    features = random.normal(size=(N, 3))
    # the first neuron follows the features 0.2 s later, the second comes 0.1 s before them
    rates = [np.exp(0.4 * np.roll(features[:, 0], shift)) for shift in (2, -1)]
    scan = scanned(features, random.poisson(np.stack(rates, 1)))
    assert scan.best_lag.tolist() == [0.2, -0.1]
    assert scan.p_values.tolist() == [1 / 60, 1 / 60]
    assert (scan.bits_per_spike.argmax(0) == [5, 2]).all()


def test_p_is_corrected_for_the_choice_of_the_lag():
    random = np.random.default_rng(1)
    features, counts = random.normal(size=(N, 3)), random.poisson(1.0, (N, 200))
    scan = scanned(features, counts)
    assert (scan.p_values <= 0.05).mean() <= 0.08
    # the best of seven, each at its own p, is too often below
    own = (1 + (scan.statistic[:, 1:] >= scan.statistic[:, :1]).sum(1)) / 60
    assert (own.min(0) <= 0.05).mean() > 0.15


@pytest.mark.parametrize("text", ["", "1", "0:1", "0:1:0", "1:0:0.1", "0:1:nan", "a:b:c", "0:100:0.1"])
def test_what_is_no_scan_is_refused(text):
    with pytest.raises(InputError, match="a lag scan"):
        read_lags(text)
