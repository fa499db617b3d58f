import os
import subprocess
import sys

import mujoco
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.kinematics.floor import floor_shift
from rodent.render import CAMERAS, Renderer, View
from rodent.render.camera import follow
from rodent.render.skin import read_skin
from rodent.render.tail import Tail
from rodent.scene import make_scene
from rodent.scene.rat import PAWS
from rodent.synthesis.stance import stance_clips

SIZE = (96, 64)


pytestmark = pytest.mark.usefixtures("drawing")


@pytest.fixture(scope="module")
def clips(body):
    return stance_clips(body, frames=20)


@pytest.mark.parametrize("camera", CAMERAS)
def test_whole_rat_is_in_the_picture(camera, body, clips):
    """Skin vertices, seen from the camera, lie within its field of view."""
    clip = clips[0]
    with Renderer(body.config, SIZE) as scene:
        view = follow(clip.qpos, clip.fps, scene.middle, camera)
        scene.pose(clip.qpos[0], view[0])
        eye = scene.scene.camera[0]
        vertices = np.asarray(scene.scene.skinvert).reshape(-1, 3) - eye.pos
        right = np.cross(eye.forward, eye.up)
        depth = vertices @ eye.forward
        assert depth.min() > eye.frustum_near
        height = eye.frustum_top / eye.frustum_near
        assert np.abs(vertices @ eye.up / depth).max() < 0.98 * height
        assert np.abs(vertices @ right / depth).max() < 0.98 * height * SIZE[0] / SIZE[1]


def test_the_mouth_is_closed_where_its_joint_is(body):
    """Distance from the tip of the jaw to the skin of the skull."""
    bones = {bone.body: bone for bone in read_skin()[2]}
    jaw, skull = (bones[name].vertices[bones[name].weights > 0.9] for name in ("jaw", "skull"))
    joint, gaps = body.joint_names.index("mandible"), []
    with Renderer(body.config, SIZE) as scene:
        for angle in body.joint_range[joint]:
            qpos = body.model.qpos0.copy()
            qpos[7 + joint] = angle
            scene.pose(qpos, View(qpos[:3], 0, 0))
            skin = np.asarray(scene.scene.skinvert).reshape(-1, 3)
            tip = skin[jaw[skin[jaw, 0].argmax()]]
            gaps.append(np.linalg.norm(skin[skull] - tip, axis=1).min())
    assert gaps[0] < 0.002 and gaps[1] > 0.008


def test_side_shows_the_flank_whichever_way_it_walks():
    for heading in (0.0, 1.0, 2.5, -2.0):
        qpos = np.zeros((50, 74))
        qpos[:, 3], qpos[:, 6] = np.cos(heading / 2), np.sin(heading / 2)
        camera = follow(qpos, 50, np.zeros(3), "side")
        looks = np.array([np.cos(np.radians(camera.azimuth)), np.sin(np.radians(camera.azimuth))])
        assert abs(looks @ [np.cos(heading), np.sin(heading)]) < 1e-6


def test_camera_follows_smoothly():
    qpos = np.zeros((500, 74))
    qpos[:, 3] = 1
    time = np.arange(500) / 50
    # walks at 0.2 m/s and bobs twelve times a second
    qpos[:, 0] = 0.2 * time
    qpos[:, 2] = 0.01 * np.sin(2 * np.pi * 12 * time)
    path = follow(qpos, 50, np.array([0, 0, 0.06])).path
    assert np.abs(path[50:-50] - [[0, 0, 0.06]] - np.outer(0.2 * time[50:-50], [1, 0, 0])).max() < 1e-4


