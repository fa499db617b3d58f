"""The tail in images.

By default the tail has no contacts, and motion capture does not track it, so it sinks into the floor and
would be hidden. In images it lies on the floor.
"""

import mujoco
import numpy as np

_CLEARANCE = 0.0025  # metres at scale 1, of a bone's axis above the floor


class Tail:
    """The bones of a rat's tail, in a model for rendering."""

    def __init__(self, model: mujoco.MjModel, prefix: str, scale: float):
        names = (f"{prefix}vertebra_C{i}" for i in range(1, 31))
        self._bones = np.array([model.body(name).id for name in names])
        self._clearance = _CLEARANCE * scale

    def lay(self, data: mujoco.MjData) -> None:
        """Bend the tail, without changing its length, where it would be below the floor.

        Only data.xpos and data.xquat change, from which the skin is rendered.
        """
        old = data.xpos[self._bones]
        if old[:, 2].min() >= self._clearance:
            return
        steps = np.diff(old, axis=0)
        new_steps = steps.copy()
        height, ahead = old[0, 2], np.array([1.0, 0.0])
        for step in new_steps:
            length, level = np.linalg.norm(step), np.linalg.norm(step[:2])
            if level > 1e-6:
                ahead = step[:2] / level
            if height + step[2] < self._clearance:
                step[2] = np.clip(self._clearance - height, -length, length)
                step[:2] = ahead * np.sqrt(length**2 - step[2] ** 2)
            height += step[2]
        data.xpos[self._bones[1:]] = old[0] + np.cumsum(new_steps, axis=0)
        turned = _turns(steps, new_steps)
        for bone, turn in zip(self._bones[:-1], turned, strict=True):
            mujoco.mju_mulQuat(data.xquat[bone], turn, data.xquat[bone].copy())
        last = self._bones[-1]
        mujoco.mju_mulQuat(data.xquat[last], turned[-1], data.xquat[last].copy())


def _turns(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Quaternions of the smallest rotations between vectors (n, 3) of equal lengths."""
    product = np.sum(before * after, axis=1, keepdims=True)
    # the half-way vector; opposite ones do not occur, the floor turns by less than 180 degrees
    whole = np.sum(before**2, axis=1, keepdims=True)
    quaternion = np.concatenate([whole + product, np.cross(before, after)], axis=1)
    return quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True)
