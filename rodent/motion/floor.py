"""How far the paws are from the floor, from the body's geoms.

lowest = lowest_paw(qpos, body)       # metres, one per frame
shift = floor_shift(qpos, body)       # what to add to the height
"""

import mujoco
import numpy as np
from mujoco.batch import Batch

from rodent.body import Body, kinematic_model

_BLOCK = 256  # frames whose geom poses are held at once; MuJoCo takes more than 1 MB for each


def floor_shift(qpos: np.ndarray, body: Body) -> float:
    """Metres to add so that the lowest point of the paws is on the floor in the median frame."""
    return -float(np.median(lowest_paw(qpos, body)))


def lowest_paw(qpos: np.ndarray, body: Body) -> np.ndarray:
    """Height of the lowest point of hands, fingers, feet and toes.

    Args:
        qpos: poses, metres, quaternion, radians, shape (frames, 74).
        body: whose geoms.

    Returns:
        metres above the floor, shape (frames,).
    """
    ids = body.paw_geom_ids
    model = kinematic_model(body.model)
    batch = Batch(model, nsim=min(_BLOCK, len(qpos)))
    pose, position, axes = batch.bind("qpos"), batch.bind("geom_xpos"), batch.bind("geom_xmat")
    lowest = np.empty(len(qpos))
    for start in range(0, len(qpos), _BLOCK):
        block = qpos[start : start + _BLOCK]
        n = len(block)
        pose[:n] = block
        batch.forward(ids=np.arange(n), stage=mujoco.mjtStage.mjSTAGE_POS)
        vertical = axes.reshape(len(axes), -1, 3, 3)[:n, ids, 2]
        reach = downward_reach(model.geom_type[ids], model.geom_size[ids], vertical)
        lowest[start : start + n] = (position[:n, ids, 2] - reach).min(axis=1)
    return lowest


def downward_reach(kind: np.ndarray, size: np.ndarray, vertical: np.ndarray) -> np.ndarray:
    """How far geoms reach below their centres: their support functions.

    Args:
        kind: mjtGeom of sphere, capsule, ellipsoid, cylinder or box, shape (n,).
        size: MuJoCo's sizes, metres, shape (n, 3).
        vertical: the vertical's components along the geoms' axes, shape (..., n, 3).

    Returns:
        metres, shape (..., n).
    """
    geom = mujoco.mjtGeom
    along = np.abs(vertical)
    across = np.linalg.norm(along[..., :2], axis=-1)
    reaches = {
        geom.mjGEOM_SPHERE: np.broadcast_to(size[:, 0], along.shape[:-1]),
        geom.mjGEOM_CAPSULE: size[:, 0] + size[:, 1] * along[..., 2],
        geom.mjGEOM_ELLIPSOID: np.linalg.norm(size * along, axis=-1),
        geom.mjGEOM_CYLINDER: size[:, 0] * across + size[:, 1] * along[..., 2],
        geom.mjGEOM_BOX: np.sum(size * along, axis=-1),
    }
    others = set(kind.tolist()) - {int(k) for k in reaches}
    if others:
        raise NotImplementedError(f"no support function for geoms of type {geom(others.pop()).name}")
    return np.select([kind == int(k) for k in reaches], list(reaches.values()))
