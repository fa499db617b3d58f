import mujoco
import numpy as np
import pytest

from rodent.render import Renderer
from rodent.render.camera import follow
from rodent.render.gl import open_gl
from rodent.render.pixels import Pixels
from rodent.render.shadow import SIDE, Space, cast_shadow

pytestmark = pytest.mark.usefixtures("drawing")

RADIUS, HEIGHT, EXTENT = 0.04, 0.1, 0.5
AWAY = np.array([0.4, 0.2, -1.0])
AMBIENT, HEAD, SUN = 0.3, 0.2, 0.4
BALL = f"""
<mujoco>
  <statistic extent="{EXTENT}"/>
  <visual>
    <global offwidth="{SIDE}" offheight="{SIDE}"/> <quality offsamples="0"/>
    <headlight ambient="{AMBIENT} {AMBIENT} {AMBIENT}" diffuse="{HEAD} {HEAD} {HEAD}" specular="0 0 0"/>
  </visual>
  <worldbody>
    <light type="directional" dir="{" ".join(map(str, AWAY))}" diffuse="{SUN} {SUN} {SUN}" specular="0 0 0"/>
    <geom type="plane" size="2 2 1" rgba="1 1 1 1"/>
    <body pos="0 0 {HEIGHT}"><freejoint/><geom size="{RADIUS}" rgba="0.9 0 0 1"/></body>
  </worldbody>
</mujoco>
"""


@pytest.fixture(scope="module")
def ball():
    """A red ball above a white plane from above: colours and depth without a shadow, pixels, shadow."""
    model = mujoco.MjModel.from_xml_string(BALL)
    data, scene = mujoco.MjData(model), mujoco.MjvScene(model, maxgeom=10)
    mujoco.mj_forward(model, data)
    camera = mujoco.MjvCamera()
    camera.lookat[:], camera.distance, camera.azimuth, camera.elevation = (0, 0, 0), 0.4, 200, -60
    scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
    mujoco.mjv_updateScene(model, data, mujoco.MjvOption(), None, camera, mujoco.mjtCatBit.mjCAT_ALL, scene)
    gl, context = open_gl(model, (SIDE, SIDE))
    mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, context)
    colors, depth = np.empty((240, 320, 3), np.uint8), np.empty((240, 320), np.float32)
    rectangle = mujoco.MjrRect(0, 0, 320, 240)
    mujoco.mjr_render(rectangle, scene, context)
    mujoco.mjr_readPixels(colors, depth, rectangle, context)
    pixels = Pixels.of(scene, depth.shape)
    shadow = cast_shadow(scene, context, [scene.geoms[1]], Space(np.zeros(3), EXTENT), depth.shape)
    context.free()
    gl.free()
    return colors, depth, pixels, shadow


def places(pixels, depth):
    y, x = (np.arange(side, dtype=np.float32) for side in depth.shape)
    return np.stack(
        pixels.seen(x, y[:, None], depth, np.zeros(3, np.float32), np.eye(3, dtype=np.float32)), -1
    )


def test_places_and_normals_of_pixels(ball):
    colors, depth, pixels, _ = ball
    place = places(pixels, depth)
    y, x = np.indices(depth.shape).reshape(2, -1)
    normal = pixels.normals(x, y, depth).reshape(place.shape)
    plane = colors[..., 2] > 100
    assert 0.05 < (~plane).mean() < 0.2
    assert np.abs(place[plane, 2]).max() < 1e-4
    np.testing.assert_allclose(np.median(normal[plane], axis=0), [0, 0, 1], atol=1e-3)
    away = (place - [0, 0, HEIGHT])[~plane]
    np.testing.assert_allclose(np.linalg.norm(away, axis=1), RADIUS, rtol=0.02)
    assert np.median(np.sum(away / RADIUS * normal[~plane], axis=1)) > 0.99


def test_shadow_of_a_ball(ball):
    """An ellipse along the light, of a size and a darkness that follow from its direction."""
    colors, depth, pixels, shadow = ball
    image, place = colors.copy(), places(pixels, depth)
    shadow.darken(image, depth)
    plane = colors[..., 2] > 100
    kept = image[..., 0] / np.maximum(colors[..., 0], 1)
    light = AWAY / np.linalg.norm(AWAY)
    # distance from the ball's axis along the light; the camera sees all of the shadow
    across = np.linalg.norm(np.cross(place - [0, 0, HEIGHT], light), axis=-1)
    assert (kept[plane & (across > 1.15 * RADIUS)] > 0.99).all()
    head = HEAD * np.sin(np.radians(60))
    expected = (AMBIENT + head) / (AMBIENT + head - SUN * light[2])
    inside = kept[plane & (across < 0.85 * RADIUS)]
    assert len(inside) > 300
    np.testing.assert_allclose(inside, expected, atol=0.02)
    edge = kept[plane & (abs(across / RADIUS - 1) < 0.03)]
    assert edge.mean() == pytest.approx((1 + expected) / 2, abs=0.05)


def test_a_translucent_body_casts_a_lighter_shadow(ball):
    colors, depth, _, shadow = ball
    darkness = []
    for opacity in (1.0, 0.5, 0.0):
        image = colors.copy()
        shadow._replace(opacity=opacity).darken(image, depth)
        darkness.append((colors.astype(int) - image).sum())
    assert darkness[1] == pytest.approx(0.5 * darkness[0], rel=0.05)
    assert darkness[2] == 0


def test_without_a_body_there_is_no_shadow(ball):
    colors, depth, _, shadow = ball
    image = colors.copy()
    shadow._replace(depth=np.ones_like(shadow.depth)).darken(image, depth)
    np.testing.assert_array_equal(image, colors)


def test_what_casts_a_shadow(body, clips):
    """A translucent rat does and a ghost does not; geoms cast about the shadow of the skin."""
    clip, shadows = clips[0], {}
    for name in ("skin", "see_through", "ghost", "geoms"):
        with Renderer(body.config, (96, 64), **({} if name == "skin" else {name: True})) as renderer:
            view = follow(clip.qpos, clip.fps, renderer.middle)[0]
            ghost = clip.qpos[0] + 0.12 * np.eye(74)[1] if name == "ghost" else None
            shadows[name] = renderer.frame(clip.qpos[0], view, ghost).shadow
    covered = {name: shadow.depth < 1 for name, shadow in shadows.items()}
    assert 3000 < covered["skin"].sum() < 30_000
    for name in ("see_through", "ghost"):
        np.testing.assert_array_equal(covered[name], covered["skin"])
    assert covered["geoms"].sum() == pytest.approx(covered["skin"].sum(), rel=0.3)
    assert (covered["geoms"] & covered["skin"]).sum() > 0.7 * covered["skin"].sum()
    assert {name: shadow.opacity for name, shadow in shadows.items()} == {
        "skin": 1, "see_through": 0.45, "ghost": 1, "geoms": 1,
    }  # fmt: skip
