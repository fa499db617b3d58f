"""Time constants, frequencies and fixed points of systems that have known ones."""

import numpy as np
import pytest

from analysis.dynamics.modes import fixed_points, modes_of
from analysis.dynamics.rotations import skew_fit
from analysis.dynamics.simulation import rotation_matrix


def test_modes_of_a_rotation_that_decays():
    matrix = rotation_matrix(np.array([0.2, 0.0]), np.exp(-0.02 / 0.3))
    found = modes_of(matrix, bin_seconds=0.02)
    assert found.seconds == pytest.approx([0.3] * 3)
    assert sorted(found.hertz) == pytest.approx([0, 0, 0.2 / (2 * np.pi * 0.02)], abs=1e-6)
    assert found.stable and not modes_of(np.diag([1.01, 0.5]), 0.02).stable


def test_the_fixed_points_of_two_wells():
    # x goes to -1 or 1, and away from 0; y goes to 0
    def step(states):
        return (
            states + 0.1 * (states - states**3) * np.array([1.0, 0.0]) - 0.1 * states * np.array([0.0, 1.0])
        )

    found = fixed_points(step, np.random.default_rng(0).uniform(-1.5, 1.5, (40, 2)), bin_seconds=0.02)
    at = {round(float(point.state[0]), 2): point for point in found}
    assert set(at) == {-1.0, 0.0, 1.0} and sum(point.starts for point in found) == 40
    assert at[1.0].modes.stable and at[-1.0].modes.stable and not at[0.0].modes.stable
    # around the wells x shrinks by 1 - 0.2 in a bin, y by 1 - 0.1
    assert at[1.0].modes.seconds == pytest.approx(-0.02 / np.log([0.9, 0.8]), rel=0.02)


def test_the_skew_symmetric_fit_is_that_of_least_squares():
    random = np.random.default_rng(0)
    latents, changes = random.normal(size=(2, 200, 3))
    # the three free entries by ordinary regression
    pairs = [(0, 1), (0, 2), (1, 2)]
    columns = []
    for i, j in pairs:
        basis = np.zeros((3, 3))
        basis[i, j], basis[j, i] = 1, -1
        columns.append((latents @ basis.T).ravel())
    expected = np.linalg.lstsq(np.stack(columns, 1), changes.ravel(), rcond=None)[0]
    found = skew_fit(latents, changes)
    assert [found[pair] for pair in pairs] == pytest.approx(expected, abs=1e-6)
