"""The rat as triangles."""

import mujoco
import numpy as np
import pytest

from rodent.render import Renderer
from rodent.view.figure import SkinFigure


@pytest.fixture(scope="module")
def figure(body):
    return SkinFigure(body.config.body)


def test_the_patches_are_the_whole_coat(figure):
    pieces = [patch.vertices[patch.faces] for patch in figure.patches]
    found = np.concatenate(pieces)
    assert len(found) == len(figure.faces)
    np.testing.assert_array_equal(np.unique(found, axis=0), np.unique(figure.faces, axis=0))
    back, belly, bare = (np.array(patch.color) for patch in figure.patches)
    assert belly.sum() > back.sum() + 100
    assert bare[0] > bare[1:].max() + 30  # pink


def test_the_skin_goes_where_the_rat_goes(figure, clips):
    qpos, other = clips[0].qpos[3], clips[1].qpos[9]
    moved = qpos.copy()
    moved[:2] += (0.3, -0.2)
    here, there = figure.pose(qpos), figure.pose(moved, other)
    assert here.ghost is None
    np.testing.assert_allclose(
        there.skin - here.skin, np.tile((0.3, -0.2, 0.0), (len(here.skin), 1)), atol=1e-5
    )
    np.testing.assert_allclose(there.ghost, figure.pose(other).skin, atol=1e-6)
    assert 0.15 < np.ptp(here.skin[:, 0]) < 0.5
    assert here.skin[:, 2].min() > -0.01
    assert here.skin.dtype == np.float32


def test_the_skin_is_bound_as_in_films(figure, body, clips):
    """A vertex is the weighted mean of where its bones take it: MuJoCo's skinning, by hand."""
    qpos = clips[0].qpos[3]
    model = Renderer(body.config).model
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    data.qpos[2] += 0.5  # so that the tail hangs free, as the body has it
    mujoco.mj_kinematics(model, data)
    vertices = model.skin_vert
    expected, total = np.zeros_like(vertices), np.zeros((len(vertices), 1))
    for bone, (begin, count) in enumerate(zip(model.skin_bonevertadr, model.skin_bonevertnum, strict=True)):
        mine = model.skin_bonevertid[begin : begin + count]
        weight = model.skin_bonevertweight[begin : begin + count, None]
        part, bound = model.skin_bonebodyid[bone], np.zeros(9)
        mujoco.mju_quat2Mat(bound, model.skin_bonebindquat[bone].astype(float))
        local = (vertices[mine] - model.skin_bonebindpos[bone]) @ bound.reshape(3, 3)
        expected[mine] += weight * (local @ data.xmat[part].reshape(3, 3).T + data.xpos[part])
        total[mine] += weight
    np.testing.assert_allclose(figure.pose(data.qpos).skin, expected / total, atol=2e-4)


def test_eyes_lie_in_the_head(figure, clips):
    pose = figure.pose(clips[0].qpos[0])
    assert 0.001 < figure.eye_radius < 0.01
    assert 0.01 < np.linalg.norm(pose.eyes[0] - pose.eyes[1]) < 0.05
    for eye in pose.eyes:
        assert np.linalg.norm(pose.skin - eye, axis=1).min() < 2 * figure.eye_radius
