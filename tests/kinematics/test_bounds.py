"""Steps between bounds."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from rodent.kinematics.bounds import bounded_step, dense


@pytest.fixture
def problem(rng):
    half = rng.normal(size=(20, 5, 5))
    return half @ half.swapaxes(1, 2) + np.eye(5), rng.normal(size=(20, 5))


def step_of(matrix, slope, limit, **options):
    diagonal = np.diagonal(matrix, axis1=-2, axis2=-1).copy()
    bound = np.broadcast_to(limit, slope.shape)
    return bounded_step(dense(matrix.copy()), diagonal, slope, -bound, bound, **options)


def test_without_bounds_it_is_the_solution(problem):
    matrix, slope = problem
    np.testing.assert_allclose(
        step_of(matrix, slope, np.inf), np.linalg.solve(matrix, slope[..., None])[..., 0], atol=1e-12
    )


def test_what_is_free_does_the_best_with_what_is_held(problem):
    matrix, slope = problem
    step = step_of(matrix, slope, 0.3)
    assert np.abs(step).max() <= 0.3
    left = slope - (matrix @ step[..., None])[..., 0]
    single = np.sum(np.abs(step) == 0.3, axis=1) <= 1  # held in the first of the rounds, or not at all
    assert 0 < single.sum() < 20
    np.testing.assert_allclose(left[single][np.abs(step[single]) < 0.3], 0.0, atol=1e-9)
    cost = np.einsum("ni,nij,nj->n", step, matrix, step) / 2 - np.sum(slope * step, axis=1)
    assert np.all(cost <= 0)


def test_what_is_held_from_the_start_stays(problem):
    matrix, slope = problem
    held = np.zeros(slope.shape, bool)
    held[:, 2] = True
    step = step_of(matrix, slope, np.inf, held=held)
    np.testing.assert_array_equal(step[:, 2], 0.0)
    rest = np.array([0, 1, 3, 4])
    alone = np.linalg.solve(matrix[:, rest[:, None], rest], slope[:, rest, None])[..., 0]
    np.testing.assert_allclose(step[:, rest], alone, atol=1e-9)


def test_a_long_step_keeps_its_direction(problem):
    matrix, slope = problem
    full, short = step_of(matrix, slope, np.inf), step_of(matrix, slope, np.inf, longest=0.01)
    np.testing.assert_allclose(np.abs(short).max(axis=1), 0.01)
    np.testing.assert_allclose(
        short / np.linalg.norm(short, axis=1)[:, None], full / np.linalg.norm(full, axis=1)[:, None]
    )


def test_it_is_nearly_the_best_one_within_its_bounds(rng):
    rows, error = rng.normal(size=(20, 8, 3)), rng.normal(size=(20, 8)) * 0.2
    matrix, slope = rows.swapaxes(1, 2) @ rows, np.einsum("nij,ni->nj", rows, error)
    low, high = np.full((20, 3), -0.02), np.full((20, 3), 0.05)
    diagonal = np.diagonal(matrix, axis1=1, axis2=2).copy()
    step = bounded_step(dense(matrix), diagonal, slope, low, high)
    assert (step >= low).all() and (step <= high).all()
    costs = np.sum((np.einsum("nij,nj->ni", rows, step) - error) ** 2, axis=1)
    best = [2 * lsq_linear(r, e, (-0.02, 0.05)).cost for r, e in zip(rows, error, strict=True)]
    # what is beyond a bound once is held for good, which is not always the very best
    assert np.median(costs / best) < 1.001
    assert (costs / best).max() < 1.2
