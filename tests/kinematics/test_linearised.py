"""Normal equations of points on the body, against products of their Jacobian."""

import numpy as np
import pytest

from rodent.clips import read_clips
from rodent.kinematics.linearised import Linearised
from rodent.kinematics.skeleton import Skeleton


@pytest.fixture(scope="module")
def linear(body) -> Linearised:
    bodies = ("skull", "vertebra_C5", "hand_L", "finger_L", "foot_R", "toe_R", "toe_R", "torso")
    skeleton, qpos = Skeleton(body, bodies), read_clips("gaits")["rear"].qpos[::50]
    offsets = np.random.default_rng(0).normal(0, 0.01, (len(bodies), 3))
    return skeleton.linear(skeleton.batch(len(qpos)), qpos, offsets)


def test_the_normal_equations_are_those_of_the_jacobian(linear, rng):
    n, k, _ = linear.place.shape
    weights, errors = rng.random((n, k, 3)), rng.normal(size=(n, k, 3))
    rows = linear.jacobian().reshape(n, 3 * k, -1)
    matrix, slope = linear.normal(weights, errors)
    weighted = rows * weights.reshape(n, -1, 1)
    np.testing.assert_allclose(matrix, weighted.swapaxes(1, 2) @ rows, atol=1e-12)
    np.testing.assert_allclose(slope, np.einsum("nrd,nr->nd", weighted, errors.reshape(n, -1)), atol=1e-12)


def test_generalised_forces_are_those_of_the_jacobian(linear, rng):
    forces = rng.normal(size=(2, *linear.place.shape))
    some = linear.at(slice(2, 6))
    expected = np.einsum("nkid,rnki->rnd", linear.jacobian()[:, 2:6], forces[:, :, 2:6])
    np.testing.assert_allclose(some.generalised(forces[:, :, 2:6]), expected, atol=1e-12)
