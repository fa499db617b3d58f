"""Pictures of units."""

import numpy as np
import pytest

from rodent.view.strip import SIZE, chart, mark, strip


def brightness(picture):
    return picture.astype(int).sum(axis=2)


def test_a_row_for_each_unit_and_darker_for_more():
    activity = np.stack([np.linspace(0, 1, 40), np.linspace(5, -5, 40)], axis=1)
    picture = strip(activity, (40, 20))
    assert (picture.shape, picture.dtype) == ((20, 40, 3), np.uint8)
    rising, falling = brightness(picture)[[5, 15]]
    assert (np.diff(rising) <= 0).all()
    assert rising[-1] < rising[0] - 300
    np.testing.assert_allclose(rising, falling[::-1], atol=3)


def test_units_have_scales_of_their_own(rng):
    activity = rng.normal(size=(50, 8))
    scaled = activity * 10.0 ** np.arange(8) + np.arange(8)
    np.testing.assert_array_equal(strip(activity, (50, 8)), strip(scaled, (50, 8)))


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (400, 5), (400, 1000)])
def test_any_shape_fills_the_picture(rng, shape):
    assert strip(rng.normal(size=shape), (120, 60)).shape == (60, 120, 3)


def test_what_is_not_known_yet_is_grey(rng):
    activity = rng.normal(size=(20, 6))
    activity[12:] = np.nan
    picture = strip(activity, (40, 12))
    assert (picture[:, 24:] == picture[0, -1]).all()
    np.testing.assert_array_equal(picture[:, :24], strip(activity[:12], (24, 12)))
    assert len(np.unique(strip(np.full((20, 6), np.nan), (40, 12)))) <= 3


def test_a_unit_that_never_changes_is_pale():
    assert (brightness(strip(np.full((10, 2), 3.0), (10, 4))) > 740).all()


def test_a_chart_has_axes_around_its_strip(rng):
    activity = rng.normal(size=(50, 30))
    names = [f"hip_{i}" for i in range(30)]
    picture, (left, top, right, bottom) = chart(activity, 4.0, names, "unit")
    assert picture.shape == (SIZE[1], SIZE[0], 3)
    np.testing.assert_array_equal(
        picture[top:bottom, left:right], strip(activity, (right - left, bottom - top))
    )
    ink = brightness(picture) < 400
    # ticks at every second name, and names left of them; at 0, 1, 2, 3 and 4 s, and numbers below them
    rows = np.flatnonzero(ink[top:bottom, left - 3])
    assert len(rows) == 15 and ink[top:bottom, : left - 6].any()
    columns = np.flatnonzero(ink[bottom + 2])
    np.testing.assert_allclose(columns, left + np.arange(5) * (right - left) / 4, atol=1)
    assert ink[bottom + 8 :].any()


@pytest.mark.parametrize(("units", "seconds"), [(1, 0.02), (700, 3600.0)])
def test_any_layer_and_time_fits_a_chart(units, seconds):
    picture, (left, _, right, _) = chart(np.zeros((3, units)), seconds, [*map(str, range(units))], "unit")
    assert right - left > 400 and brightness(picture).min() < 400


@pytest.mark.parametrize(("part", "column"), [(0.0, 0), (0.5, 20), (0.999, 38)])
def test_the_present_is_marked(part, column):
    picture = np.zeros((14, 50, 3), np.uint8)
    changed = (mark(picture, (8, 3, 48, 12), part) != picture).any(axis=2)
    assert np.flatnonzero(changed.any(axis=0)).tolist() == [8 + column, 9 + column]
    assert np.flatnonzero(changed.any(axis=1)).tolist() == list(range(3, 12))
    assert not picture.any()
