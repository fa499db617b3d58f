"""Offsets that stay within their bounds."""

import numpy as np
import pytest

from rodent.registration.offsets import Prior, _bounded_step

K = 5


@pytest.fixture
def problem(rng):
    half = rng.normal(size=(3 * K + 1, 3 * K + 1))
    return half @ half.T + np.eye(3 * K + 1), rng.normal(size=3 * K + 1)


def prior(bound: float) -> Prior:
    return Prior(np.zeros((K, 3)), np.full(K, 1.0), np.full(K, bound), 0.9, 0.3)


def cost(problem, step: np.ndarray) -> float:
    hessian, gradient = problem
    return 0.5 * step @ hessian @ step - gradient @ step


def test_without_a_bound_the_step_solves_the_normal_equations(problem):
    step = _bounded_step(*problem, np.zeros((K, 3)), prior(np.inf))
    np.testing.assert_allclose(problem[0] @ step, problem[1], atol=1e-9)


def test_bounds_are_kept_and_the_others_adapt(problem):
    free = _bounded_step(*problem, np.zeros((K, 3)), prior(np.inf))
    bound = float(np.median(np.linalg.norm(free[:-1].reshape(K, 3), axis=1)))
    step = _bounded_step(*problem, np.zeros((K, 3)), prior(bound))
    moved = np.linalg.norm(step[:-1].reshape(K, 3), axis=1)
    assert moved.max() <= bound * (1 + 1e-6)
    assert (moved > 0.999 * bound).any()
    # better than merely cutting off the free step
    cut = np.append(prior(bound).bounded(free[:-1].reshape(K, 3)).ravel(), free[-1])
    assert cost(problem, step) < cost(problem, cut)


def test_bounds_count_from_the_guess_and_not_from_the_present_offsets(problem):
    now = np.full((K, 3), 0.05)
    step = _bounded_step(*problem, now, prior(0.1))
    assert np.linalg.norm(now + step[:-1].reshape(K, 3), axis=1).max() <= 0.1 * (1 + 1e-6)


def test_offsets_without_freedom_do_not_move():
    fixed = Prior(np.zeros((K, 3)), np.zeros(K), np.zeros(K), 0.9, 0.0)
    np.testing.assert_array_equal(fixed.bounded(np.ones((K, 3))), np.zeros((K, 3)))
