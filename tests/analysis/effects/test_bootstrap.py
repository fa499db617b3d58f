import numpy as np
import pytest

from analysis.effects.bootstrap import Resamples, interval, weighted_mean
from analysis.effects.settings import EffectSettings

QUICK = EffectSettings(bootstraps=400)


@pytest.mark.parametrize(
    ("shape", "levels", "n", "words"),
    [
        ((5, 6), ("policies", "clips"), 5, []),
        ((5, 1), ("policies",), 5, []),
        ((2, 6), ("clips",), 6, ["of 2 policies: they do not generalise"]),
        ((1, 3), ("clips",), 3, ["of one policy: they do not generalise", "3 clips are few"]),
        ((1, 1), (), 0, ["draws of units alone are pseudoreplicates"]),
    ],
)
def test_the_highest_levels_are_resampled(shape, levels, n, words):
    resamples = Resamples(*shape, QUICK)
    assert (resamples.levels, resamples.n) == (levels, n)
    assert len(resamples.notes) == len(words)
    assert all(part in note for part, note in zip(words, resamples.notes, strict=True))
    spread = resamples.cells.std(0) > 0
    assert spread.all() == bool(levels)
    assert resamples.cells.sum((1, 2)) == pytest.approx(np.prod(shape))


def test_means_over_draws_are_those_of_resampled_draws():
    resamples = Resamples(2, 3, QUICK)
    random = np.random.default_rng(0)
    values = random.standard_normal((2, 3, 40))
    means = resamples.cell_means(values)
    assert means.shape == (400, 2, 3)
    assert means.mean(0) == pytest.approx(values.mean(-1), abs=0.05)
    assert means.std(0) == pytest.approx(values.std(-1) / 40**0.5, rel=0.2)
    # the same units are drawn in all clips
    same = resamples.cell_means(np.repeat(values[:, :1], 3, axis=1))
    np.testing.assert_allclose(same[:, :, 0], same[:, :, 2])
    # a missing value leaves the others
    values[0, 1, :39] = np.nan
    means = resamples.cell_means(values)
    drawn = means[np.isfinite(means[:, 0, 1]), 0, 1]
    assert 0 < len(drawn) < 400 and drawn == pytest.approx(values[0, 1, 39])
    assert np.isfinite(means[:, 1]).all()


def test_weighted_means_leave_out_what_is_missing():
    cells = np.array([[1.0, np.nan], [3.0, 5.0]])
    assert weighted_mean(cells, np.ones((2, 2))) == 3.0
    assert weighted_mean(cells, np.array([[2.0, 1], [0, 0]])) == 1.0
    assert np.isnan(weighted_mean(cells, np.array([[0, 1.0], [0, 0]])))


@pytest.mark.parametrize(("n_policies", "n_clips", "between"), [(8, 9, 1.0), (1, 9, 0.0), (4, 6, 1.0)])
def test_intervals_hold_the_truth(n_policies, n_clips, between):
    held, runs = 0, 200
    for run in range(runs):
        random = np.random.default_rng(run)
        cells = between * random.standard_normal((n_policies, 1)) + random.standard_normal((1, n_clips))
        cells = cells + 0.5 * random.standard_normal((n_policies, n_clips))
        resamples = Resamples(n_policies, n_clips, QUICK)
        low, high = interval(resamples.mean(resamples.cell_means(cells[:, :, None])), resamples.n)
        held += low <= 0 <= high
    assert 0.92 <= held / runs <= 1.0


def test_intervals_of_few_units_are_wider_and_infinite_samples_bound_them():
    samples = np.random.default_rng(0).standard_normal(4000)
    low, high = interval(samples, 1000)
    assert (low, high) == (pytest.approx(-1.96, abs=0.15), pytest.approx(1.96, abs=0.15))
    assert interval(samples, 4)[1] > 2.5 and np.isnan(interval(samples, 1)).all()
    assert interval(np.r_[samples, np.full(400, np.inf)], 1000)[1] == np.inf


def test_intervals_of_many_columns_leave_out_what_is_missing():
    samples = np.random.default_rng(0).standard_normal((500, 3))
    whole = interval(samples, 9)
    samples = np.concatenate([samples, np.full((100, 3), np.nan)])
    np.testing.assert_array_equal(interval(samples, 9), whole)
    samples[:, 1] = np.nan
    bounds = interval(samples, 9)
    assert bounds.shape == (2, 3) and np.isnan(bounds[:, 1]).all()
    np.testing.assert_array_equal(bounds[:, 2], whole[:, 2])
