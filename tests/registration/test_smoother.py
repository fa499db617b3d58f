"""The banded system of all frames."""

import numpy as np
import pytest

from rodent.registration.smoother import _band, _banded


@pytest.mark.parametrize(("precision", "near"), [(np.float64, 1e-10), (np.float32, 1e-4)])
def test_the_band_is_the_matrix_of_all_frames(rng, precision, near):
    frames, d = 7, 3
    half = rng.normal(size=(frames, d, d))
    matrix, bend = half @ half.swapaxes(1, 2) + np.eye(d), rng.random((frames - 2, d))
    second = np.zeros((frames - 2, frames))
    for t in range(frames - 2):
        second[t, t : t + 3] = 1, -2, 1
    whole = np.zeros((frames, d, frames, d))
    for i in range(d):
        whole[:, i, :, i] = second.T @ np.diag(bend[:, i]) @ second
    for t in range(frames):
        whole[t, :, t] += matrix[t]
    right = rng.normal(size=(frames, d))
    band = _band(matrix.astype(precision), bend)
    found = _banded(band)(band[..., 0], right)
    dense = np.linalg.solve(whole.reshape(frames * d, -1), right.ravel()).reshape(frames, d)
    np.testing.assert_allclose(found, dense, atol=near)
