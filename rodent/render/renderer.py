"""Rendering of poses: a body in its arena, optionally with a ghost."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import mujoco
import numpy as np

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.render.camera import View
from rodent.render.gl import open_gl
from rodent.render.shadow import SIDE, Shadow, Space, cast_shadow
from rodent.render.skin import GHOST_RGBA, add_skin
from rodent.render.smooth import smooth_edges
from rodent.render.tail import Tail
from rodent.scene import Scene, make_scene, scene_body
from rodent.scene.scene import ARENA
from rodent.scene_config import BodyKind, SceneConfig, as_scene_config

GHOST = "ghost/"
_TRANSLUCENT = 0.45  # opacity of a translucent skin
_RAT_LENGTH = 0.25  # metres, approximate length from nose to hip of dm_control's rat
_DISTANCE = 0.7  # metres from camera to rat at scale 1, for images with an aspect ratio of 4:3 or more
_ARROW = 0.003  # metres, half the thickness of an arrow at scale 1
_HAZE = (0.93, 0.94, 0.96, 1.0)  # colour of the fog


class Dots(NamedTuple):
    """Points to mark in an image.

    Attributes:
        points: metres, shape (n, 3); points that are not finite are omitted.
        rgba: their colour, 0 to 1.
        radius: of the spheres, m.
    """

    points: np.ndarray
    rgba: tuple[float, float, float, float]
    radius: float = 0.003


class Arrow(NamedTuple):
    """An arrow that starts in the middle of a body and of all that hangs on it.

    Attributes:
        body: its name.
        vector: m, shape (3,).
        rgba: colour, 0 to 1.
    """

    body: str
    vector: np.ndarray
    rgba: tuple[float, float, float, float]


class Frame(NamedTuple):
    """What OpenGL rendered, rows from below.

    Attributes:
        colors: uint8, shape (height, width, 3).
        depth: OpenGL's buffer, float32, shape (height, width).
        shadow: of the bodies, if a light casts shadows.
    """

    colors: np.ndarray
    depth: np.ndarray
    shadow: Shadow | None

    def image(self) -> np.ndarray:
        """The image with shadow and smooth edges, uint8, shape (height, width, 3), from the top; once."""
        if self.shadow:
            self.shadow.darken(self.colors, self.depth)
        smooth_edges(self.colors)
        return self.colors[::-1]


def check_poses(width: int, nq: int, name: str) -> None:
    """Require that poses have the size of the body's poses.

    Raises:
        InputError: they have another size.
    """
    if width != nq:
        raise InputError(f"{name} has poses of {width} numbers; expected {nq}, as of its body")


class Renderer:
    """Renders poses. A context manager, because it has an OpenGL context.

    Attributes:
        model: for rendering only; qpos is the rat's, then the ghost's.
        nq: numbers in a pose of the rat.
        middle: a point between snout and tail in the walker's frame, metres, shape (3,).
        scale: size of the body relative to dm_control's rat.
    """

    def __init__(
        self,
        config: SceneConfig | BodyKind,
        size: tuple[int, int] = (640, 480),
        *,
        ghost: bool = False,
        geoms: bool = False,
        see_through: bool = False,
        distance: float = 1.0,
    ):
        """Build the model.

        Args:
            config: of the scene, or of a body on a floor. A rat is shown with its skin.
            size: width and height of the images, pixels.
            ghost: add a translucent second rat.
            geoms: show the collision geoms instead of the skin.
            see_through: make the rat's skin translucent.
            distance: of the camera, relative to the usual one.
        """
        self._size = size
        scene = as_scene_config(config)
        rat = isinstance(scene.body, BodyConfig)
        geoms = geoms or not rat
        body = scene_body(scene)
        scale = scene.body.scale if isinstance(scene.body, BodyConfig) else relative_size(make_scene(scene))
        self.scale = scale
        self.model = _drawing_model(body.spec, scene.body, scale, size, ghost)
        self.nq = self.model.nq // 2 if ghost else self.model.nq
        self._opacity = _TRANSLUCENT if see_through else 1.0
        if see_through:
            self.model.skin_rgba[:, 3] = _TRANSLUCENT
        self._coat = self.model.nskin - 1  # the rat's skin; the ghost's comes before it
        root = self.model.body(body.roles.root)
        # above the body that has the free joint, as high as the root
        self.middle = root.pos * (0, 0, 1) if root.jntnum[0] == 0 else np.zeros(3)
        self._data = mujoco.MjData(self.model)
        # geoms are shown where the physics has them
        tails = [] if geoms else ["", GHOST] if ghost else [""]
        self._tails = [Tail(self.model, prefix, scale) for prefix in tails]
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = [1, geoms, geoms, 0, 0, 0]
        self._option.sitegroup[:] = 0  # sensors are no part of the picture
        self._option.flags[mujoco.mjtVisFlag.mjVIS_SKIN] = not geoms
        self._camera = mujoco.MjvCamera()
        self._camera.distance = distance * _DISTANCE * scale * max(1.0, 4 / 3 * size[1] / size[0])

    def __enter__(self) -> Self:
        self._gl, self._context = open_gl(self.model, self._size)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self.scene = mujoco.MjvScene(self.model, maxgeom=1000)
        self.scene.flags[mujoco.mjtRndFlag.mjRND_FOG] = True
        self.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
        return self

    def __exit__(self, *error: Any) -> None:
        self._context.free()
        self._gl.free()

    def draw(
        self,
        qpos: np.ndarray,
        view: View,
        ghost: np.ndarray | None = None,
        dots: Sequence[Dots] = (),
        arrows: Sequence[Arrow] = (),
    ) -> np.ndarray:
        """An image of a pose.

        Args:
            qpos: of the rat, metres, w x y z, radians, shape (nq,).
            view: of the camera.
            ghost: pose of the ghost, shape (nq,), if the renderer has one.
            dots: points to mark.
            arrows: to draw at parts of the rat.

        Returns:
            uint8, shape (height, width, 3).
        """
        return self.frame(qpos, view, ghost, dots, arrows).image()

    def frame(
        self,
        qpos: np.ndarray,
        view: View,
        ghost: np.ndarray | None = None,
        dots: Sequence[Dots] = (),
        arrows: Sequence[Arrow] = (),
    ) -> Frame:
        """What `draw` needs of OpenGL; the rest may run in another thread."""
        self.pose(qpos, view, ghost)
        for some in dots:
            self._mark(some)
        for arrow in arrows:
            self._point(arrow)
        width, height = self._size
        colors, depth = np.empty((height, width, 3), np.uint8), np.empty((height, width), np.float32)
        rectangle = mujoco.MjrRect(0, 0, width, height)
        self._gl.make_current()
        mujoco.mjr_render(rectangle, self.scene, self._context)
        mujoco.mjr_readPixels(colors, depth, rectangle, self._context)
        space = Space(view.lookat, self.model.stat.extent)
        shadow = cast_shadow(
            self.scene, self._context, self._casters, space, depth.shape, opacity=self._opacity
        )
        return Frame(colors, depth, shadow)

    def _mark(self, dots: Dots) -> None:
        """Add spheres to the scene, which cast no shadow."""
        size, upright = np.full(3, dots.radius), np.eye(3).ravel()
        for point in dots.points[np.isfinite(dots.points).all(axis=1)]:
            geom = self.scene.geoms[self.scene.ngeom]
            color = np.array(dots.rgba, np.float32)
            mujoco.mjv_initGeom(geom, mujoco.mjtGeom.mjGEOM_SPHERE, size, point, upright, color)
            geom.category = mujoco.mjtCatBit.mjCAT_DECOR
            self.scene.ngeom += 1

    def _point(self, arrow: Arrow) -> None:
        """Add an arrow to the scene, which casts no shadow."""
        first = self.model.body(arrow.body).id
        whole = [b for b in range(first, self.model.nbody) if _hangs_on(self.model, b, first)]
        start = self._data.geom_xpos[np.isin(self.model.geom_bodyid, whole)].mean(axis=0)
        geom, kind = self.scene.geoms[self.scene.ngeom], mujoco.mjtGeom.mjGEOM_ARROW
        color = np.array(arrow.rgba, np.float32)
        mujoco.mjv_initGeom(geom, kind, np.zeros(3), np.zeros(3), np.eye(3).ravel(), color)
        # OpenGL renders half of an arrow's length
        mujoco.mjv_connector(geom, kind, _ARROW * self.scale, start, start + 2 * arrow.vector)
        geom.category = mujoco.mjtCatBit.mjCAT_DECOR
        self.scene.ngeom += 1

    def pose(self, qpos: np.ndarray, view: View, ghost: np.ndarray | None = None) -> None:
        """Update `scene` for a pose, without rendering it."""
        data = self._data
        data.qpos[: self.nq] = qpos
        if ghost is not None:
            data.qpos[self.nq :] = ghost
        mujoco.mj_kinematics(self.model, data)
        for tail in self._tails:
            tail.lay(data)
        mujoco.mj_comPos(self.model, data)  # some lights follow the centre of mass
        mujoco.mj_camlight(self.model, data)
        self._camera.lookat[:] = view.lookat
        self._camera.azimuth, self._camera.elevation = view.azimuth, view.elevation
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(self.model, data, self._option, None, self._camera, everything, self.scene)
        # the arena casts no shadow, and neither do the ghost and translucent marks
        self._casters = [
            geom
            for geom in self.scene.geoms[: self.scene.ngeom]
            if geom.category == mujoco.mjtCatBit.mjCAT_DYNAMIC
            and (geom.rgba[3] >= 1 or (geom.type == mujoco.mjtGeom.mjGEOM_SKIN and geom.objid == self._coat))
        ]


def _hangs_on(model: mujoco.MjModel, body: int, first: int) -> bool:
    """Whether a body is another, or hangs on it."""
    while body > first:
        body = int(model.body_parentid[body])
    return body == first


def _drawing_model(
    spec: mujoco.MjSpec, body: BodyKind, scale: float, size: tuple[int, int], ghost: bool
) -> mujoco.MjModel:
    """The model for rendering a body in its arena; scale is the size relative to dm_control's rat."""
    rat = body if isinstance(body, BodyConfig) else None
    if rat:
        for eye in ("eye_L_collision", "eye_R_collision"):
            # the skin leaves holes for the eyes
            spec.geom(eye).group, spec.geom(eye).rgba = 0, (0.03, 0.02, 0.02, 1)
    if ghost:
        second = body.build().spec
        for part in (*second.actuators, *second.sensors, *second.tendons, *second.excludes):
            second.delete(part)
        for geom in second.geoms:
            geom.rgba = GHOST_RGBA
        spec.attach(second, frame=spec.worldbody.add_frame(), prefix=GHOST)
        if rat:
            add_skin(spec, rat, GHOST, ghost=True)
    if rat:
        add_skin(spec, rat)
    if not spec.lights:
        _add_sun(spec)
    visual = spec.visual
    visual.global_.offwidth, visual.global_.offheight = (max(side, SIDE) for side in size)
    visual.global_.fovy = 30
    visual.quality.offsamples = 0
    visual.headlight.ambient, visual.headlight.diffuse = (0.42,) * 3, (0.22,) * 3
    visual.headlight.specular = (0, 0, 0)
    # the lengths below are in units of the extent
    spec.stat.extent = 0.5 * scale
    visual.map.znear, visual.map.zfar, visual.map.haze = 0.05, 48, 0.825
    visual.map.fogstart, visual.map.fogend = 3, 11
    visual.rgba.fog = visual.rgba.haze = _HAZE
    return spec.compile()


def _add_sun(spec: mujoco.MjSpec) -> None:
    """Add the light of the built-in arenas to a scene without a light."""
    sun = spec.worldbody.add_light(name=f"{ARENA}sun", type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL)
    sun.pos, sun.dir, sun.castshadow = (0, 0, 2), (0.35, 0.25, -1), True
    sun.diffuse, sun.specular = (0.55, 0.55, 0.52), (0.1, 0.1, 0.1)


def relative_size(scene: Scene) -> float:
    """Size of a body relative to dm_control's rat, by the length that its geoms span."""
    model, data = scene.model, mujoco.MjData(scene.model)
    mujoco.mj_kinematics(model, data)
    moving = np.flatnonzero(model.body_weldid[model.geom_bodyid])
    centres, radii = data.geom_xpos[moving], model.geom_rbound[moving, None]
    return float(((centres + radii).max(0) - (centres - radii).min(0)).max()) / _RAT_LENGTH
