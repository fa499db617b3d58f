"""Height of the paws above the floor, from the body's geoms.

lowest = lowest_paw(qpos, body)       # metres, one per frame
shift = floor_shift(qpos, body)       # to add to the height
"""

import mujoco
import numpy as np

from rodent.kinematics.forward import in_blocks
from rodent.scene import Scene, kinematic_model


def floor_shift(qpos: np.ndarray, scene: Scene) -> float:
    """Metres to add so that the lowest point of the paws is on the floor in the median frame."""
    return -float(np.median(lowest_paw(qpos, scene)))


def lowest_paw(qpos: np.ndarray, scene: Scene) -> np.ndarray:
    """Height of the lowest point of hands, fingers, feet and toes.

    Args:
        qpos: poses, metres, quaternion, radians, shape (frames, 74).
        scene: of the poses.

    Returns:
        metres above the floor, shape (frames,).
    """
    ids, model = scene.paw_geom_ids, kinematic_model(scene.model)
    kind, size, lowest = model.geom_type[ids], model.geom_size[ids], np.empty(len(qpos))
    for block, (position, axes) in in_blocks(model, qpos, ("geom_xpos", "geom_xmat")):
        vertical = axes.reshape(len(axes), -1, 3, 3)[:, ids, 2]
        lowest[block] = (position[:, ids, 2] - downward_reach(kind, size, vertical)).min(axis=1)
    return lowest


def downward_reach(kind: np.ndarray, size: np.ndarray, vertical: np.ndarray) -> np.ndarray:
    """Distance that geoms reach below their centres: their support functions.

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
