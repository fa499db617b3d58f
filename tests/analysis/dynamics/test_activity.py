"""What no model can be fitted to is refused with its reason."""

import dataclasses

import numpy as np
import pytest

from analysis.dynamics.activity import Activity, require_alike
from rodent.errors import InputError

GOOD = Activity("day", "spikes", np.ones((5, 2)), ("a", "b"), 0.02, np.zeros(5, int))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"values": np.zeros((5, 2))}, "day: there are no spikes in the bins used"),
        ({"values": -np.ones((5, 2))}, "day: there are negative spike counts"),
        ({"values": np.full((5, 2), np.nan)}, "day: channel 'a' has values that are not finite"),
        ({"values": np.ones((4, 2))}, r"day: values have the shape \(4, 2\); expected .* = \(5, 2\)"),
        ({"piece": np.full(5, -1)}, "day: no bin can be used"),
    ],
)
def test_refused(changes, message):
    with pytest.raises(InputError, match=message):
        dataclasses.replace(GOOD, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "units"}, "day has spikes, lesion has units"),
        ({"bin_seconds": 0.04}, "lesion has bins of 0.04 s, day of 0.02 s"),
        ({"channels": ("a", "c")}, "lesion lacks b; expected the 2 of day"),
    ],
)
def test_populations_that_no_model_can_share(changes, message):
    with pytest.raises(InputError, match=message):
        require_alike(GOOD, dataclasses.replace(GOOD, name="lesion", **changes))
