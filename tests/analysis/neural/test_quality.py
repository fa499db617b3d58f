"""Which neurons are good, and why the others are not."""

from pathlib import Path

import numpy as np
import pytest

from analysis.neural.clock import Clock
from analysis.neural.quality import (
    copies,
    fano_factor,
    firing_rate,
    judge,
    presence_ratio,
    require_good,
)
from analysis.neural.session import NeuralSession
from analysis.neural.settings import QualitySettings
from analysis.neural.spikes import SpikeCounts, SpikeTimes
from rodent.errors import InputError

BINS, BIN = 20_000, 0.02  # 400 s
DEFAULTS = QualitySettings()


@pytest.fixture
def counts(rng) -> np.ndarray:
    return rng.poisson(0.2, (BINS, 8))


def judged(counts, settings=DEFAULTS):
    spikes = SpikeCounts(Path("x"), counts, tuple("abcdefgh"[: counts.shape[1]]), BIN)
    session = NeuralSession(Path("x"), "test", spikes)
    return judge(session.on_bins(len(counts), BIN, Clock()), session, settings)


def test_poisson_neurons_are_good(counts):
    quality = judged(counts)
    assert quality.good.all() and quality.dropped == {}
    row = quality.table[0]
    assert row["rate_hz"] == pytest.approx(10, rel=0.1) and row["fano"] == pytest.approx(1, abs=0.25)
    assert row["presence"] == 1 and np.isnan(row["contamination"]) and row["reason"] == ""


def test_each_fault_is_told(counts, rng):
    counts[:, 1] = 0
    counts[:, 2] = rng.poisson(0.001, BINS)
    counts[2 * BINS // 5 :, 3] = 0
    counts[:, 4] = np.where(np.arange(BINS) % 2000 < 50, 30, counts[:, 4])
    counts[:, 6] = counts[:, 5] - (counts[:, 5] > 3)
    dropped = judged(counts).dropped
    assert dropped["b"] == "no spikes in the bins used"
    assert dropped["c"].endswith("Hz is below 0.1 Hz (--min-rate)")
    assert dropped["d"] == "fires in 40% of the session, less than 50% (--min-presence)"
    assert dropped["e"].startswith("comes in bursts: a Fano factor of")
    assert dropped["e"].endswith("is above 30 (--max-fano)")
    assert dropped["g"] == "a copy of neuron f: counts correlate above 0.95 (--max-correlation)"
    assert set(dropped) == set("bcdeg")


def test_thresholds_are_the_users(counts):
    assert not judged(counts, QualitySettings(min_rate=50)).good.any()
    counts[BINS // 2 :, 3] = 0
    assert judged(counts, QualitySettings(min_presence=0.4)).good.all()


def test_none_good_is_refused(counts):
    quality = judged(counts, QualitySettings(min_rate=50))
    spikes = SpikeCounts(Path("x.npz"), counts, tuple("abcdefgh"), BIN)
    with pytest.raises(InputError, match=r"none of 8 neurons is good enough; a: .* below 50 Hz"):
        require_good(quality, NeuralSession(Path("x.npz"), "test", spikes))


def test_a_neuron_observed_too_little_is_dropped(rng):
    times = np.sort(rng.uniform(0, 100, 2000))
    neurons = np.arange(2000) % 2
    observed = (np.array([[0.0, 100.0]]), np.array([[0.0, 60.0]]))
    spikes = SpikeTimes(Path("x"), times, neurons, ("a", "b"), observed)
    session = NeuralSession(Path("x"), "test", spikes)
    quality = judge(session.on_bins(1000, 0.1, Clock(0.0)), session, QualitySettings())
    assert quality.dropped == {"b": "recorded in 60% of the session, less than 90% (--min-observed)"}


def test_a_unit_without_refractory_time_is_dropped_by_name(rng):
    clean = np.cumsum(0.02 + rng.exponential(0.03, 8000))
    mixed = np.sort(rng.uniform(0, clean[-1], 20_000))
    times = np.concatenate([clean, mixed])
    neurons = np.repeat([0, 1], [len(clean), len(mixed)])
    session = NeuralSession(Path("x"), "test", SpikeTimes(Path("x"), times, neurons, ("clean", "mixed")))
    quality = judge(session.whole(0.1), session, QualitySettings())
    assert list(quality.dropped) == ["mixed"]
    assert quality.dropped["mixed"].startswith("too many spikes too close: a contamination of at least 0.")
    assert quality.dropped["mixed"].endswith("is above 0.5 (--max-contamination)")
    assert quality.table[0]["contamination"] == 0 and quality.table[1]["contamination"] > 0.8
    assert judge(session.whole(0.1), session, QualitySettings(max_contamination=1)).good.all()


def test_units_faster_than_neurons_are_pointed_out(counts, rng):
    counts[:, 1] = rng.poisson(107 * BIN, BINS)
    quality = judged(counts)
    assert quality.good.all()
    (note,) = quality.notes
    assert note.startswith("neuron b fires at 107 Hz") and "--select name!=b" in note


def test_presence_counts_hundredths():
    counts = np.zeros((1000, 2), int)
    counts[:370:10, 0] = 1
    counts[:, 1] = 1
    assert presence_ratio(counts).tolist() == [0.37, 1.0]
    assert presence_ratio(counts[:5]).tolist() == [0.2, 1.0]


def test_rate_and_fano_of_known_counts():
    counts = np.tile([[0], [2]], (500, 1))
    assert firing_rate(counts, 0.1).tolist() == [10.0]
    assert fano_factor(counts, 2).tolist() == [0.0]
    assert fano_factor(counts, 1)[0] == pytest.approx(1000 / 999)
    assert np.isnan(fano_factor(counts[:1], 1)).all()
    assert np.isnan(fano_factor(0 * counts, 1)).all()


def test_copies_of_copies_have_one_original(rng):
    counts = rng.poisson(1.0, (20_000, 3))
    counts = counts[:, [0, 0, 0, 1, 2]]
    counts[:50, 1] += 1
    assert copies(counts, np.ones(5, bool), 0.95) == {0: 1, 2: 1}
    assert copies(counts, np.array([True, False, True, True, True]), 0.95) == {2: 0}


@pytest.mark.parametrize(
    "wrong", [{"min_rate": -1}, {"min_presence": 1.5}, {"max_fano": np.nan}, {"refractory_seconds": 1.0}]
)
def test_settings_out_of_range(wrong):
    (name,) = wrong
    with pytest.raises(InputError, match=f"quality setting {name} is"):
        QualitySettings(**wrong)
