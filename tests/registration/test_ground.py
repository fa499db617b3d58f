import numpy as np
import pytest

from rodent.clips import read_clips
from rodent.registration import Floor, find_floor, lowest_paws

TILT, HEIGHT = np.radians(3.0), 0.2


@pytest.fixture
def lowest() -> np.ndarray:
    """Lowest points all over an arena of 60 cm, a tenth of them of a rat in the air."""
    random = np.random.default_rng(0)
    points = np.column_stack([random.uniform(-0.3, 0.3, (6000, 2)), random.normal(0, 0.001, 6000)])
    points[::10, 2] += 0.03
    points[:, 2] += HEIGHT + np.tan(TILT) * points[:, 1]
    return points


def test_a_tilted_floor_is_found(lowest):
    floor = find_floor(lowest)
    assert floor.tilt == pytest.approx(TILT, abs=np.radians(0.2))
    assert floor.slope[0] == pytest.approx(0.0, abs=0.003)
    assert floor.height == pytest.approx(HEIGHT, abs=0.003)


def test_of_a_rat_that_stays_in_one_place_no_tilt_is_known(lowest):
    floor = find_floor(lowest * [0.1, 0.1, 1.0])
    assert floor.slope == (0.0, 0.0)
    assert floor.squares == 0
    assert floor.height == pytest.approx(HEIGHT, abs=0.03)


def test_a_walk_on_a_slope_is_made_level(body):
    walk = read_clips("gaits")["walk"].qpos
    # what makes one slope level makes a level floor slope the other way
    tilted = Floor(0.0, (0.0, -float(np.tan(TILT))), 1).level_poses(walk)
    lowest = lowest_paws(tilted, body)
    assert np.polyfit(lowest[:, 1], lowest[:, 2], 1)[0] == pytest.approx(np.tan(TILT), abs=0.005)
    again = Floor(0.0, (0.0, float(np.tan(TILT))), 1).level_poses(tilted)
    np.testing.assert_allclose(again, walk, atol=1e-6)
    assert np.abs(lowest_paws(again, body)[:, 2]).max() < 0.001


def test_points_are_turned_about_the_origin_and_shifted(lowest):
    floor = Floor(HEIGHT, (0.0, float(np.tan(TILT))), 1)
    flat = floor.level(lowest)
    assert np.median(flat[:, 2]) == pytest.approx(0.0, abs=0.001)
    assert abs(np.polyfit(flat[:, 1], flat[:, 2], 1)[0]) < 0.003
    apart = np.linalg.norm(np.diff(lowest, axis=0), axis=1)
    np.testing.assert_allclose(np.linalg.norm(np.diff(flat, axis=0), axis=1), apart, atol=1e-9)
