"""Alignment of activity, against planted maps."""

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.intervention.alignment import alignment

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 6)) + 3.0
ROTATION = np.linalg.qr(RNG.normal(size=(6, 6)))[0]


def _aligned(kind, x, y):
    found = alignment(kind, x, y)
    return x @ found.matrix + found.shift, found


def test_procrustes_finds_a_rotation_and_a_shift():
    found, by = _aligned("procrustes", X, X @ ROTATION - 2.0)
    np.testing.assert_allclose(found, X @ ROTATION - 2.0, atol=1e-10)
    np.testing.assert_allclose(by.matrix, ROTATION, atol=1e-10)


def test_procrustes_keeps_distances_into_a_larger_space():
    y = X @ ROTATION[:, :4] @ RNG.normal(size=(4, 9))
    found, by = _aligned("procrustes", X, y)
    assert found.shape == y.shape
    np.testing.assert_allclose(by.matrix @ by.matrix.T, np.eye(6), atol=1e-10)


def test_regression_finds_any_affine_map():
    y = X @ RNG.normal(size=(6, 9)) + RNG.normal(size=9)
    np.testing.assert_allclose(_aligned("regression", X, y)[0], y, atol=1e-8)


def test_none_changes_nothing():
    np.testing.assert_array_equal(_aligned("none", X, X)[0], X)


def test_too_few_frames_are_refused():
    with pytest.raises(InputError, match=r"align regression of 6 units needs 7 frames at least.*there are 6"):
        alignment("regression", X[:6], X[:6])
