import numpy as np
import pytest
from scipy.stats import ttest_1samp, wilcoxon
from statsmodels.stats.multitest import multipletests

from analysis.encoding.inference import (
    block_interval,
    bootstrap_interval,
    difference,
    hierarchical_interval,
    holm,
    session_interval,
    session_mean,
)


def test_intervals_hold_the_mean_as_often_as_they_say():
    rng = np.random.default_rng(2)
    held = 0
    for seed in range(200):
        low, high = bootstrap_interval(rng.exponential(size=60), seed, draws=300)
        held += low < 1 < high
    assert 0.88 < held / 200 < 0.98
    assert np.isnan(bootstrap_interval(np.ones(1), 0)).all()


def test_sessions_of_one_animal_count_for_less_than_animals():
    rng = np.random.default_rng(0)
    animals = np.repeat(np.arange(5), 8)
    held = {"animals": 0, "sessions": 0}
    for seed in range(150):
        values = rng.normal(size=5)[animals] + 0.2 * rng.normal(size=40)
        for name, owner in (("animals", animals), ("sessions", np.arange(40))):
            low, high = hierarchical_interval(values, owner, seed, draws=300)
            held[name] += low < 0 < high
    # five animals are few for a bootstrap, but forty sessions are not forty animals
    assert held["animals"] / 150 > 0.75 and held["sessions"] / 150 < 0.6


def test_holm_is_that_of_statsmodels():
    p = np.random.default_rng(1).random(12) ** 3
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_one_session_is_judged_by_its_blocks_and_several_by_their_means():
    rng = np.random.default_rng(3)
    sessions = [rng.normal(0.3 * i, 1, size=20 + i) for i in range(6)]
    blocks = [np.tile(values / 10, (10, 1)) for values in sessions]
    animals = ["a", "a", "b", "b", "c", "c"]
    means = np.array([values.mean() for values in sessions])
    found = difference(sessions, blocks, animals, seed=0)
    assert (found.over, found.n) == ("sessions within animals", 6)
    assert found.mean == pytest.approx(means.mean()) == pytest.approx(session_mean(sessions))
    assert found.wilcoxon_p == wilcoxon(means).pvalue and found.t_p == ttest_1samp(means, 0).pvalue
    assert session_interval(sessions, blocks, animals, 0) == (found.low, found.high)
    each = difference(sessions, blocks, list("abcdef"), seed=0)
    assert each.over == "sessions"
    parts = rng.normal(0.01, 0.01, size=(10, 20))
    one = difference([parts.sum(0) - 0.05], [parts], ["a"], seed=0)
    # no test over neurons; what is taken off the score is taken off the bounds
    assert (one.over, one.n) == ("blocks", 10) and np.isnan([one.t_p, one.wilcoxon_p]).all()
    low, high = block_interval(parts.mean(1), 0)
    assert (one.low, one.high) == pytest.approx((low - 0.05, high - 0.05))
    assert one.low < parts.sum(0).mean() - 0.05 < one.high
