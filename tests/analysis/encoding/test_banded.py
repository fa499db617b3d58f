import dataclasses

import numpy as np
import pytest

from analysis.encoding.banded import BandedRegression
from analysis.encoding.bands import Band
from analysis.encoding.crossvalidation import cross_validate
from analysis.encoding.features import Features
from analysis.encoding.folds import Folds
from analysis.encoding.settings import EncodingSettings
from analysis.encoding.targets import Targets
from analysis.neural.spikes import BinnedSpikes
from analysis.timeline import Timeline
from rodent.errors import InputError
from rodent.recording import open_recording

FRAMES, BIN = 3000, 0.1
SETTINGS = EncodingSettings(model="banded-ridge", strengths=(0.01, 0.1, 1.0), shifts=1)


@pytest.fixture
def session(write_recording, smooth):
    """A band that drives neurons, one of noise, and the neurons' counts."""
    units = smooth(FRAMES, 8, 0)
    rate = np.exp(0.25 * units @ np.random.default_rng(1).normal(size=(8, 4)))
    counts = np.random.default_rng(2).poisson(rate)
    spikes = BinnedSpikes(counts, tuple("abcd"), BIN, np.ones(FRAMES, bool))
    signal = Band("signal", units.astype(np.float32))
    noise = Band("noise", np.random.default_rng(3).normal(size=(FRAMES, 30)).astype(np.float32))
    with open_recording(write_recording({"walk": {"x": units}})) as recording:
        yield Timeline.of(list(recording.rollouts.values()), recording.fps, BIN), spikes, signal, noise


def test_a_band_of_noise_gets_no_weight(session):
    timeline, spikes, signal, noise = session
    both = cross_validate(timeline, spikes, [signal, noise], SETTINGS)
    assert both.layer == "signal+noise" and both.weights.shape == (2, 4)
    assert both.weights[0].min() > 0.9
    alone = cross_validate(timeline, spikes, [signal], SETTINGS)
    np.testing.assert_allclose(both.bits_per_spike, alone.bits_per_spike, atol=0.02)
    assert alone.corrected_bits_per_spike.min() > 0.05
    assert alone.r2.min() > 0.05 and alone.r2.max() < 1
    assert cross_validate(timeline, spikes, [noise], SETTINGS).corrected_bits_per_spike.max() < 0.02


def test_a_poisson_model_says_much_the_same(session):
    timeline, spikes, signal, _ = session
    banded = cross_validate(timeline, spikes, [signal], SETTINGS)
    poisson = cross_validate(timeline, spikes, [signal], dataclasses.replace(SETTINGS, model="ridge"))
    assert (banded.bits_per_spike < poisson.bits_per_spike).all()  # the neurons are of its kind
    assert (banded.bits_per_spike > 0.6 * poisson.bits_per_spike).all()


def test_one_band_is_plain_ridge_on_all_bins(session):
    _, spikes, signal, _ = session
    folds = Folds.of(FRAMES, 5, 600, 10)
    rows = np.arange(FRAMES)
    features = Features([signal], rows, {"signal": rows[:, None]}, 32, folds)
    targets = Targets(spikes.counts, rows, [], BIN, history=False)
    settings = dataclasses.replace(SETTINGS, strengths=(0.1,))
    held = BandedRegression(features, folds, targets, settings, lambda n: None).held_out(0)
    train, test = folds.training((0,)), folds.rows(0)
    x, _ = features.fitted((0,))
    x = x.astype(float)
    center, y = x[train].mean(0), np.sqrt(spikes.counts[train])
    z = x[train] - center
    coef = np.linalg.solve(z.T @ z + 0.1 * len(train) * np.eye(8), z.T @ (y - y.mean(0)))
    error = ((y - y.mean(0) - z @ coef) ** 2).mean(0)
    root = (np.clip(x[test], x[train].min(0), x[train].max(0)) - center) @ coef + y.mean(0)
    np.testing.assert_allclose(held.rates, np.maximum(root, 0) ** 2 + error, rtol=1e-4)
    np.testing.assert_allclose(held.strengths, 0.1)


def test_history_and_two_folds_are_refused(session):
    timeline, spikes, signal, _ = session
    history = Band("history", np.zeros((FRAMES, 0), np.float32), "history")
    with pytest.raises(InputError, match="take --model group-lasso, or leave out history"):
        cross_validate(timeline, spikes, [signal, history], SETTINGS)
    with pytest.raises(InputError, match="take 3 --folds or more"):
        cross_validate(timeline, spikes, [signal], dataclasses.replace(SETTINGS, folds=2, strengths=(1.0,)))
