import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from analysis.effects.power import MOST_ANIMALS, animals_needed, paired_power


@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_power_is_that_of_statsmodels(alpha):
    for d, n in ((0.3, 40), (-0.8, 7), (1.5, 3), (0.0, 10)):
        expected = TTestPower().power(abs(d), n, alpha)
        assert float(paired_power(d, n, alpha)) == pytest.approx(expected, abs=1e-9)


def test_the_number_of_animals_is_the_smallest_that_is_enough():
    d = np.array([[0.2, 0.5], [-1.2, 30.0]])
    n = animals_needed(d, power=0.9)
    assert n.shape == d.shape and n[1, 1] == 2
    assert (paired_power(d, n) >= 0.9).all()
    assert (paired_power(d.ravel()[:3], n.ravel()[:3] - 1) < 0.9).all()


def test_power_is_right_for_every_number_of_animals():
    # scipy's noncentral t has no digits in the other tail there
    power = paired_power(0.8, np.arange(2, MOST_ANIMALS))
    assert (np.diff(power) >= 0).all() and power[-1] == pytest.approx(1.0)


def test_no_effect_needs_more_animals_than_there_are():
    assert animals_needed(np.array([0.0, 0.01, np.nan, np.inf])).tolist()[:2] == [np.inf, np.inf]
    assert np.isnan(animals_needed(np.nan)) and animals_needed(np.inf) == 2
