"""Quaternion functions against MuJoCo's."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from rodent import rotation
from rodent.rotation import as_rotvec, continuous, from_rotvec, slerp


def random_quaternions(n: int, seed: int = 0) -> np.ndarray:
    q = np.random.default_rng(seed).normal(size=(n, 4))
    return q / np.linalg.norm(q, axis=1, keepdims=True)


def rotations(quaternions: np.ndarray) -> Rotation:
    return Rotation.from_quat(quaternions, scalar_first=True)


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


def test_logarithm_and_exponential_undo_each_other():
    vectors = np.random.default_rng(0).normal(size=(100, 3))
    vectors *= np.minimum(1, 3.1 / np.linalg.norm(vectors, axis=1, keepdims=True))
    vectors[0], vectors[1] = 0.0, [1e-14, 0, 0]
    np.testing.assert_allclose(as_rotvec(from_rotvec(vectors)), vectors, atol=1e-12)


def test_slerp_is_scipys():
    a, b, part = random_quaternions(50, 1), random_quaternions(50, 2), np.random.default_rng(3).random(50)
    for mine, first, second, p in zip(slerp(a, b, part), a, b, part, strict=True):
        theirs = Slerp([0, 1], rotations(np.stack([first, second])))(p)
        assert (rotations(mine).inv() * theirs).magnitude() < 1e-7


def test_sign_flips_are_undone():
    turning = from_rotvec(np.linspace([0, 0, 0], [0, 0, 4 * np.pi], 100))
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(100, 1))
    mended = continuous(turning * signs)
    np.testing.assert_allclose(mended, turning * signs[0], atol=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        *(rotation.conjugate, as_rotvec, rotation.two_columns, continuous),
        lambda q: rotation.multiply(q, q[::-1]),
        lambda q: rotation.rotate(q, q[::-1, 1:]),
        lambda q: from_rotvec(q[:, 1:]),
        lambda q: slerp(q, q[::-1], q[:, 0] ** 2),
        lambda q: rotation.angle_between(q, q[::-1]),
    ],
)
def test_numpy_and_jax_agree_and_each_stays_itself(function):
    q = random_quaternions(20)
    q[3] = [1.0, 0.0, 0.0, 0.0]
    own, other = function(q), jax.jit(function)(jnp.asarray(q))
    assert isinstance(own, np.ndarray) and own.dtype == np.float64
    assert isinstance(other, jax.Array)
    np.testing.assert_allclose(other, own, atol=1e-5)


def test_an_array_of_each_kind_gives_one_of_jax():
    q = random_quaternions(5)
    assert isinstance(rotation.multiply(q, jnp.asarray(q)), jax.Array)
    assert isinstance(rotation.rotate(jnp.asarray(q), q[:, 1:]), jax.Array)
