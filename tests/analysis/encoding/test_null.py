"""Nulls of many shifts, of clips that come again, and scores that cannot explode."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.encoding.bands import Band
from analysis.encoding.bins import Bins
from analysis.encoding.crossvalidation import cross_validate
from analysis.encoding.null import turned_gains
from analysis.encoding.regressions import MOST_RATIO
from analysis.encoding.repeats import Repeats
from analysis.encoding.settings import EncodingSettings
from analysis.neural.spikes import BinnedSpikes
from analysis.timeline import Timeline

N, BIN = 3000, 0.1


class Played(SimpleNamespace):
    """A rollout of a clip, of which only the reference is read."""

    def __getitem__(self, key: str) -> np.ndarray:
        return {"reference": self.reference}[key]


MANY = EncodingSettings(strengths=(0.01, 0.1, 1.0), shifts=39)


@pytest.fixture(scope="module")
def units() -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal((N, 8))
    for t in range(1, N):
        noise[t] = 0.8 * noise[t - 1] + 0.6 * noise[t]
    return noise.astype(np.float32)


def binned(counts: np.ndarray) -> BinnedSpikes:
    names = tuple(f"n{i}" for i in range(counts.shape[1]))
    return BinnedSpikes(counts.astype(np.int32), names, BIN, np.ones(len(counts), bool))


def test_many_shifts_tell_what_few_in_full_tell(units):
    rng = np.random.default_rng(1)
    drive = units @ rng.normal(size=(8, 4))
    rate = np.exp(np.concatenate([0.3 * drive / drive.std(0), np.zeros((N, 4))], axis=1) - 0.5)
    spikes, timeline = binned(rng.poisson(rate)), Timeline.without_recording(N, BIN)
    layer = [Band("layer", units, "layer")]
    many = cross_validate(timeline, spikes, layer, MANY)
    full = cross_validate(timeline, spikes, layer, dataclasses.replace(MANY, null="refit"))
    np.testing.assert_allclose(many.bits_per_spike, full.bits_per_spike, atol=1e-6)
    np.testing.assert_allclose(many.null_bits_per_spike, full.null_bits_per_spike, atol=0.002)
    assert (many.p_values[:4] == 1 / 40).all() and (many.q_values[:4] <= 0.05).all()
    np.testing.assert_allclose(many.p_values[4:], full.p_values[4:], atol=0.15)
    assert np.abs(many.p_values[4:] - full.p_values[4:]).mean() < 0.08


def test_history_is_held_still_while_features_are_turned(units):
    rng = np.random.default_rng(2)
    counts = np.zeros((N, 3), int)
    rate = np.exp(0.4 * units[:, :3] - 0.7)
    for t in range(1, N):
        counts[t] = (counts[t - 1] == 0) * rng.poisson(rate[t])
    past = Band("history", np.zeros((N, 0), np.float32), "history")
    bins = Bins.of(Timeline.without_recording(N, BIN), binned(counts), MANY)
    both = turned_gains(bins, [Band("layer", units, "layer"), past], MANY)
    alone = turned_gains(bins, [past], MANY)
    for found in (both, alone):
        assert (found[0] > found[1:].max(0)).all()
    # the past is no part of what is ranked
    other = turned_gains(bins, [Band("other", units[::-1].copy(), "layer"), past], MANY)
    assert np.abs(other[0]).max() < 0.2 * alone[0].min()


def test_clips_that_come_again_leave_no_signal_in_the_null(units):
    """Thirty plays of one clip of ten seconds: turned as a whole, the session would meet itself again."""
    plays, length = 30, 100
    shown = np.tile(units[:length], (plays, 1))
    rng = np.random.default_rng(3)
    drive = shown @ rng.normal(size=(8, 6))
    spikes = binned(rng.poisson(np.exp(0.5 * drive / drive.std(0) - 0.5)))
    # each play has a clip of its own name, with the same reference
    every = (f"walk.{i}" for i in range(plays))
    rollouts = tuple(Played(n_frames=length, clip=clip, reference=shown[:length]) for clip in every)
    again = Timeline(rollouts, BIN, 1, np.repeat(np.arange(plays), length), np.ones(N, bool))
    layer = [Band("layer", shown, "layer")]
    bins = Bins.of(again, spikes, MANY)
    assert bins.repeats
    assert all(Repeats.of(again, np.arange(N)).overlap(order, 20) <= 0.1 for order in bins.orders)
    found = cross_validate(again, spikes, layer, MANY)
    blind = cross_validate(Timeline.without_recording(N, BIN), spikes, layer, MANY)
    assert found.bits_per_spike.mean() > 0.1
    assert abs(found.null_bits_per_spike.mean()) < 0.05 * found.bits_per_spike.mean()
    # what the null of the whole session would have taken for drift
    assert blind.null_bits_per_spike.mean() > 2 * abs(found.null_bits_per_spike.mean())


@pytest.mark.parametrize("model", ["ridge", "group-lasso", "banded-ridge"])
def test_a_cell_of_one_burst_cannot_score_without_bounds(units, model):
    """58 spikes within five seconds, on features that reach far beyond training in other bins."""
    counts = np.zeros((N, 2), int)
    counts[700:750, 0] = 1
    counts[:, 1] = np.random.default_rng(4).poisson(0.5, N)
    features = np.concatenate([np.exp(2 * units[:, :4]), units], axis=1)
    counts[2000, 0] += 1  # another fold knows of it
    settings = EncodingSettings(strengths=(1e-4, 0.01), shifts=3, model=model)
    found = cross_validate(
        Timeline.without_recording(N, BIN), binned(counts), [Band("x", features)], settings
    )
    assert np.isfinite(found.bits_per_spike).all() and np.isfinite(found.null_bits_per_spike).all()
    assert found.bits_per_spike.min() > -100 and found.null_bits_per_spike.min() > -100
    assert found.rates.max() <= MOST_RATIO * 10 and found.rates.min() > 0


def test_fits_that_meet_the_bound_are_counted():
    rng = np.random.default_rng(5)
    # two features that differ little in training and much where they are tested, each within its range
    x = rng.standard_normal(N)
    apart = np.where(np.arange(N) < 600, x, 0.03 * rng.standard_normal(N))
    features = np.stack([x + apart, x - apart], axis=1).astype(np.float32)
    counts = rng.poisson(np.exp(np.clip(30 * np.where(np.arange(N) < 600, 0, apart), -3, 3) - 0.5))[:, None]
    settings = EncodingSettings(strengths=(1e-4,), shifts=3)
    found = cross_validate(
        Timeline.without_recording(N, BIN), binned(counts), [Band("x", features)], settings
    )
    assert found.bounded.tolist() == [1]
    # what an exponential without bounds would say is beyond any float
    assert 1 < found.rates.max() < 1000


def test_clips_of_several_kinds_that_come_again_keep_their_corrected_score():
    """Ten clips of five seconds, six times each in changing orders: the null has nothing of the signal."""
    kinds, plays, length = 10, 6, 50
    rng = np.random.default_rng(4)
    motion = rng.normal(size=(kinds, 1, 8)) + 0.7 * rng.normal(size=(kinds, length, 8))
    order = np.concatenate([rng.permutation(kinds) for _ in range(plays)])
    shown = motion[order].reshape(-1, 8)
    drive = shown @ rng.normal(size=(8, 6))
    spikes = binned(rng.poisson(np.exp(0.5 * drive / drive.std(0) - 0.5)))
    rollouts = tuple(
        Played(n_frames=length, clip=f"clip {i}", reference=motion[kind]) for i, kind in enumerate(order)
    )
    again = Timeline(rollouts, BIN, 1, np.repeat(np.arange(kinds * plays), length), np.ones(N, bool))
    bins = Bins.of(again, spikes, MANY)
    overlaps = [Repeats.of(again, bins.rows).overlap(order, 20) for order in bins.orders]
    assert bins.repeats and max(overlaps) <= 0.1 and len(overlaps) == MANY.shifts
    found = cross_validate(again, spikes, [Band("layer", shown, "layer")], MANY)
    assert found.bits_per_spike.mean() > 0.1
    assert abs(found.null_bits_per_spike.mean()) < 0.05 * found.bits_per_spike.mean()
