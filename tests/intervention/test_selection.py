"""Which units are chosen."""

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.intervention.selection import Selection

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
    ],
)
def test_rules_choose_units(text, units):
    assert _chosen(text) == units


def test_a_fraction_is_drawn_by_its_seed():
    draws = [tuple(_chosen("50%", seed)) for seed in range(20)]
    assert draws[3] == tuple(_chosen("50%", 3)) and len(set(draws)) > 10
    assert {len(set(draw)) for draw in draws} == {4}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("8", "decoder/layer_0 has no unit 8; it has units 0 to 7"),
        ("0:9", "has no units 0:9; it has units 0 to 7"),
        ("5:2", "are none; it has 8 units"),
        ("1%", "are none"),
        ("top 9 variance", "has no 9 units; it has 8"),
    ],
)
def test_units_that_there_are_not_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        _chosen(text)
