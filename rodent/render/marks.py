"""What is drawn into a scene beside its bodies: points and arrows. They cast no shadow."""

from typing import NamedTuple

import mujoco
import numpy as np

_THICKNESS = 0.003  # metres, half that of an arrow at scale 1


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


def add_dots(scene: mujoco.MjvScene, dots: Dots) -> None:
    """Add spheres to a scene."""
    size, upright = np.full(3, dots.radius), np.eye(3).ravel()
    for point in dots.points[np.isfinite(dots.points).all(axis=1)]:
        geom = _new_geom(scene)
        color = np.array(dots.rgba, np.float32)
        mujoco.mjv_initGeom(geom, mujoco.mjtGeom.mjGEOM_SPHERE, size, point, upright, color)
        geom.category = mujoco.mjtCatBit.mjCAT_DECOR


def add_arrow(scene: mujoco.MjvScene, arrow: Arrow, data: mujoco.MjData, scale: float) -> None:
    """Add an arrow to a scene.

    Args:
        scene: to draw.
        arrow: to add.
        data: with the positions of geoms.
        scale: size of the body relative to dm_control's rat.
    """
    model = data.model
    first = model.body(arrow.body).id
    whole = [b for b in range(first, model.nbody) if _hangs_on(model, b, first)]
    start = data.geom_xpos[np.isin(model.geom_bodyid, whole)].mean(axis=0)
    geom, kind = _new_geom(scene), mujoco.mjtGeom.mjGEOM_ARROW
    color = np.array(arrow.rgba, np.float32)
    mujoco.mjv_initGeom(geom, kind, np.zeros(3), np.zeros(3), np.eye(3).ravel(), color)
    # OpenGL renders half of an arrow's length
    mujoco.mjv_connector(geom, kind, _THICKNESS * scale, start, start + 2 * arrow.vector)
    geom.category = mujoco.mjtCatBit.mjCAT_DECOR


def _new_geom(scene: mujoco.MjvScene) -> mujoco.MjvGeom:
    scene.ngeom += 1
    return scene.geoms[scene.ngeom - 1]


def _hangs_on(model: mujoco.MjModel, body: int, first: int) -> bool:
    """Whether a body is another, or hangs on it."""
    while body > first:
        body = int(model.body_parentid[body])
    return body == first
