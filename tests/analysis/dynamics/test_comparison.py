"""Measures of likeness: the same latents, unrelated ones, and systems that differ in dynamics alone."""

import numpy as np
import pytest

from analysis.dynamics.comparison import canonical_correlations, compare_latents
from analysis.dynamics.dsa import dsa_distance, matrix_angle
from analysis.dynamics.simulation import rotation_matrix, simulate_linear
from rodent.errors import InputError


def windows(states: np.ndarray) -> np.ndarray:
    return states[: len(states) // 50 * 50].reshape(-1, 50, states.shape[1])


def test_matrices_that_differ_by_a_rotation_have_no_angle():
    random = np.random.default_rng(0)
    first = random.normal(size=(5, 5))
    turn = np.linalg.qr(random.normal(size=(5, 5)))[0]
    assert matrix_angle(first, turn @ first @ turn.T) < 0.01
    assert matrix_angle(first, random.normal(size=(5, 5))) > 0.3


def test_dynamics_are_told_apart_where_geometry_is_the_same():
    # both are isotropic normal in two dimensions; one rotates, the other only decays
    turning, decaying = (
        simulate_linear(rotation_matrix(np.array([a]), 0.95), 3000, seed=0) for a in (0.3, 0.0)
    )
    again = simulate_linear(rotation_matrix(np.array([0.3]), 0.95), 3000, seed=1)
    alike = dsa_distance(windows(turning), windows(again @ [[0, 2], [-2, 0]]), rank=4)
    unlike = dsa_distance(windows(turning), windows(decaying), rank=4)
    assert unlike > 2 * alike


def test_the_same_latents_and_unrelated_ones():
    states = windows(simulate_linear(rotation_matrix(np.array([0.3, 0.1]), 0.9), 2000, seed=0))
    other = windows(simulate_linear(rotation_matrix(np.array([0.2, 0.05]), 0.9), 2000, seed=5))
    turns = range(300, 1700, 100)
    same = compare_latents(states, states @ np.diag([1.0, 2, 3, 4]), turns)
    assert same.correlation == pytest.approx(1) and same.p == pytest.approx(1 / 15)
    assert same.procrustes == pytest.approx(0, abs=1e-3) and same.null < 0.4
    unrelated = compare_latents(states, other, turns)
    assert abs(unrelated.correlation - unrelated.null) < 0.1 and unrelated.p > 0.1


def test_what_cannot_be_compared_is_refused():
    states = simulate_linear(rotation_matrix(np.array([0.3]), 0.9), 400, seed=0)
    with pytest.raises(InputError, match="latents have 400 and 300 bins"):
        canonical_correlations(states, states[:300])
    with pytest.raises(InputError, match="covariance of the second latents is singular: 2 of them vary in 1"):
        canonical_correlations(states, states[:, :1] * [1.0, 2.0])
    with pytest.raises(InputError, match="windows of 5 bins are too short for 10 delays"):
        dsa_distance(states.reshape(-1, 5, 2), states.reshape(-1, 5, 2))
