import itertools
import math
import tomllib

import numpy as np
import pytest

from analysis.effects.effect import Effects
from analysis.effects.settings import EffectSettings
from analysis.effects.shapley import (
    Orders,
    Shapley,
    arms_toml,
    coalition_arms,
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
    assert not found.standard_error_.any()


def test_values_of_many_sites_are_estimated():
    found = shapley_values(game, 9, pairs=40, seed=1)
    expected = by_definition(game, 9)
    np.testing.assert_allclose(found.values_, expected, atol=4)
    assert np.abs(found.values_ - expected).max() <= 3 * found.standard_error_.max()
    assert found.values_.sum() == pytest.approx(-90)
    # single lesions miss the redundant pair
    assert found.alone_.tolist() == [-30, 0, 0, 0, 0, 0, 0, 0, 0]
    assert set(np.argsort(found.values_)[:3].tolist()) == {0, 1, 2}


def test_antithetic_orders_vary_less():
    def error(orders):
        return np.abs(Shapley().fit(orders, game(orders.coalitions)).values_ - by_definition(game, 9)).mean()

    paired = np.mean([error(Orders.draw(9, 8, seed)) for seed in range(30)])
    random = np.random.default_rng(0)
    plain = np.mean([error(Orders(np.array([random.permutation(9) for _ in range(16)]))) for _ in range(30)])
    assert paired < 0.8 * plain


def test_effects_can_be_of_several_clips():
    orders = Orders.draw(4)
    effects = game(orders.coalitions)[:, None] * np.array([1.0, 2.0])
    found = Shapley().fit(orders, effects)
    np.testing.assert_allclose(found.values_[:, 1], 2 * found.values_[:, 0])
    with pytest.raises(InputError, match="expected one each"):
        Shapley().fit(orders, effects[1:])
    with pytest.raises(InputError, match="expected 2 sites"):
        Orders.draw(1)


def test_values_come_from_the_arms_of_an_experiment():
    acts = {name: f"silence decoder/layer_0[{i}] to mean" for i, name in enumerate("abcd")}
    orders = Orders.draw(4)
    arms = coalition_arms(acts, orders)
    assert arms["a + c"] == [acts["a"], acts["c"]] and list(arms)[:4] == list("abcd")
    assert tomllib.loads(arms_toml(arms))["arm"][0] == {"name": "a", "acts": [acts["a"]]}
    planted = {name: {1.0: float(game(np.array([[s in name for s in "abcd"]]))[0])} for name in arms}
    model = OutcomeModel(
        control_draws=0, between_policies=0.0, between_clips=0.0, between_draws=0.0, noise=0.5
    )
    effects = Effects(EffectSettings(bootstraps=20)).fit(
        simulate_outcomes(planted, model), ["frames_tracked"]
    )
    found = shapley_of_arms(effects, "frames_tracked", list(acts), orders)
    np.testing.assert_allclose(found.values_, by_definition(game, 4), atol=1)
    with pytest.raises(InputError, match="such as 'e'"):
        shapley_of_arms(effects, "frames_tracked", [*acts, "e"], Orders.draw(5))
