"""Rendering of poses: a body in its arena, optionally with a ghost."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import mujoco
import numpy as np

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.render.camera import View
from rodent.render.gl import open_gl
from rodent.render.marks import Arrow, Dots, add_arrow, add_dots
from rodent.render.model import GHOST, body_size, drawing_model
from rodent.render.shadow import Shadow, Space, cast_shadow
from rodent.render.smooth import smooth_edges
from rodent.render.tail import Tail
from rodent.rotation import rotate
from rodent.scene import scene_body
from rodent.scene_config import BodyKind, SceneConfig, as_scene_config

_TRANSLUCENT = 0.45  # opacity of a translucent skin
_DISTANCE = 0.7  # metres from camera to rat at scale 1, for images with an aspect ratio of 4:3 or more


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
        self.scale = scale = body_size(scene)
        self.model = drawing_model(body.spec, scene.body, scale, size, ghost)
        # a distant camera looks through as little fog as a near one
        self.model.vis.map.fogstart *= max(1.0, distance)
        self.model.vis.map.fogend *= max(1.0, distance)
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
        self._camera.distance = distance * usual_distance(scale, size)
        self._sky = True  # whether any is in sight

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
            add_dots(self.scene, some)
        for arrow in arrows:
            add_arrow(self.scene, arrow, self._data, self.scale)
        width, height = self._size
        colors, depth = np.empty((height, width, 3), np.uint8), np.empty((height, width), np.float32)
        self._gl.make_current()
        self._render(colors, depth)
        in_sight = bool((depth == 1).any())
        if in_sight and not self._sky:
            self._sky = True
            self._render(colors, depth)
        self._sky = in_sight
        space = Space(qpos[:3] + rotate(qpos[3:7], self.middle), self.model.stat.extent)
        shadow = cast_shadow(
            self.scene, self._context, self._casters, space, depth.shape, opacity=self._opacity
        )
        return Frame(colors, depth, shadow)

    def _render(self, colors: np.ndarray, depth: np.ndarray) -> None:
        """Render the scene; the sky, a fifth of the time, only where it was in sight before."""
        rectangle = mujoco.MjrRect(0, 0, *self._size)
        self.scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = self._sky
        mujoco.mjr_render(rectangle, self.scene, self._context)
        mujoco.mjr_readPixels(colors, depth, rectangle, self._context)

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


def usual_distance(scale: float, size: tuple[int, int]) -> float:
    """Distance from the camera to the rat, m, for a relative size of the body and an image in pixels."""
    return _DISTANCE * scale * max(1.0, 4 / 3 * size[1] / size[0])
