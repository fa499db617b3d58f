import numpy as np
import pytest

from analysis.twin.descriptors import describe


@pytest.fixture
def vectors() -> tuple[np.ndarray, ...]:
    """Lags and parts whose weights are positive, and channels of any sign, of five neurons."""
    random = np.random.default_rng(0)
    found = (random.random((5, 4)), random.random((5, 3)), random.standard_normal((5, 6)))
    return tuple(one / np.linalg.norm(one, axis=1, keepdims=True) for one in found)


def test_a_product_is_taken_apart(vectors):
    lags, parts, channels = vectors
    sizes = np.array([3.0, 0.1, 1.0, 20.0, 5.0])
    found = describe(np.einsum("n,nl,np,nc->nlpc", sizes, lags, parts, channels))
    assert found.lags == pytest.approx(lags) and found.parts == pytest.approx(parts)
    assert found.features == pytest.approx(channels)
    expected = np.einsum("np,nc->npc", parts, channels).reshape(5, -1)
    assert found.by_part == pytest.approx(expected)


def test_noise_hardly_changes_the_vectors(vectors):
    lags, parts, channels = vectors
    tensors = np.einsum("nl,np,nc->nlpc", lags, parts, channels)
    noise = np.random.default_rng(1).standard_normal(tensors.shape)
    found = describe(tensors + 0.03 * noise)
    assert (np.einsum("nc,nc->n", found.features, channels) > 0.95).all()


def test_place_and_lag_are_means():
    tensors = np.zeros((1, 3, 2, 1))
    tensors[0, 2, 1] = -4.0
    found = describe(tensors)
    assert found.lag(np.array([-1, 0, 1])) == pytest.approx([1.0])
    assert found.place(np.array([[0.0, 0.0], [1.0, 0.5]])) == pytest.approx(np.array([[1.0, 0.5]]))
    assert found.features == pytest.approx(np.array([[-1.0]]))


def test_a_readout_of_zeros_has_no_vectors():
    found = describe(np.zeros((2, 3, 2, 4)))
    assert not found.features.any() and np.isfinite(found.by_part).all()
