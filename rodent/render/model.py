"""The model of a scene for rendering: with skin, light and fog, and optionally a ghost."""

import mujoco
import numpy as np

from rodent.body_config import BodyConfig
from rodent.render.shadow import SIDE
from rodent.render.skin import GHOST_RGBA, add_skin
from rodent.scene import Scene, make_scene
from rodent.scene.scene import ARENA
from rodent.scene_config import BodyKind, SceneConfig

GHOST = "ghost/"
"""Prefix of the names of the second rat."""
FIELD = 30.0
"""Vertical field of view of the camera, degrees."""
_RAT_LENGTH = 0.25  # metres, approximate length from nose to hip of dm_control's rat
_HAZE = (0.93, 0.94, 0.96, 1.0)  # colour of the fog


def drawing_model(
    spec: mujoco.MjSpec, body: BodyKind, scale: float, size: tuple[int, int], ghost: bool
) -> mujoco.MjModel:
    """The model for rendering a body in its arena.

    Args:
        spec: of the body in its arena; is changed.
        body: its configuration.
        scale: size relative to dm_control's rat.
        size: width and height of images, pixels.
        ghost: add a translucent second body.
    """
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
    visual.global_.fovy = FIELD
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


def body_size(config: SceneConfig) -> float:
    """Size of a scene's body relative to dm_control's rat."""
    return config.body.scale if isinstance(config.body, BodyConfig) else relative_size(make_scene(config))


def relative_size(scene: Scene) -> float:
    """Size of a body relative to dm_control's rat, by the length that its geoms span."""
    model, data = scene.model, mujoco.MjData(scene.model)
    mujoco.mj_kinematics(model, data)
    moving = np.flatnonzero(model.body_weldid[model.geom_bodyid])
    centres, radii = data.geom_xpos[moving], model.geom_rbound[moving, None]
    return float(((centres + radii).max(0) - (centres - radii).min(0)).max()) / _RAT_LENGTH
