import itertools
import math
import tomllib

import numpy as np
import pytest

from analysis.effects.effect import Effects
from analysis.effects.settings import EffectSettings
from analysis.effects.shapley import (
    Shapley,
    arms_toml,
    coalition_arms,
    coalitions,
    joint_sites,
    shapley_of_arms,
    shapley_values,
)
from analysis.effects.simulation import OutcomeModel, simulate_outcomes
from rodent.errors import InputError


def by_definition(effect, n):
    """Shapley values as the sum over all subsets of the others."""
    values = np.zeros(n)
    for i in range(n):
        others = [j for j in range(n) if j != i]
        for size in range(n):
            weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
            for chosen in itertools.combinations(others, size):
                row = np.zeros((2, n), bool)
                row[:, list(chosen)] = True
                row[1, i] = True
                without, with_it = effect(row)
                values[i] += weight * (with_it - without)
    return values


def game(sets):
    """Site 0 alone; 1 and 2 stand in for one another; 3 adds to them; the rest does nothing."""
    x = sets.astype(float)
    return -30 * x[:, 0] - 50 * x[:, 1] * x[:, 2] - 10 * x[:, 1] * x[:, 2] * x[:, 3]


@pytest.mark.parametrize("n", [4, 5])
def test_values_of_few_sites_are_exact(n):
    found = shapley_values(game, n)
    np.testing.assert_allclose(found.values_, by_definition(game, n), atol=1e-12)
    assert found.exact_


def test_values_of_many_sites_are_estimated():
    found = shapley_values(game, 9, pairs=8, seed=1)
    np.testing.assert_allclose(found.values_, by_definition(game, 9), atol=4)
    assert found.values_.sum() == pytest.approx(-90) and not found.exact_
    # single lesions miss the redundant pair
    assert found.alone_.tolist() == [-30, 0, 0, 0, 0, 0, 0, 0, 0]
    assert set(np.argsort(found.values_)[:3].tolist()) == {0, 1, 2}


def test_values_of_sums_over_pairs_are_exact_from_few_orders():
    def pairwise(sets):
        return -50.0 * sets[:, 1] * sets[:, 2] + 8 * sets[:, 4] - 3 * sets[:, 4] * sets[:, 7]

    for seed in range(5):
        found = shapley_values(pairwise, 9, pairs=2, seed=seed)
        assert not found.exact_
        np.testing.assert_allclose(found.values_, by_definition(pairwise, 9), atol=1e-12)


def along(orders, effect):
    """Mean of what each site adds, along some orders only."""
    values = np.zeros((len(orders), orders.shape[1]))
    for row, order in zip(values, orders, strict=True):
        prefixes = np.array([np.isin(np.arange(len(order)), order[:k]) for k in range(len(order) + 1)])
        row[order] = np.diff(effect(prefixes))
    return values.mean(0)


def test_the_estimate_is_unbiased_and_better_than_that_of_as_many_plain_orders():
    def third_order(sets):
        return 10.0 * sets[:, 0] * sets[:, 1] * sets[:, 2] + 5.0 * sets[:, 3]

    truth, random = by_definition(third_order, 7), np.random.default_rng(0)
    found = np.array([shapley_values(third_order, 7, pairs=4, seed=i).values_ for i in range(150)])
    plain = np.array(
        [along(np.array([random.permutation(7) for _ in range(8)]), third_order) for _ in range(150)]
    )
    standard_error = found.std(0).max() / 150**0.5
    np.testing.assert_allclose(found.mean(0), truth, atol=4 * standard_error)
    assert np.abs(found - truth).mean() < np.abs(plain - truth).mean()


def test_effects_can_be_of_several_clips():
    sets = coalitions(4)
    effects = game(sets)[:, None] * np.array([1.0, 2.0]) + 7
    found = Shapley().fit(sets, effects)
    np.testing.assert_allclose(found.values_[:, 1], 2 * found.values_[:, 0])
    np.testing.assert_allclose(found.alone_[:, 0], [-30, 0, 0, 0])


def test_what_makes_no_values_is_refused():
    sets = coalitions(4)
    with pytest.raises(InputError, match="expected one for each"):
        Shapley().fit(sets, np.zeros(3))
    with pytest.raises(InputError, match="no order is complete"):
        Shapley().fit(sets[sets.sum(1) != 2], np.zeros((sets.sum(1) != 2).sum()))
    with pytest.raises(InputError, match="expected 2 to 60"):
        coalitions(1)


def test_values_come_from_the_arms_of_an_experiment():
    acts = {name: f"silence decoder/layer_0[{i}] to mean" for i, name in enumerate("abcd")}
    arms = coalition_arms(acts, coalitions(4))
    assert arms["a + c"] == [acts["a"], acts["c"]] and list(arms)[:4] == list("abcd")
    assert tomllib.loads(arms_toml(arms))["arm"][0] == {"name": "a", "acts": [acts["a"]]}
    planted = {name: {1.0: float(game(np.array([[s in name for s in "abcd"]]))[0])} for name in arms}
    model = OutcomeModel(
        control_draws=0, between_policies=0.1, between_clips=0.0, between_draws=0.0, noise=0.5
    )
    table = simulate_outcomes(planted | {"ear": {1.0: -5.0}}, model)
    effects = Effects(EffectSettings(bootstraps=200)).fit(table, ["frames_tracked"])
    assert joint_sites(table.arms) == list("abcd")
    found, bounds = shapley_of_arms(effects, "frames_tracked", list("abcd"))
    truth = by_definition(game, 4)
    np.testing.assert_allclose(found.values_, truth, rtol=0.2, atol=1)
    assert found.exact_ and (bounds[:, 0] <= truth).all() and (truth <= bounds[:, 1]).all()
    with pytest.raises(InputError, match="no order is complete"):
        shapley_of_arms(effects, "frames_tracked", ["a", "ear"])
