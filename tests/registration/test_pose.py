"""Poses from keypoints made from known poses."""

import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.clips import read_clips
from rodent.kinematics.posture import Trunk, posed
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import PoseSettings, lowest_paws, read_markers
from rodent.registration.paw_terms import PAWS
from rodent.registration.pose import PoseSolver
from rodent.scene import Scene, make_scene

MARKERS = read_markers("rat23")


@pytest.fixture(scope="module")
def unit_body() -> Scene:
    return make_scene(BodyConfig(scale=1.0))


@pytest.fixture(scope="module")
def skeleton(unit_body) -> Skeleton:
    return Skeleton(unit_body, (*MARKERS.bodies, *PAWS))


@pytest.fixture(scope="module")
def solver(unit_body, skeleton) -> PoseSolver:
    rest = posed(unit_body, Trunk.still(1))[0]
    return PoseSolver(skeleton, MARKERS.offsets, MARKERS.weights, rest, PoseSettings())


@pytest.fixture(scope="module")
def poses() -> np.ndarray:
    """A rat that walks and one that rears; of scale 0.9, but any pose will do."""
    gaits = read_clips("gaits")
    return np.concatenate([gaits["walk"].qpos[::20], gaits["rear"].qpos[::20]])


def test_the_jacobian_is_that_of_finite_differences(skeleton, solver, poses, rng):
    qpos, batch = poses[:3].copy(), skeleton.batch(3)
    qpos[:, 7 + skeleton.hinges] = skeleton.range.mean(axis=1)  # a hinge on its limit moves one way only
    rows = skeleton.linear(batch, qpos, solver.offsets).jacobian()
    step = rng.normal(size=(3, skeleton.n_directions))
    tiny = 1e-6
    ahead, behind = (
        skeleton.positions(skeleton.moved(qpos, s * tiny * step), solver.offsets) for s in (1, -1)
    )
    slope = (ahead - behind) / (2 * tiny)
    np.testing.assert_allclose(np.einsum("nkid,nd->nki", rows, step), slope, atol=1e-6)


def test_only_hinges_that_move_a_keypoint_are_there(skeleton, body):
    names = {body.joint_names[i] for i in skeleton.hinges}
    assert {"knee_L", "elbow_R", "vertebra_1_extend", "atlas"} <= names
    assert not {"vertebra_C5_extend", "mandible"} & names


@pytest.mark.parametrize("heading", np.linspace(0, 2 * np.pi, 7)[:-1])
def test_a_rigid_rat_is_put_into_place_from_any_heading(solver, skeleton, heading):
    turned = solver.rest.copy()
    turned[:3] = 0.4, -0.2, 0.3
    turned[3:7] = np.cos(heading / 2), 0.0, 0.0, np.sin(heading / 2)
    points = solver.positions(turned[None])
    (found,) = solver.placed(points)
    np.testing.assert_allclose(found[:3], turned[:3], atol=1e-9)
    np.testing.assert_allclose(np.abs(found[3:7] @ turned[3:7]), 1.0, atol=1e-9)


def test_known_poses_are_found(solver, skeleton, poses):
    points = solver.positions(poses)
    found = solver.solve(points)
    error = np.linalg.norm(solver.positions(found) - points, axis=-1)
    assert error.max() < 1e-3
    assert np.all(found[:, 7:][:, skeleton.hinges] >= skeleton.range[:, 0])
    assert np.all(found[:, 7:][:, skeleton.hinges] <= skeleton.range[:, 1])


def test_a_keypoint_far_off_is_not_followed(solver, skeleton, poses):
    points = solver.positions(poses)
    wrong = points.copy()
    elbow = MARKERS.names.index("ElbowL")
    wrong[:, elbow] += [0.0, 0.0, 0.15]
    found = solver.positions(solver.solve(wrong))
    assert np.median(np.linalg.norm(found - points, axis=-1)) < 1e-3
    assert np.linalg.norm(found - points, axis=-1)[:, elbow].max() < 0.02


def test_frames_with_few_or_no_keypoints_follow_their_neighbours(solver, skeleton, poses):
    points = solver.positions(poses)
    points[3], points[5, 2:] = np.nan, np.nan
    placed = solver.placed(points)
    assert np.isfinite(solver.solve(points)).all()
    np.testing.assert_array_equal(placed[3], placed[2])


def test_paws_stay_above_a_floor(solver, poses, unit_body):
    # no keypoint below the knees and elbows: nothing else holds hands and feet
    high = np.array([not name.startswith(("Wrist", "Hand", "Ankle", "Foot")) for name in MARKERS.names])
    low = poses.copy()
    low[:, :3] /= 0.9  # from the size of a body of 0.9 to that of 1
    low[:, 2] -= 0.01
    points = np.where(high[:, None], solver.positions(low), np.nan)
    sunk = [lowest_paws(solver.solve(points, floor=floor), unit_body)[:, 2] for floor in (False, True)]
    assert np.median(sunk[0]) < -0.01
    # keypoints that are pulled down themselves give way only so far
    assert np.median(sunk[1]) > np.median(sunk[0]) / 2
