"""Forward kinematics: positions and orientations of bodies in poses.

frames = body_frames(body, qpos, ("torso", "skull"))
frames.position                  # metres, (frames, 2, 3)
frames.quaternion                      # unit quaternions, (frames, 2, 4)
torso_positions(qpos, body)      # metres, (frames, 3), without running MuJoCo
"""

import dataclasses
import functools
from collections.abc import Iterator, Sequence

import mujoco
import numpy as np
from mujoco.batch import Batch

from rodent.body_config import BodyConfig
from rodent.errors import naming
from rodent.rotation import rotate
from rodent.scene import Scene, kinematic_model, make_scene

BLOCK = 256
"""Frames whose kinematics are held at once; MuJoCo takes more than 1 MB for each."""


def body_of_scale(scale: float, where: str) -> Scene:
    """The body of this scale; `where` begins the message if there is none."""
    with naming(where):
        return _body(float(scale))


@functools.lru_cache(maxsize=4)
def _body(scale: float) -> Scene:
    return make_scene(BodyConfig(scale=scale))


def torso_offset(scene: Scene) -> np.ndarray:
    """Position of the torso in the frame of the walker's origin, metres, shape (3,)."""
    (torso,) = scene.body_ids(["torso"])
    assert np.array_equal(scene.model.body_quat[torso], [1, 0, 0, 0]), "the torso is turned in the walker"
    return scene.model.body_pos[torso].copy()


def torso_positions(qpos: np.ndarray, scene: Scene) -> np.ndarray:
    """World positions of the torso, metres, shape (frames, 3)."""
    return qpos[:, :3] + rotate(qpos[:, 3:7], torso_offset(scene))


@dataclasses.dataclass(frozen=True)
class Frames:
    """Positions and orientations of bodies in the world, frame by frame."""

    position: np.ndarray
    """Metres, shape (frames, bodies, 3)."""
    quaternion: np.ndarray
    """Unit quaternions, shape (frames, bodies, 4)."""

    @property
    def yaw(self) -> np.ndarray:
        """Headings: directions of their x axes on the floor plan, radians, shape (frames, bodies)."""
        w, x, y, z = np.moveaxis(self.quaternion, -1, 0)
        return np.arctan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z))


def body_frames(scene: Scene, qpos: np.ndarray, names: Sequence[str]) -> Frames:
    """Positions and orientations of the named bodies in poses of shape (frames, 74)."""
    ids = scene.body_ids(names)
    found = [
        (position[:, ids], turn[:, ids])
        for _, (position, turn) in in_blocks(kinematic_model(scene.model), qpos, ("xpos", "xquat"))
    ]
    return Frames(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))


def in_blocks(
    model: mujoco.MjModel, qpos: np.ndarray, fields: Sequence[str]
) -> Iterator[tuple[slice, list[np.ndarray]]]:
    """Kinematics of any number of poses, `BLOCK` at a time.

    Args:
        model: see `rodent.scene.kinematic_model`.
        qpos: poses, shape (frames, nq).
        fields: names of MjData's arrays, such as `xpos`.

    Yields:
        which frames, and the fields for them, shape (n, ...) each: views that the next block overwrites.
    """
    batch = Batch(model, nsim=min(BLOCK, len(qpos)))
    for start in range(0, len(qpos), BLOCK):
        block = slice(start, start + BLOCK)
        yield block, kinematics(batch, qpos[block], fields)


def kinematics(batch: Batch, qpos: np.ndarray, fields: Sequence[str]) -> list[np.ndarray]:
    """Fields of MjData for at most as many poses as the batch has room for: views, shape (n, ...) each."""
    n = len(qpos)
    batch.bind("qpos")[:n] = qpos
    found = [batch.bind(name) for name in fields]
    batch.forward(ids=np.arange(n), stage=mujoco.mjtStage.mjSTAGE_POS)
    return [field[:n] for field in found]
