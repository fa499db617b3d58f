"""Height fields of arenas, as arrays."""

from typing import NamedTuple

import mujoco
import numpy as np


class HeightField(NamedTuple):
    """Uneven ground.

    Attributes:
        heights: of points of a grid, m, shape (rows along y, columns along x).
        half: half the length of the grid along x and y, m.
        middle: of the grid, m, shape (2,).
    """

    heights: np.ndarray
    half: tuple[float, float]
    middle: np.ndarray


def height_field(model: mujoco.MjModel) -> HeightField | None:
    """The first height field that stands still and upright in a model; None for a model without."""
    kind, still = model.geom_type == mujoco.mjtGeom.mjGEOM_HFIELD, model.body_weldid[model.geom_bodyid] == 0
    for geom in np.flatnonzero(kind & still):
        data = mujoco.MjData(model)
        mujoco.mj_kinematics(model, data)
        if not np.allclose(data.geom_xmat[geom].reshape(3, 3), np.eye(3)):
            continue
        i = int(model.geom_dataid[geom])
        rows, columns = int(model.hfield_nrow[i]), int(model.hfield_ncol[i])
        half_x, half_y, top, _ = model.hfield_size[i]
        heights = model.hfield_data[model.hfield_adr[i] :][: rows * columns].reshape(rows, columns)
        place = data.geom_xpos[geom]
        return HeightField(top * heights + place[2], (float(half_x), float(half_y)), place[:2].copy())
    return None
