"""Whether a perturbation is foreseen: one that leaves dynamics as they are, and one that reverses them."""

import dataclasses

import numpy as np
import pytest

from analysis.dynamics.activity import Activity
from analysis.dynamics.fit import fit_dynamics
from analysis.dynamics.simulation import simulate_linear
from tests.analysis.dynamics.conftest import SMALL


def units(states: np.ndarray, name: str) -> Activity:
    weights = np.random.default_rng(3).normal(size=(2, 6))
    names = tuple(f"u{i}" for i in range(6))
    return Activity(name, "units", states @ weights, names, 0.02, np.zeros(len(states), int))


@pytest.mark.parametrize(("reversed_time", "foreseen"), [(False, True), (True, False)])
def test_foreseen(matrix, reversed_time, foreseen):
    intact = units(simulate_linear(matrix, 1500, seed=0), "intact")
    changed = matrix.T if reversed_time else matrix
    perturbed = units(3 * simulate_linear(changed, 1500, seed=1), "lesion")
    settings = dataclasses.replace(SMALL, model="lds", iterations=3, forecast_seconds=0.2)
    found = fit_dynamics(intact, settings, perturbed).foresight
    assert found.foresees == foreseen
    assert found.intact.r2 > 0.3 and (found.perturbed.r2 > 0.3) == foreseen
    assert (found.response_r2 > 0) == foreseen
