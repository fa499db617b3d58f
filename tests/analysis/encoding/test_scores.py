import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import poisson

from analysis.encoding.ceiling import noise_ceiling
from analysis.encoding.repeats import Repeats
from analysis.encoding.scores import (
    bits_per_spike,
    log_likelihood,
    mcfadden_r2,
    pseudo_r2,
    r2,
    saturated_log_likelihood,
)


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    rate = np.exp(rng.normal(size=(200, 3)))
    return rng.poisson(rate), rate


def test_bits_per_spike_are_those_of_the_poisson_formula(pair):
    counts, rate = pair
    baseline = np.array([1.2, 0.4, 2.0])
    for neuron in range(3):
        k = counts[:, neuron]
        gain = (poisson.logpmf(k, rate[:, neuron]) - poisson.logpmf(k, baseline[neuron])).sum()
        wanted = gain / math.log(2) / k.sum()
        assert bits_per_spike(counts, rate, baseline)[neuron] == pytest.approx(wanted, rel=1e-12)


def test_bits_per_spike_of_no_spikes_is_nan():
    assert np.isnan(bits_per_spike(np.zeros((3, 1), int), np.ones((3, 1)), np.ones(1))).all()


def test_log_likelihoods_are_those_of_scipy(pair):
    counts, rate = pair
    np.testing.assert_allclose(log_likelihood(counts, rate), poisson.logpmf(counts, rate).sum(0))
    np.testing.assert_allclose(log_likelihood(counts, rate[0]), poisson.logpmf(counts, rate[0]).sum(0))
    # of counts as their own rates; nought is certain there
    wanted = np.where(counts > 0, poisson.logpmf(counts, np.maximum(counts, 1)), 0).sum(0)
    np.testing.assert_allclose(saturated_log_likelihood(counts), wanted)


def test_pseudo_r2_is_the_part_of_deviance_explained(pair):
    counts, rate = pair
    mean = np.broadcast_to(counts.mean(0), counts.shape)

    def deviance(predicted: np.ndarray) -> np.ndarray:
        log = counts * np.log(np.where(counts > 0, counts / predicted, 1))
        return 2 * (log - (counts - predicted)).sum(0)

    parts = (log_likelihood(counts, rate), log_likelihood(counts, mean), saturated_log_likelihood(counts))
    np.testing.assert_allclose(pseudo_r2(*parts), 1 - deviance(rate) / deviance(mean))
    np.testing.assert_allclose(mcfadden_r2(*parts[:2]), 1 - parts[0] / parts[1])
    assert pseudo_r2(parts[2], parts[1], parts[2]).tolist() == [1, 1, 1]


def test_r2_is_that_of_squared_errors():
    values = np.array([[0.0], [1.0], [2.0]])
    assert r2(values, np.array([[0.0], [1.0], [1.0]]), np.array([1.0])) == pytest.approx(0.5)


def test_the_noise_ceiling_divides_out_noise():
    rng = np.random.default_rng(1)
    rate = 2 * np.exp(0.5 * rng.normal(size=(4000, 2)))
    counts = rng.poisson(rate, size=(10, *rate.shape))
    found = noise_ceiling(counts, rate)
    np.testing.assert_allclose(found.signal_power, rate.var(0), rtol=0.1)
    np.testing.assert_allclose(found.noise_power, rate.mean(0), rtol=0.05)
    np.testing.assert_allclose(found.cc_norm, 1, atol=0.02)
    np.testing.assert_allclose(
        found.cc_abs, [np.corrcoef(counts.mean(0)[:, k], rate[:, k])[0, 1] for k in (0, 1)]
    )
    # a model that knows half of the rate's variance reaches the root of a half
    worse = rate + rate.std(0) * rng.normal(size=rate.shape)
    np.testing.assert_allclose(noise_ceiling(counts, worse).cc_norm, np.sqrt(0.5), atol=0.03)
    # and none of the variance that can be explained: its errors have as much
    np.testing.assert_allclose(found.feve, 1, atol=0.02)
    np.testing.assert_allclose(noise_ceiling(counts, worse).feve, 0, atol=0.08)
    # the sum of two trials, by hand
    two = noise_ceiling(counts[:2], rate)
    signal = (counts[:2].sum(0).var(0, ddof=1) - counts[:2].var(1, ddof=1).sum(0)) / 2
    np.testing.assert_allclose(two.signal_power, signal)


def test_trials_with_nothing_in_common_have_no_ceiling():
    counts = np.array([[[0], [1], [0], [1]], [[1], [0], [1], [0]]])
    found = noise_ceiling(counts, np.arange(4.0)[:, None])
    assert np.isnan(found.cc_max).all() and np.isnan(found.cc_norm).all() and np.isnan(found.feve).all()


def test_repeats_are_the_same_frames_of_the_same_clip():
    clips = ("walk", "rear", "walk", "walk", "")
    rollouts = [SimpleNamespace(clip=clip, n_frames=40) for clip in clips]
    # two frames to a bin; of the last walk half was lost
    owner = np.repeat(np.arange(5), 20)
    timeline = SimpleNamespace(rollouts=rollouts, motions=clips, rollout=owner, n_frames=2)
    rows = np.setdiff1d(np.arange(100), np.arange(70, 80))
    found = Repeats.of(timeline, rows).trials()
    assert found is not None
    np.testing.assert_array_equal(found, [np.arange(20), np.arange(40, 60)])
    assert Repeats.of(timeline, np.arange(20, 45)).trials() is None
    assert Repeats.of(timeline, np.r_[0:5, 40:45]).trials() is None  # too few to correlate
