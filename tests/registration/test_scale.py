"""The scale of the body: over its whole range, whatever is likely."""

import dataclasses

import numpy as np
import pytest

from rodent.clips import read_clips
from rodent.keypoints import Keypoints
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import Registration, read_markers
from rodent.registration.scale import ScaleProfile, rough_scale

TRUE = 0.405  # 0.45 of the body of the clips


def profile(*costs: float) -> ScaleProfile:
    scales = np.geomspace(0.4, 1.6, len(costs))
    return ScaleProfile(scales, np.array(costs), 0.001 * np.array(costs))


def test_optima_are_the_local_minima_the_best_first():
    two = profile(9.0, 4.0, 6.0, 8.0, 2.0, 3.0)
    assert two.optima == (float(two.scales[4]), float(two.scales[1]))
    assert profile(1.0, 2.0, 3.0).optima == pytest.approx((0.4,))


def test_a_scale_belongs_to_the_best_optimum_if_nothing_is_between():
    two = profile(9.0, 4.0, 6.0, 8.0, 2.0, 3.0)
    assert two.same_optimum(float(two.scales[3]))
    assert two.same_optimum(float(two.scales[5]))
    assert not two.same_optimum(float(two.scales[1]))
    assert not two.same_optimum(float(two.scales[2]))
    assert two.error_at(float(two.scales[4])) == pytest.approx(0.002)


@pytest.fixture(scope="module")
def truth():
    """Markers up to their freedom off the guesses, and keypoints of a small rat that walks and rears."""
    random = np.random.default_rng(0)
    guess, gaits = read_markers("rat23"), read_clips("gaits")
    way = random.normal(size=guess.offsets.shape)
    way *= (guess.freedoms * random.random(23) ** (1 / 3) / np.linalg.norm(way, axis=1))[:, None]
    markers = dataclasses.replace(guess, offsets=guess.offsets + way)
    qpos = np.concatenate([gaits["walk"].qpos[:120], gaits["rear"].qpos[:120]])
    registration = Registration(guess)
    qpos[:, :3] /= gaits.scale
    points = TRUE * Skeleton(registration._body, markers.bodies).positions(qpos, markers.offsets)
    points += random.normal(0, 0.001, points.shape)
    points[random.random(points.shape[:2]) < 0.2] = np.nan
    return markers, Keypoints(points, markers.names, 50.0, source="made")


def test_the_spread_of_keypoints_tells_the_rough_scale_in_any_axes(truth):
    points, solver = truth[1].points, Registration(read_markers("rat23"))._solver()
    assert rough_scale(points, solver) == pytest.approx(TRUE, rel=0.25)
    assert rough_scale(points[..., [2, 0, 1]], solver) == pytest.approx(rough_scale(points, solver))


def test_a_small_rat_keeps_its_size_and_its_markers_their_places(truth):
    markers, keypoints = truth
    registration = Registration(read_markers("rat23")).fit(keypoints)
    assert registration.scale_ == pytest.approx(TRUE, rel=0.03)
    off = TRUE * np.linalg.norm(registration.markers_.offsets - markers.offsets, axis=1)
    assert np.median(off) < 0.002
    assert registration.profile_.same_optimum(registration.scale_)
    assert len(registration.profile_.optima) >= 1
