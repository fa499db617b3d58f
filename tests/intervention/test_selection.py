"""Which units are chosen."""

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.intervention.selection import Measure, Selection

VALUES = np.array([3.0, 1.0, 4.0, 1.5, 9.0, 2.0, 6.0, 5.0])


def _chosen(text, seed=0):
    return Selection.of(text).units("decoder/layer_0", 8, seed, lambda measure: VALUES).tolist()


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("all", list(range(8))),
        ("2:5", [2, 3, 4]),
        ("-2:", [6, 7]),
        ("5,2,2", [2, 5]),
        ("top 2 variance", [4, 6]),
        ("bottom 25% weight", [1, 3]),
        ("top 25% tuning phase/foot_L", [4, 6]),
        ("top 1 in scores.csv", [4]),
    ],
)
def test_rules_choose_units(text, units):
    assert _chosen(text) == units


def test_a_fraction_is_drawn_by_its_seed():
    draws = [tuple(_chosen("50%", seed)) for seed in range(20)]
    assert draws[3] == tuple(_chosen("50%", 3)) and len(set(draws)) > 10
    assert {len(set(draw)) for draw in draws} == {4}


def test_units_without_a_value_are_not_selected():
    def scores(measure):
        assert measure == Measure("in", "a.csv")
        return np.where(np.arange(8) % 2, VALUES, np.nan)

    def chosen(text):
        return Selection.of(text).units("a", 8, 0, scores).tolist()

    assert chosen("in a.csv") == [1, 3, 5, 7] and chosen("top 2 in a.csv") == [5, 7]
    with pytest.raises(InputError, match=r"a has no 5 units for .bottom 5 in a.csv.; it has 4"):
        chosen("bottom 5 in a.csv")


def test_units_prefer_a_phase_around_the_circle():
    phases = np.array([0.9, 0.96, 0.0, 0.04, 0.06, 0.5, np.nan, 0.2])

    def chosen(text):
        return Selection.of(text).units("a", 8, 0, lambda measure: phases).tolist()

    assert chosen("phase 0 width 0.1 of phase/foot_L") == [1, 2, 3]
    assert chosen("phase 95% width 20% of phase/foot_L") == [0, 1, 2, 3]


@pytest.mark.parametrize("text", ["top 2 tuning", "phase 2 width 0.1 of phase/a", "top x in a.csv"])
def test_rules_that_make_no_sense_are_refused(text):
    with pytest.raises(InputError):
        Selection.of(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("8", "decoder/layer_0 has no unit 8; it has units 0 to 7"),
        ("0:9", "has no units 0:9; it has units 0 to 7"),
        ("5:2", "are none; it has 8 units"),
        ("1%", "are none"),
        ("top 9 variance", "has no 9 units for .top 9 variance.; it has 8"),
    ],
)
def test_units_that_there_are_not_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        _chosen(text)
