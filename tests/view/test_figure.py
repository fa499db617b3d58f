"""The rat as triangles that bones move."""

import mujoco
import numpy as np
import pytest

from rodent.render import Renderer
from rodent.rotation import conjugate, rotate
from rodent.view.figure import SkinFigure, joined


@pytest.fixture(scope="module")
def figure(body):
    return SkinFigure(body.config.body)


def skinned(figure, patch, qpos):
    """Vertices of a patch in a pose, as in a browser: weighted means of where bones take them."""
    bind, bones = ([values[patch.bones] for values in one] for one in (figure.bind, figure.pose(qpos)))
    places = np.zeros((len(patch.vertices), 3))
    for bone, weight in enumerate(patch.weights.T):
        local = rotate(conjugate(bind[1][bone]), patch.vertices - bind[0][bone])
        places += weight[:, None] * (rotate(bones[1][bone], local) + bones[0][bone])
    return places


def whole_coat(figure):
    return joined(figure.patches[:-1])


def test_the_patches_are_the_whole_coat(figure):
    coat = whole_coat(figure)
    found, outline = (
        np.sort(one.vertices[one.faces].reshape(-1, 9), axis=0) for one in (coat, figure.outline)
    )
    np.testing.assert_array_equal(found, outline)
    back, belly, bare, eyes = (np.array(patch.color) for patch in figure.patches)
    assert belly.sum() > back.sum() + 100
    assert bare[0] > bare[1:].max() + 30  # pink
    assert eyes.max() < 20


def test_four_bones_at_most_move_a_vertex(figure):
    for patch in figure.patches:
        assert (patch.weights > 0).sum(axis=1).max() <= 4
        np.testing.assert_allclose(patch.weights.sum(axis=1), 1.0)


def test_the_skin_is_where_films_have_it(figure, body, clips):
    """Against MuJoCo's skinning, with all the bones of a vertex."""
    model = Renderer(body.config).model
    data, scene = mujoco.MjData(model), mujoco.MjvScene(model, maxgeom=1000)
    data.qpos[:] = clips[0].qpos[3]
    data.qpos[:2] += (0.3, -0.2)
    data.qpos[2] += 0.5  # so that the tail hangs free, as the body has it
    mujoco.mj_kinematics(model, data)
    everything = mujoco.mjtCatBit.mjCAT_ALL
    mujoco.mjv_updateScene(model, data, mujoco.MjvOption(), None, mujoco.MjvCamera(), everything, scene)
    away = np.linalg.norm(skinned(figure, figure.outline, data.qpos) - scene.skinvert.reshape(-1, 3), axis=1)
    assert away.mean() < 2e-4 and np.percentile(away, 99) < 2e-3


def test_eyes_are_where_the_body_has_them(figure, body, clips):
    qpos = clips[0].qpos[7]
    data = mujoco.MjData(body.model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(body.model, data)
    eyes = skinned(figure, figure.patches[-1], qpos).reshape(2, -1, 3)
    for eye, name in zip(eyes, ("eye_L_collision", "eye_R_collision"), strict=True):
        geom = body.model.geom(name)
        np.testing.assert_allclose(eye.mean(axis=0), data.geom_xpos[geom.id], atol=1e-5)
        radius = np.linalg.norm(eye - data.geom_xpos[geom.id], axis=1)
        np.testing.assert_allclose(radius, geom.size[0], rtol=1e-3)


def test_the_tail_lies_on_the_floor(figure, clips):
    assert figure.pose(clips[0].qpos[0]).positions[:, 2].min() > 0
