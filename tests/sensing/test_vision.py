"""Vision: directions of pixels, what they show, and that many environments are seen at once."""

import dataclasses

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from rodent.body_config import MouseConfig
from rodent.errors import InputError
from rodent.rotation import from_rotvec, multiply
from rodent.scene import make_scene
from rodent.scene_config import BowlConfig, NoArenaConfig, SceneConfig
from rodent.sensing.eyes import EyesConfig
from rodent.sensing.vision import directions, look
from rodent.tasks.stance import standing

EYES = EyesConfig(width=34, height=22)  # pixels of 5 degrees
FAR = jnp.array([[0.0, 0.0, -9.0]])


def _images(scene, markers, eyes=EYES, qpos=None):
    pose = standing(scene).qpos if qpos is None else qpos
    return np.asarray(look(scene, eyes, jnp.asarray(pose), jnp.asarray(markers))).reshape(eyes.shape)


def _red(images):
    """Rows and columns of red pixels of each eye."""
    red = (images[..., 1] > 0.8) & (images[..., 2] < 0.3)
    return [np.argwhere(one) for one in red]


def test_directions_cover_the_fields_of_both_eyes():
    rays = directions(EyesConfig(width=17, height=11, up=0.0))
    np.testing.assert_allclose(np.linalg.norm(rays, axis=-1), 1, rtol=1e-6)
    sides = np.rad2deg(np.arctan2(rays[..., 1], rays[..., 0]))
    # from left to right, and alike for both eyes
    np.testing.assert_allclose(sides[0, 5], np.linspace(140, -20, 17), atol=1e-5)
    np.testing.assert_allclose(sides[1, 5], np.linspace(20, -140, 17), atol=1e-5)
    np.testing.assert_allclose(np.rad2deg(np.arcsin(rays[0, :, 0, 2])), np.linspace(50, -50, 11), atol=1e-5)


def test_floor_and_sky_are_seen_below_and_above_the_horizon(body):
    images = _images(body, FAR)
    sky = images[..., 0] == 0
    assert sky[:, 0].all() and not sky[:, -1].all(0).any()
    assert not (sky[:, 1:] & ~sky[:, :-1])[:, :, EYES.width // 2].any()
    # distances of the floor, against MuJoCo's own rays from the left eye
    model, data = body.model, mujoco.MjData(body.model)
    data.qpos[:] = standing(body).qpos
    mujoco.mj_kinematics(model, data)
    skull = int(body.body_ids(["skull"])[0])
    ray = data.xmat[skull].reshape(3, 3) @ directions(EYES)[0, -1, 10]
    eye = data.geom_xpos[model.geom("eye_L_collision").id]
    assert ray[2] < 0
    np.testing.assert_allclose(images[0, -1, 10, 0], np.exp(eye[2] / ray[2] / 0.5), rtol=1e-4)


def test_a_marker_is_seen_by_the_eye_on_its_side_and_in_front_by_both(body):
    left, right = _red(_images(body, [[0.1, 0.3, 0.0]]))
    assert len(left) and not len(right)
    left, right = _red(_images(body, [[0.1, -0.3, 0.0]]))
    assert len(right) and not len(left)
    left, right = _red(_images(body, [[0.5, 0.0, 0.0]]))
    assert len(left) and len(right)
    # a nearer one is larger
    near, _ = _red(_images(body, [[0.2, 0.1, 0.0]]))
    far, _ = _red(_images(body, [[0.6, 0.3, 0.0]]))
    assert len(near) > 2 * len(far) > 0


def test_a_body_that_turns_sees_the_same_turned(body):
    qpos = np.array(standing(body).qpos)
    before = _images(body, [[0.4, 0.2, 0.0]])
    qpos[3:7] = multiply(from_rotvec(np.array([0.0, 0.0, np.pi / 2])), qpos[3:7])
    qpos[:2] = 1.0, 2.0
    after = _images(body, [[1.0 - 0.2, 2.0 + 0.4, 0.0]], qpos=qpos)
    np.testing.assert_allclose(before, after, atol=1e-4)


def test_many_are_seen_at_once_in_compiled_code_and_have_no_gradient(body):
    pose = np.array(standing(body).qpos)
    poses = np.stack([pose, pose + 0.1 * np.eye(len(pose))[0], np.full(len(pose), np.nan)])
    markers = jnp.array([[[0.4, 0.2, 0.0]], [[0.1, 0.3, 0.0]], [[0.1, 0.3, 0.0]]])
    seen = jax.jit(jax.vmap(lambda qpos, places: look(body, EYES, qpos, places)))(jnp.asarray(poses), markers)
    for one, qpos, places in zip(seen[:2], poses, markers, strict=False):
        np.testing.assert_allclose(one.reshape(EYES.shape), _images(body, places, qpos=qpos), atol=1e-5)
    assert (seen[2] == 0).all()
    slope = jax.grad(lambda qpos: look(body, EYES, qpos, markers[0]).sum())(jnp.asarray(pose))
    assert (slope == 0).all()


def test_the_side_of_a_bowl_hides_the_horizon(body):
    bowl = make_scene(SceneConfig(arena=BowlConfig(depth=0.4)))
    flat, deep = ((_images(scene, FAR)[..., 0] == 0).mean() for scene in (body, bowl))
    assert deep < flat


def test_without_eyes_or_arena_nothing_is_seen():
    scene = make_scene(SceneConfig(arena=NoArenaConfig()))
    with pytest.raises(InputError, match="no arena to see"):
        _images(scene, FAR, qpos=scene.model.qpos0)


@pytest.mark.parametrize(
    ("changes", "message"), [({"width": 2}, "expected 4 to 64 pixels"), ({"upright": 200.0}, "upright in")]
)
def test_settings_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        EyesConfig(**changes)


def test_images_of_a_mouse_are_drawn_too():
    scene = make_scene(SceneConfig(body=MouseConfig()))
    images = _images(scene, [[0.1, 0.0, 0.0]], dataclasses.replace(EYES, width=8, height=8))
    assert len(_red(images)[0])
