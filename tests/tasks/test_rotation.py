"""Quaternion functions against MuJoCo's."""

import mujoco
import numpy as np
import pytest

from rodent.tasks import rotation


@pytest.fixture
def quaternions(rng):
    q = rng.normal(size=(2, 4))
    return q / np.linalg.norm(q, axis=1, keepdims=True)


def test_multiply_and_rotate_are_mujocos(quaternions, rng):
    a, b = quaternions
    v = rng.normal(size=3)
    product, turned = np.zeros(4), np.zeros(3)
    mujoco.mju_mulQuat(product, a, b)
    mujoco.mju_rotVecQuat(turned, v, a)
    np.testing.assert_allclose(rotation.multiply(a, b), product, atol=1e-6)
    np.testing.assert_allclose(rotation.rotate(a, v), turned, atol=1e-6)
    np.testing.assert_allclose(rotation.into_frame(a, turned), v, atol=1e-6)


def test_two_columns_are_those_of_the_matrix(quaternions):
    matrix = np.zeros(9)
    mujoco.mju_quat2Mat(matrix, quaternions[0])
    np.testing.assert_allclose(
        rotation.two_columns(quaternions[0]), matrix.reshape(3, 3)[:, :2].T.ravel(), atol=1e-6
    )


@pytest.mark.parametrize("angle", [0.0, 1e-3, 1.0, 3.0])
def test_angle_between_does_not_mind_the_sign(quaternions, angle):
    a = quaternions[0]
    b = np.asarray(rotation.multiply(a, np.array([np.cos(angle / 2), 0, np.sin(angle / 2), 0])))
    assert float(rotation.angle_between(a, b)) == pytest.approx(angle, abs=1e-3)
    assert float(rotation.angle_between(a, -b)) == pytest.approx(angle, abs=1e-3)
