"""Settings that decide whether a behaviour is learnt are found, others are not."""

import numpy as np
import pytest

from analysis.population.constraints import constraints, couplings


@pytest.fixture
def drawn():
    random = np.random.default_rng(0)
    values = {
        "strength": random.random(120).tolist(),
        "latent": random.choice([4, 16, 60], 120).tolist(),
        "sizes": [[int(x)] for x in random.choice([16, 64], 120)],
        "noise": random.random(120).tolist(),
    }
    return values, random


def test_a_setting_that_decides_is_found(drawn):
    values, random = drawn
    reached = np.array(values["strength"]) + 0.1 * random.standard_normal(120) > 0.4
    first, *others = constraints(values, reached, permutations=500, seed=0)
    assert first.setting == "strength" and first.p_holm < 0.01
    assert sum(first.reached) == reached.sum() and sum(first.trained) == 120
    assert min(one.p_holm for one in others) > 0.05


def test_values_that_are_no_numbers_are_tested_by_their_frequencies(drawn):
    values, _ = drawn
    reached = np.array([one == [64] for one in values["sizes"]])
    first = constraints(values, reached, permutations=500, seed=0)[0]
    assert (first.setting, first.values, first.distance) == ("sizes", ("16", "64"), 1.0)


def test_false_findings_are_as_rare_as_stated():
    found = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        values = {"a": random.random(40).tolist(), "b": random.choice([1, 2], 40).tolist()}
        rows = constraints(values, random.random(40) < 0.6, permutations=199, seed=seed)
        found += min(one.p_holm for one in rows) <= 0.05
    assert found <= 8


def test_settings_that_make_up_for_one_another_are_coupled(drawn):
    values, _ = drawn
    reached = np.abs(np.array(values["strength"]) + np.array(values["noise"]) - 1) < 0.3
    first, *others = couplings(values, reached, permutations=500, seed=0)
    assert {first.first, first.second} == {"strength", "noise"}
    assert first.correlation < -0.4 and first.p_holm < 0.02
    assert min(one.p_holm for one in others) > 0.05


def test_nothing_is_tested_where_all_or_none_reach_it(drawn):
    values, _ = drawn
    for reached in (np.ones(120, bool), np.zeros(120, bool)):
        assert all(np.isnan(one.p) for one in constraints(values, reached, permutations=99, seed=0))
    assert couplings(values, np.zeros(120, bool), permutations=99, seed=0) == []