@pytest.mark.parametrize("scale", [0.9, 1.0])
def test_skin_fits_the_body(scale):
    body = make_scene(BodyConfig(scale=scale))
    # all joints at rest, as when the skin was made
    qpos = np.concatenate([[0, 0, 0, 1, 0, 0, 0], np.clip(0, *body.joint_range.T)])
    qpos[2] += floor_shift(qpos[None], body)
    with Renderer(body.config, SIZE) as scene:
        scene.pose(qpos, View(qpos[:3], 0, 0))
        skin = np.asarray(scene.scene.skinvert).reshape(-1, 3)
    data = mujoco.MjData(body.model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(body.model, data)
    geoms = np.flatnonzero(body.model.geom_bodyid)
    # the tail is laid on the floor, and its geoms are not
    tail = np.array(["vertebra_C" in body.model.body(b).name for b in body.model.geom_bodyid[geoms]])
    size = body.model.geom_aabb[geoms, 3:]
    reach = np.abs(data.geom_xmat[geoms].reshape(-1, 3, 3)) @ size[:, :, None]
    low, high = (data.geom_xpos[geoms] + sign * reach[:, :, 0] for sign in (-1, 1))
    head, side, top = high[~tail].max(axis=0)
    assert skin[:, 0].max() == pytest.approx(head, abs=0.012 * scale)
    assert skin[:, 1].max() == pytest.approx(side, abs=0.012 * scale)
    assert skin[:, 1].min() == pytest.approx(low[~tail][:, 1].min(), abs=0.012 * scale)
    assert skin[:, 2].max() == pytest.approx(top, abs=0.012 * scale)
    # paws stand where the paws of the physics stand
    _, _, bones = read_skin()
    for paw in PAWS:
        (bone,) = (b for b in bones if b.body == paw)
        sole = skin[bone.vertices[bone.weights > 0.5], 2].min()
        assert sole == pytest.approx(
            low[body.model.geom_bodyid[geoms] == body.body_ids([paw]), 2].min(), abs=0.003
        )
        assert abs(sole) < 0.007, paw
    assert skin[:, 2].min() > -0.003


def test_the_tail_is_laid_on_the_floor_at_its_own_length(body, clips):
    model = body.model
    data = mujoco.MjData(model)
    bones = [model.body(f"vertebra_C{i}").id for i in range(1, 31)]
    for lift, turn in (
        (0.0, [1, 0, 0, 0]),
        (-0.02, [0.9, 0, -0.4, 0.1]),
        (0.02, [0.5, 0.8, 0, 0]),
        (1, [1, 0, 0, 0]),
    ):
        data.qpos[:] = clips[0].qpos[0]
        data.qpos[2] += lift
        data.qpos[3:7] = turn
        mujoco.mj_kinematics(model, data)
        before, turned = data.xpos[bones].copy(), data.xquat.copy()
        Tail(model, "", 0.9).lay(data)
        after = data.xpos[bones]
        lengths = [np.linalg.norm(np.diff(x, axis=0), axis=1) for x in (before, after)]
        np.testing.assert_allclose(lengths[1], lengths[0], rtol=1e-6)
        np.testing.assert_array_equal(after[0], before[0])
        assert after[-1, 2] > 0
        np.testing.assert_allclose(np.linalg.norm(data.xquat[bones], axis=1), 1, rtol=1e-9)
        others = np.setdiff1d(np.arange(model.nbody), bones)
        np.testing.assert_array_equal(data.xquat[others], turned[others])
        if lift == 1:
            np.testing.assert_array_equal(after, before)


def test_no_opengl(tmp_path):
    script = (
        "from rodent.body_config import BodyConfig\nfrom rodent.errors import WorkError\n"
        "from rodent.render import Renderer\n"
        "try:\n  Renderer(BodyConfig()).__enter__()\nexcept WorkError as error:\n  print(error)"
    )
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "MUJOCO_GL", "PYOPENGL_PLATFORM")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    environment |= {"MUJOCO_GL": "disable", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("no OpenGL context (disable")
    assert "libegl1" in done.stdout
    assert "MUJOCO_GL=osmesa" in done.stdout


def test_the_sky_is_there_whatever_was_drawn_before(body):
    """A sky that is out of sight is not rendered; it is back when the camera looks up."""
    qpos = body.model.qpos0
    down, up = (View(qpos[:3], 0, elevation) for elevation in (-60, 5))
    with Renderer(body.config, SIZE) as renderer:
        first, below = renderer.draw(qpos, up), renderer.draw(qpos, down)
        for view, expected in ((down, below), (up, first), (up, first), (down, below)):
            np.testing.assert_array_equal(renderer.draw(qpos, view), expected)
    assert first[0].min() > 150  # the uppermost row is bright
