"""The inner step of the group lasso meets the conditions of an optimum, also where it is ill-scaled."""

import numpy as np
import pytest

from analysis.encoding.grouped import least_of_groups

STRENGTHS = np.array([1e-4, 0.01, 0.1, 1.0, 1e4])


@pytest.mark.parametrize("groups", [[0] * 12 + [-1], [0] * 5 + [1] * 4 + [-1] + [2] * 3, [0, 0, 1, 1]])
def test_the_conditions_of_an_optimum_are_met(groups, rng):
    groups = np.array(groups)
    size, neurons = len(groups), len(STRENGTHS)
    root = rng.normal(size=(neurons, size, size)) * 10 ** rng.uniform(-1.5, 0.5, (neurons, 1, size))
    curvature = root @ root.transpose(0, 2, 1) + 1e-4 * np.eye(size)
    assert np.linalg.cond(curvature).max() > 1e4
    slope, coef = rng.normal(size=(size, neurons)), rng.normal(size=(size, neurons))
    members = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    step = least_of_groups(slope, curvature, coef, [(rows, STRENGTHS) for rows in members])
    found, downhill = coef + step, slope + np.einsum("kij,jk->ik", curvature, step)
    np.testing.assert_allclose(downhill[groups == -1], 0, atol=1e-6)
    for rows in members:
        norm = np.linalg.norm(found[rows], axis=0)
        away = norm > 0
        assert away[0] and not away[-1]
        expected = -STRENGTHS[away] * found[rows][:, away] / norm[away]
        np.testing.assert_allclose(downhill[rows][:, away], expected, atol=2e-6)
        assert (np.linalg.norm(downhill[rows][:, ~away], axis=0) <= STRENGTHS[~away]).all()
