"""What a layer adds is found where it adds something, and nowhere else."""

import dataclasses

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import spearmanr

from analysis.encoding.bands import HISTORY, Band
from analysis.encoding.bins import Bins
from analysis.encoding.inference import rank_p
from analysis.encoding.newton import solve
from analysis.encoding.regressions import rate_limits
from analysis.encoding.rotation import Residuals, Scheme, second_order
from analysis.encoding.scores import mean_count
from analysis.encoding.settings import EncodingSettings
from analysis.encoding.unique import BASE_LAGS, Base, UniqueGain, base_lags, unique_gains
from analysis.neural.spikes import BinnedSpikes
from analysis.timeline import Timeline
from rodent.errors import InputError

N, BIN, NEURONS = 3000, 0.1, 6
SETTINGS = EncodingSettings(strengths=(0.01, 0.1, 1.0), shifts=59)
PAST = Band(HISTORY, np.zeros((N, 0), np.float32), kind="history")


def quick(columns: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((N, columns))
    x = lfilter([1], [1, -0.8], noise, axis=0)
    return (x / x.std(0)).astype(np.float32)


@pytest.fixture(scope="module")
def kinematics() -> np.ndarray:
    return quick(10, 0) * np.geomspace(1, 0.05, 10).astype(np.float32)


def neurons(kinematics: np.ndarray, more: np.ndarray | float = 0.0) -> BinnedSpikes:
    """Six neurons of 8 Hz that follow one joint each, among them those that hardly move."""
    log_rate = 0.5 * kinematics[:, -NEURONS:] / kinematics[:, -NEURONS:].std(0) + more
    rate = np.exp(log_rate)
    counts = np.random.default_rng(1).poisson(rate / rate.mean(0) * 0.8).astype(np.int32)
    return BinnedSpikes(counts, tuple("abcdef"), BIN, np.ones(N, bool))


def fitted(kinematics: np.ndarray, spikes: BinnedSpikes, settings: EncodingSettings = SETTINGS) -> Base:
    bins = Bins.of(Timeline.without_recording(N, BIN), spikes, settings, BASE_LAGS)
    return Base(bins, [Band("joints", kinematics), PAST], settings)


def unique_gain(base: Base, layer: Band) -> UniqueGain:
    return unique_gains(base, [layer])[layer.name]


@pytest.fixture(scope="module")
def base(kinematics) -> Base:
    return fitted(kinematics, neurons(kinematics))


def test_a_linear_function_of_kinematics_adds_nothing(base, kinematics):
    mix = np.random.default_rng(2).normal(size=(10, 40)).astype(np.float32)
    found = unique_gain(base, Band("copy", kinematics @ mix, "layer"))
    assert found.residual == 0 and found.p == 1
    assert not found.gains.any() and not found.statistic.any()
    assert (found.p_values == 1).all()
    assert base.bits_per_spike.min() > 0.05


def test_noise_on_top_of_it_adds_nothing_either(base, kinematics):
    mix = np.random.default_rng(2).normal(size=(10, 20)).astype(np.float32)
    found = unique_gain(base, Band("noisy", kinematics @ mix + quick(20, 5), "layer"))
    assert 0.1 < found.residual < 0.9
    assert abs(found.bits_per_spike.mean()) < 0.004, found.bits_per_spike
    assert found.p > 0.05


def test_what_adds_is_found_and_its_size_is_right(kinematics):
    units = quick(12, 6)
    drive = units @ np.random.default_rng(7).normal(size=(12, NEURONS))
    drive *= 0.4 / drive.std(0)
    spikes = neurons(kinematics, drive)
    found = unique_gain(fitted(kinematics, spikes), Band("new", units, "layer"))
    assert found.p == rank_p(1.0, np.zeros(59)) == 1 / 60
    assert (found.p_values <= 0.05).all()
    # of the log rate's variance σ² a rate of λ tells about λ σ² / 2 nats a bin
    best = 0.4**2 / 2 / np.log(2)
    assert 0.5 * best < found.bits_per_spike.mean() < 1.2 * best
    # the second order is near the likelihood
    np.testing.assert_allclose(found.scaled_statistic[0], found.bits_per_spike, rtol=0.3)


def test_ranks_to_second_order_are_those_of_full_fits(kinematics):
    """Base and turned residual, refitted together for every turn, rank the layer as the one step does."""
    units = quick(6, 8)
    drive = units @ np.random.default_rng(9).normal(size=(6, NEURONS))
    # from neurons that the layer adds nothing to, to those where it is found: their p are apart
    spikes = neurons(kinematics, np.linspace(0, 0.08, NEURONS) * drive / drive.std(0))
    settings = dataclasses.replace(SETTINGS, strengths=(0.1,), shifts=79)
    base = fitted(kinematics, spikes, settings)
    found = unique_gain(base, Band("weak", units, "layer"))
    folds, bins = base.bins.folds, base.bins
    n = folds.n_rows
    rest = base.unexplained(bins.features([Band("weak", units)], settings).fitted(())[0])
    rest /= rest.std(0)
    gains = []
    for turn in (None, *np.linspace(20, 2 * n - 20, 79).astype(int)):
        # turning the residual one way is turning spikes, base and past the other
        moved = rest if turn is None else np.roll(np.concatenate([rest, rest[::-1]]), turn, axis=0)[:n]
        each = np.zeros((5, NEURONS))
        for fold in range(5):
            fit = base.regression.with_band(fold, moved.astype(np.float32))
            train, (test,) = fit.data(slice(0, NEURONS), np.float32)
            strengths = np.concatenate([base.held[fold].strengths, np.full((1, NEURONS), 0.1)])
            coef, _ = solve(train, fit.penalty, fit.per_coefficient(strengths), tolerance=1e-6)
            limits = rate_limits(train.log_rate_range(coef), train.n_bins)
            each[fold] = test.gain(coef, limits, mean_count(train.spikes, train.n_bins))[0]
            each[fold] -= base.held[fold].gain
        gains.append(each)
    # where it adds nothing to the other folds it is left out
    others = gains[0].sum(0) - gains[0]
    ours = found.block_gains.reshape(-1, 5, NEURONS).sum(0)
    np.testing.assert_allclose(ours, np.where(others > 0, gains[0], 0.0), atol=0.3)  # nats, of 480 spikes
    full = np.array(gains).sum(1)
    ours, theirs = found.p_values, rank_p(full[0], full[1:])
    assert spearmanr(ours, theirs).statistic > 0.85
    assert np.abs(ours - theirs).mean() < 0.1


def test_shared_drift_is_no_gain(kinematics):
    """Neurons share a slow drift, the layer has its own: p is small as often as it says, and no more."""
    small = []
    for seed in range(12):
        rng = np.random.default_rng(100 + seed)
        slow = np.cumsum(rng.standard_normal((N, 5)), axis=0)
        slow = (slow - slow.mean(0)) / slow.std(0)
        spikes = neurons(kinematics, 0.4 * slow[:, :1])
        bins = Bins.of(Timeline.without_recording(N, BIN), spikes, SETTINGS)
        counts = bins.used.astype(float)
        scheme = Scheme(bins.folds, (0.01, 0.1), bins.orders)
        gains = second_order(slow[:, 1:], Residuals.of(counts, counts.mean(0)), scheme)
        small.append(rank_p(gains[0].mean(), gains[1:].mean(1)) <= 0.1)
    assert np.mean(small) < 0.35


def test_the_base_has_lags_to_whole_bins():
    assert base_lags(SETTINGS, 0.1) == BASE_LAGS
    np.testing.assert_allclose(base_lags(SETTINGS, 0.04), (-0.08, 0.0, 0.08))
    assert base_lags(SETTINGS, 0.5) == (0.0,)
    assert base_lags(dataclasses.replace(SETTINGS, base_lags=(0.0, 0.2)), 0.1) == (0.0, 0.2)


def test_banded_ridge_is_refused(kinematics):
    settings = dataclasses.replace(SETTINGS, model="banded-ridge")
    bins = Bins.of(Timeline.without_recording(N, BIN), neurons(kinematics), settings)
    with pytest.raises(InputError, match="take --model ridge"):
        Base(bins, [Band("joints", kinematics)], settings)
