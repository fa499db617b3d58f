"""Offsets, scale and poses fitted to keypoints made from known ones."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.clips import read_clips
from rodent.errors import InputError
from rodent.keypoints import Keypoints
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import Registered, Registration, read_markers, sample
from rodent.scene import make_scene

FAR = Path(__file__).with_name("far_markers.toml")
"""Keypoints of a rat at first guesses so far from the hinges that all angles are well determined."""
NOISE, LOST, SCALE = 0.001, 0.2, 0.9


@pytest.fixture(scope="module")
def truth(body):
    """Markers a few millimetres off the guesses, and poses of gaits."""
    random = np.random.default_rng(0)
    guess = read_markers(FAR)
    offsets = guess.offsets + random.normal(0, 0.002, guess.offsets.shape)
    gaits = read_clips("gaits")
    qpos = np.concatenate([gaits[name].qpos for name in ("walk", "arc_left", "rear", "groom", "slalom")])
    return dataclasses.replace(guess, offsets=offsets), qpos


@pytest.fixture(scope="module")
def keypoints(body, truth) -> Keypoints:
    """Measured with 1 mm of noise, a fifth of them lost."""
    markers, qpos = truth
    random = np.random.default_rng(1)
    points = Skeleton(body, markers.bodies).positions(qpos, markers.offsets * SCALE)
    points += random.normal(0, NOISE, points.shape)
    points[random.random(points.shape[:2]) < LOST] = np.nan
    return Keypoints(points=points, names=markers.names, fps=50.0, confidence=None, source="made")


@pytest.fixture(scope="module")
def fitted(keypoints) -> Registration:
    return Registration(read_markers(FAR)).fit(keypoints)


@pytest.fixture(scope="module")
def certain(keypoints, truth) -> Registration:
    """Fitted where scale and offsets are known."""
    markers = dataclasses.replace(truth[0], freedoms=np.zeros(23))
    return Registration(markers, scale=SCALE).fit(keypoints)


@pytest.fixture(scope="module")
def known(certain, keypoints) -> Registered:
    """Poses where the offsets are known."""
    return certain.transform(keypoints)


def test_scale_and_offsets_are_recovered(fitted, truth):
    assert fitted.scale_ == pytest.approx(SCALE, rel=0.02)
    off = np.linalg.norm(fitted.markers_.offsets - truth[0].offsets, axis=1)
    before = np.linalg.norm(fitted.markers.offsets - truth[0].offsets, axis=1)
    assert np.median(off) < 0.0015
    assert np.median(before) > 0.0025


def test_a_larger_rat_is_told(truth, monkeypatch):
    """Of half the usual frames; tests/registration/test_scale.py has a smaller one."""
    monkeypatch.setattr(sample, "_SAMPLE", 100)
    (markers, qpos), scale = truth, 1.1
    poses = qpos.copy()
    poses[:, :3] *= scale / SCALE
    random = np.random.default_rng(1)
    points = Skeleton(make_scene(BodyConfig(scale=scale)), markers.bodies).positions(
        poses, markers.offsets * scale
    )
    points += random.normal(0, NOISE, points.shape)
    points[random.random(points.shape[:2]) < LOST] = np.nan
    fitted = Registration(read_markers(FAR)).fit(Keypoints(points, markers.names, 50.0, source="made"))
    assert fitted.scale_ == pytest.approx(scale, rel=0.03)


def test_the_noise_of_keypoints_is_measured(fitted):
    assert fitted.noise_ == pytest.approx(NOISE, rel=0.2)


@pytest.mark.parametrize("joint", ["hip", "knee", "ankle", "shoulder", "elbow"])
def test_joint_angles_are_recovered_where_the_offsets_are_known(known, fitted, truth, body, joint):
    limbs = [i for i in fitted.hinges if body.joint_names[i].startswith(f"{joint}_")]
    off = np.degrees(known.qpos[:, 7:] - truth[1][:, 7:])[:, limbs]
    # 1 mm is 2.3 degrees at the 25 mm of a shank, and 7 at the 8 mm of a hand, so wrists are left out
    assert np.sqrt(np.mean(off**2)) < 3.0


def test_hinges_stay_in_their_ranges(known, body):
    assert np.all(known.qpos[:, 7:] >= body.joint_range[:, 0] - 1e-9)
    assert np.all(known.qpos[:, 7:] <= body.joint_range[:, 1] + 1e-9)


def test_known_offsets_are_kept(certain, truth):
    np.testing.assert_allclose(certain.markers_.offsets, truth[0].offsets, atol=1e-9)
    assert certain.scale_ == SCALE


def test_poses_follow_their_keypoints(fitted, keypoints):
    found = fitted.transform(keypoints)
    assert np.nanmean(found.error) < 2 * NOISE
    np.testing.assert_allclose(
        np.linalg.norm(found.positions - found.points, axis=-1), found.error, equal_nan=True
    )
    # one way throughout: no frame jumps to another solution
    assert np.abs(np.diff(found.qpos[:200, 7:], axis=0)).max() < 0.8


def test_a_given_scale_is_kept(keypoints, rough_fits):
    few = dataclasses.replace(keypoints, points=keypoints.points[:60])
    fitted = Registration(read_markers(FAR), scale=0.88).fit(few)
    assert fitted.scale_ == 0.88


def test_too_few_keypoints_in_every_frame(keypoints):
    points = np.full_like(keypoints.points, np.nan)
    for k in range(points.shape[1]):
        points[2 * k : 2 * k + 2, k] = keypoints.points[0, 0]
    sparse = dataclasses.replace(keypoints, points=points)
    with pytest.raises(InputError, match="no frame has more than 1 of 23 markers; 3 are needed"):
        Registration(read_markers(FAR)).fit(sparse)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ([1, -1, 1], "mirrored rat"),
        ([-1, 1, 1], "mirrored rat"),
        ([1, 1, -1], "mirrored rat"),
        ([1, -1, -1], "back points along -z, but z must point up; take x, -y, -z"),
    ],
)
def test_axes_that_point_the_wrong_way(keypoints, axes, message):
    wrong = dataclasses.replace(keypoints, points=keypoints.points * axes)
    with pytest.raises(InputError, match=message):
        Registration(read_markers(FAR)).fit(wrong)


@pytest.mark.parametrize(
    ("order", "sign", "way"), [([0, 2, 1], [1, 1, -1], "y"), ([0, 2, 1], [1, -1, 1], "-y")]
)
def test_a_y_axis_that_points_up_or_down(keypoints, order, sign, way):
    wrong = dataclasses.replace(keypoints, points=keypoints.points[..., order] * sign)
    with pytest.raises(InputError, match=f"back points along {way}, but z must point up"):
        Registration(read_markers(FAR)).fit(wrong)
