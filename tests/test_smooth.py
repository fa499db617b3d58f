import numpy as np
import pytest

from rodent.render.smooth import smooth_edges


def half_plane(slope, samples):
    """Black below a line through the middle, white above; the mean of samples x samples points a pixel."""
    at = (np.arange(40 * samples) + 0.5) / samples - 20
    white = at[:, None] > slope * at[None]
    return 255 * white.reshape(40, samples, 40, samples).mean(axis=(1, 3))


@pytest.mark.parametrize("slope", [0.1, 0.25, 0.6, -0.3, 4.0])
def test_stairs_become_an_edge(slope):
    stairs, exact = half_plane(slope, 1), half_plane(slope, 16)
    image = np.repeat(stairs[..., None], 3, axis=2).astype(np.uint8)
    smooth_edges(image)
    inside = np.s_[8:-8, 8:-8]
    errors = [np.sqrt(np.mean((some - exact)[inside] ** 2)) for some in (image[..., 1], stairs)]
    assert errors[0] < 0.55 * errors[1]
    assert (image == image[..., :1]).all()


def test_what_has_no_stairs_stays(rng):
    straight = np.zeros((20, 20, 3), np.uint8)
    straight[:, 10:] = 200
    faint = rng.integers(100, 105, (20, 20, 3), dtype=np.uint8)
    for image in (straight, faint):
        before = image.copy()
        smooth_edges(image)
        # a straight edge is softened a little
        np.testing.assert_allclose(image[2:-2, 2:-2], before[2:-2, 2:-2].astype(int), atol=12)
    assert (faint == before).all()
