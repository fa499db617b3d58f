import numpy as np
import pytest

from analysis.twin.scores import correlation, over_animals, score_rates, window_sums


def test_window_sums_keep_all_spikes(rng):
    counts = rng.poisson(2.0, (100, 3))
    assert window_sums(counts, 4).tolist() == counts.reshape(25, 4, 3).sum(1).tolist()
    assert window_sums(counts, 2.5).sum(0) == pytest.approx(counts.sum(0))


def test_correlation_is_that_of_numpy(rng):
    first, second = rng.standard_normal((2, 50, 2))
    assert correlation(first, second)[1] == pytest.approx(np.corrcoef(first[:, 1], second[:, 1])[0, 1])
    assert np.isnan(correlation(first, np.ones((50, 2)))).all()


def test_true_rates_are_predicted_and_others_are_not(rng):
    rates = np.exp(0.8 * rng.standard_normal((2000, 40)))
    rates[:, 20:] = rates[:, :20]
    counts = rng.poisson(rates)
    predicted = np.concatenate([rates[:, :20], np.exp(0.8 * rng.standard_normal((2000, 20)))], axis=1)
    found = score_rates(counts, predicted, rates.mean(0), 0.05, seed=0)
    assert (found.p_values[:20] == 0.01).all() and (found.p_values[20:] > 0.05).mean() > 0.7
    assert (found.bits_per_spike[:20] > 0.1).all() and (found.bits_per_spike[20:] < 0).all()
    assert np.abs(found.null_correlations).max() < 0.1
    assert found.bits_of_nlb == pytest.approx(found.bits_per_spike, abs=0.02)


def test_intervals_are_over_animals(rng):
    scores = {f"rat {i}": np.full(30, float(i)) for i in range(5)}
    found = over_animals(scores, seed=0)
    assert (found.median, found.animals) == (2.0, 5) and found.low < 2.0 < found.high
    assert np.isnan(over_animals({"rat": np.ones(3)}, seed=0).low)
