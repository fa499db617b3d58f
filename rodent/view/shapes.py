"""Triangles of geoms, each in a frame of its own."""

from typing import NamedTuple

import mujoco
import numpy as np
import trimesh

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


def geom_mesh(model: mujoco.MjModel, geom: int) -> Mesh:
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
