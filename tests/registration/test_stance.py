"""Which paws stand, from keypoints; and that the fitted ones stand there."""

import dataclasses

import numpy as np
import pytest

from rodent.clips import read_clips
from rodent.keypoints import Keypoints
from rodent.kinematics.paws import STANDING
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import MarkerSet, Registered, Registration, read_markers, windows
from rodent.registration.ground import paw_contacts
from rodent.registration.stance import Stance, _stance_means, find_standing, paw_probes

FPS = 50.0


def registered(body, markers: MarkerSet, qpos: np.ndarray) -> Registered:
    """Of keypoints with 1 mm of noise, one in five missing, on a body whose offsets and scale are known."""
    random = np.random.default_rng(0)
    points = Skeleton(body, markers.bodies).positions(qpos, markers.offsets * body.scale)
    points += random.normal(0, 0.001, points.shape)
    points[random.random(points.shape[:2]) < 0.2] = np.nan
    known = dataclasses.replace(markers, freedoms=np.zeros(len(markers.names)))
    registration = Registration(known, scale=body.scale)
    return registration.transform(Keypoints(points, markers.names, FPS, source="made"))


@pytest.fixture(scope="module")
def walk() -> np.ndarray:
    return read_clips("gaits")["walk"].qpos


def true_stance(qpos: np.ndarray, body) -> np.ndarray:
    contacts = paw_contacts(qpos, FPS, body)
    return (contacts.height < STANDING) & (np.nan_to_num(contacts.sliding, nan=np.inf) < 0.1)


def test_paws_of_a_walk_are_found_and_planted(body, walk):
    found, stands = registered(body, read_markers("rat23"), walk), true_stance(walk, body)
    assert found.standing[stands].mean() > 0.95
    high = paw_contacts(walk, FPS, body).height > 3 * STANDING
    assert not found.standing[high].any()
    fitted = paw_contacts(found.qpos, FPS, body)
    assert (fitted.height[found.standing] < STANDING).mean() > 0.95


def test_planted_paws_slide_less_than_free_ones(body, walk, monkeypatch):
    planted = registered(body, read_markers("rat23"), walk)
    monkeypatch.setattr(windows, "find_standing", lambda *given: np.zeros((len(walk), 4), bool))
    free = registered(body, read_markers("rat23"), walk)
    stands = true_stance(walk, body)
    slides = [np.nanmean(paw_contacts(found.qpos, FPS, body).sliding[stands]) for found in (planted, free)]
    assert slides[0] < 0.9 * slides[1]


def test_paws_without_keypoints_stand_where_the_shanks_say(body, walk):
    markers = read_markers("rat20")
    found, stands = registered(body, markers, walk), true_stance(walk, body)
    assert found.probed == (True,) * 4
    hind = slice(2, 4)
    assert found.standing[:, hind][stands[:, hind]].mean() > 0.7
    fitted = paw_contacts(found.qpos, FPS, body)
    assert (fitted.height[found.standing] < STANDING).mean() > 0.9


def test_of_a_limb_without_keypoints_nothing_is_known():
    probes = paw_probes(["skull", "upper_leg_L", "lower_leg_R", "toe_R"])
    assert [probe.keypoints.tolist() for probe in probes] == [[], [], [], [3]]
    points = np.zeros((10, 4, 3))
    standing = find_standing(probes, np.zeros(4), points, points, FPS, 0.001)
    assert standing.mean(axis=0).tolist() == [0, 0, 0, 1]


def test_places_are_means_within_a_stance_and_not_beyond():
    place = np.column_stack([np.repeat([0.0, 1.0], 6), np.arange(12.0)])
    standing = np.repeat([True, False], 6)
    means = _stance_means(place, standing, 2)
    np.testing.assert_array_equal(means[:, 0], place[:, 0])
    assert means[[0, 3, 5], 1].tolist() == [1.0, 3.0, 4.0]


def test_places_can_be_left_out():
    stance = Stance.anywhere(np.ones((3, 4), bool))
    assert np.isnan(stance.place).all()
    assert stance.at(slice(1, 3)).place.shape == (2, 4, 2)
