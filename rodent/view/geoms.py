"""Triangle meshes of geoms: bodies without a skin, and arenas.

figure = GeomFigure(make_scene(config))
figure.pose(qpos).skin                        # vertices of the body's geoms, (vertices, 3)
for mesh in surroundings(scene): ...          # boxes of an arena; planes are shown as a grid
"""

from typing import NamedTuple

import mujoco
import numpy as np
import trimesh

from rodent.render.renderer import relative_size
from rodent.scene import Scene
from rodent.view.figure import Patch, Pose

_VISIBLE_GROUPS = 3  # of geoms; MuJoCo's viewers hide the others
_SIDES, _ROUNDS = 16, 2  # of cylinders; subdivisions of spheres
_MATERIAL_NONE = -1


class Mesh(NamedTuple):
    """Triangles of one color.

    Attributes:
        vertices: metres, float32, shape (n, 3).
        faces: of these vertices, shape (faces, 3).
        color: sRGB, 0 to 255.
    """

    vertices: np.ndarray
    faces: np.ndarray
    color: tuple[int, int, int]


class GeomFigure:
    """Geoms of a body without a skin, and of its ghost; see `Figure`."""

    eye_radius = 1e-3

    def __init__(self, scene: Scene):
        self._model, self.scale = scene.model, relative_size(scene)
        self._data = mujoco.MjData(scene.model)
        self.rest = scene.model.qpos0
        mujoco.mj_kinematics(scene.model, self._data)
        self.middle = float(self._data.xpos[scene.root_id, 2] - self.rest[2])
        self._geoms = [
            geom for geom in _visible(self._model) if self._model.body_weldid[_body(self._model, geom)]
        ]
        meshes = [_mesh(self._model, geom) for geom in self._geoms]
        self._local = [mesh.vertices for mesh in meshes]
        begins = np.cumsum([0, *map(len, self._local)])
        self.faces = np.concatenate([m.faces + begin for m, begin in zip(meshes, begins, strict=False)])
        self.patches = tuple(
            Patch(np.arange(begin, begin + len(mesh.vertices)), mesh.faces, mesh.color)
            for mesh, begin in zip(meshes, begins, strict=False)
        )

    def pose(self, qpos: np.ndarray, reference: np.ndarray | None = None) -> Pose:
        """See `Figure.pose`."""
        ghost = None if reference is None else self._vertices(reference)
        return Pose(self._vertices(qpos), ghost, np.zeros((0, 3), np.float32))

    def _vertices(self, qpos: np.ndarray) -> np.ndarray:
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        return _placed(self._data, self._geoms, self._local)


def surroundings(scene: Scene) -> list[Mesh]:
    """What stands still, but for planes."""
    model = scene.model
    geoms = [geom for geom in _visible(model) if not model.body_weldid[_body(model, geom)]]
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    meshes = [_mesh(model, geom) for geom in geoms]
    return [
        mesh._replace(vertices=_placed(data, [geom], [mesh.vertices]))
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


def _placed(data: mujoco.MjData, geoms: list[int], local: list[np.ndarray]) -> np.ndarray:
    """Vertices of geoms in the world, float32."""
    placed = [
        vertices @ data.geom_xmat[geom].reshape(3, 3).T + data.geom_xpos[geom]
        for geom, vertices in zip(geoms, local, strict=True)
    ]
    return np.concatenate(placed).astype(np.float32)


def _mesh(model: mujoco.MjModel, geom: int) -> Mesh:
    """A geom in its own frame."""
    shape = _shape(model, geom)
    material = int(model.geom_matid[geom])
    rgba = model.geom_rgba[geom] if material == _MATERIAL_NONE else model.mat_rgba[material]
    red, green, blue = (int(255 * x) for x in rgba[:3])
    return Mesh(np.asarray(shape.vertices), np.asarray(shape.faces), (red, green, blue))


def _shape(model: mujoco.MjModel, geom: int) -> trimesh.Trimesh:
    kind, size = mujoco.mjtGeom(int(model.geom_type[geom])), model.geom_size[geom]
    create = trimesh.creation
    if kind == mujoco.mjtGeom.mjGEOM_BOX:
        return create.box(extents=2 * size)
    if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
        return create.capsule(height=2 * size[1], radius=size[0], count=[_SIDES, _SIDES])
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        return create.cylinder(radius=size[0], height=2 * size[1], sections=_SIDES)
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        i = int(model.geom_dataid[geom])
        vertices = model.mesh_vert[model.mesh_vertadr[i] :][: model.mesh_vertnum[i]]
        return trimesh.Trimesh(vertices, model.mesh_face[model.mesh_faceadr[i] :][: model.mesh_facenum[i]])
    if kind == mujoco.mjtGeom.mjGEOM_HFIELD:
        return _height_field(model, int(model.geom_dataid[geom]))
    ball = create.icosphere(subdivisions=_ROUNDS)
    # an ellipsoid has three radii, a sphere one
    return ball.apply_scale(size if kind == mujoco.mjtGeom.mjGEOM_ELLIPSOID else size[0])


def _height_field(model: mujoco.MjModel, i: int) -> trimesh.Trimesh:
    """The surface of a height field."""
    rows, columns = int(model.hfield_nrow[i]), int(model.hfield_ncol[i])
    half_x, half_y, top, _ = model.hfield_size[i]
    heights = top * model.hfield_data[model.hfield_adr[i] :][: rows * columns]
    y, x = np.meshgrid(
        np.linspace(-half_y, half_y, rows), np.linspace(-half_x, half_x, columns), indexing="ij"
    )
    vertices = np.stack([x.ravel(), y.ravel(), heights], 1)
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    low = np.stack([corner, corner + 1, corner + columns], 1)
    high = np.stack([corner + 1, corner + columns + 1, corner + columns], 1)
    return trimesh.Trimesh(vertices, np.concatenate([low, high]))
