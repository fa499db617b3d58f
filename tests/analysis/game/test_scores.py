"""Balanced accuracy, d′ and their intervals."""

import numpy as np
import pytest

from analysis.game.scores import d_prime, score_of
from analysis.game.settings import GameSettings


def test_balanced_accuracy_counts_both_sides_alike():
    is_model = np.arange(100) < 90
    weights = np.where(is_model, 1 / 90, 1 / 10)
    group = np.array([f"clip_{i % 5}" for i in range(100)])
    says_model = np.where(is_model, 0.9, np.where(np.arange(100) % 2 == 0, 0.8, 0.2))
    score = score_of(says_model, is_model, weights, group, GameSettings())
    assert score.balanced_accuracy == pytest.approx(0.75)
    # always “model” is right in 90 of 100 windows, and worth nothing
    always = score_of(np.ones(100), is_model, weights, group, GameSettings())
    assert always.balanced_accuracy == pytest.approx(0.5)
    assert always.d_prime == pytest.approx(0.0)


def test_intervals_are_over_groups(rng):
    is_model, side = np.tile([True, False], 200), np.full(400, 1 / 200)
    right = rng.random(20) < 0.7
    by_clip = np.repeat(right, 20)
    probability = np.where(by_clip == is_model, 0.9, 0.1)
    clips = np.repeat([f"clip_{i}" for i in range(20)], 20)
    score = score_of(probability, is_model, side, clips, GameSettings())
    alone = score_of(probability, is_model, side, np.arange(400).astype(str), GameSettings())
    # windows of a clip are alike: as if there were 20 of them
    assert score.high - score.low > 2.5 * (alone.high - alone.low)
    assert score.low < score.balanced_accuracy < score.high


def test_d_prime_is_that_of_normal_decisions(rng):
    noise, signal = rng.standard_normal(200_000), 1.5 + rng.standard_normal(200_000)
    rates = (signal > 0.6).mean(), (noise > 0.6).mean()
    assert d_prime(*map(np.array, rates), 2e5) == pytest.approx(1.5, abs=0.02)
    assert np.isfinite(d_prime(np.array(1.0), np.array(0.0), 20))
