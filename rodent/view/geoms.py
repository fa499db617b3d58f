"""Triangles of geoms: bodies without a skin, and arenas.

figure = GeomFigure(make_scene(config))
figure.pose(qpos)                             # where the bodies are, see `Bones`
for mesh in surroundings(scene): ...          # boxes of an arena; planes are shown as a grid
"""

from itertools import groupby

import mujoco
import numpy as np

from rodent.render.model import relative_size
from rodent.rotation import rotate
from rodent.scene import Scene
from rodent.view.figure import Bones, Patch, joined, rigid
from rodent.view.shapes import Mesh, geom_mesh

_VISIBLE_GROUPS = 3  # of geoms; MuJoCo's viewers hide the others


class GeomFigure:
    """Geoms of a body without a skin: each body is a bone; see `Figure`."""

    def __init__(self, scene: Scene):
        self._model, self.scale = scene.model, relative_size(scene)
        self._data = mujoco.MjData(scene.model)
        self.rest = scene.model.qpos0
        mujoco.mj_kinematics(scene.model, self._data)
        self.middle = float(self._data.xpos[scene.root_id, 2] - self.rest[2])
        geoms = [geom for geom in _visible(self._model) if self._model.body_weldid[_body(self._model, geom)]]
        self._bones = np.unique(self._model.geom_bodyid[geoms])
        count = len(self._bones)
        # at the origin, so that vertices are those in the frames of their bodies
        self.bind = Bones(np.zeros((count, 3)), np.tile([1.0, 0.0, 0.0, 0.0], (count, 1)))
        parts = sorted((self._part(geom) for geom in geoms), key=lambda part: part.color)
        self.patches: tuple[Patch, ...] = tuple(
            joined(list(same)) for _, same in groupby(parts, key=lambda part: part.color)
        )
        self.outline = joined(parts)

    def pose(self, qpos: np.ndarray) -> Bones:
        """See `Figure.pose`."""
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        return Bones(self._data.xpos[self._bones], self._data.xquat[self._bones])

    def _part(self, geom: int) -> Patch:
        """A geom as a part of the body's mesh."""
        model, mesh = self._model, geom_mesh(self._model, geom)
        vertices = rotate(model.geom_quat[geom], mesh.vertices) + model.geom_pos[geom]
        bone = int(np.searchsorted(self._bones, _body(model, geom)))
        return rigid(vertices, mesh.faces, mesh.color, bone)


def surroundings(scene: Scene) -> list[Mesh]:
    """What stands still, but for planes."""
    model = scene.model
    geoms = [geom for geom in _visible(model) if not model.body_weldid[_body(model, geom)]]
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    meshes = [geom_mesh(model, geom) for geom in geoms]
    return [
        mesh._replace(
            vertices=(mesh.vertices @ data.geom_xmat[geom].reshape(3, 3).T + data.geom_xpos[geom]).astype(
                "f4"
            )
        )
        for geom, mesh in zip(geoms, meshes, strict=True)
    ]


def has_plane(scene: Scene) -> bool:
    """Whether the body can stand on a plane."""
    return bool((scene.model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE).any())


def _visible(model: mujoco.MjModel) -> list[int]:
    shown = (model.geom_group < _VISIBLE_GROUPS) & (model.geom_rgba[:, 3] > 0)
    return np.flatnonzero(shown & (model.geom_type != mujoco.mjtGeom.mjGEOM_PLANE)).tolist()


def _body(model: mujoco.MjModel, geom: int) -> int:
    return int(model.geom_bodyid[geom])
