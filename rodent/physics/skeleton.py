"""Minimal models for the forward kinematics of some bodies of a model."""

from collections.abc import Mapping
from typing import NamedTuple

import mujoco
import numpy as np

from rodent.physics.fields import MOVES_BODIES

_SCALAR_JOINTS = (int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE))
_WIDTHS = {
    int(mujoco.mjtJoint.mjJNT_FREE): 7,
    int(mujoco.mjtJoint.mjJNT_BALL): 4,
    **dict.fromkeys(_SCALAR_JOINTS, 1),
}


class Skeleton(NamedTuple):
    """A minimal model with some bodies of a full model.

    Attributes:
        model: these bodies and their ancestors, with their joints only.
        qpos: indices of its qpos in the qpos of the full model.
        bodies: indices of the chosen bodies in it, in the given order.
        all_bodies, joints: index of each of its bodies and joints in the full model.
    """

    model: mujoco.MjModel
    qpos: np.ndarray
    bodies: np.ndarray
    all_bodies: np.ndarray
    joints: np.ndarray

    def fields(self, fields: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The fields of the full model, (num_envs, …), that determine body positions, for this model."""
        rows = {"body": self.all_bodies, "jnt": self.joints, "qpos0": self.qpos}
        moving = (name for name in MOVES_BODIES if name in fields)
        return {name: fields[name][:, rows[name.partition("_")[0]]] for name in moving}


def bare_skeleton(model: mujoco.MjModel, bodies: np.ndarray) -> Skeleton:
    """The minimal model with the same xpos of the bodies, shape (k,).

    If geoms or sites are also needed, use `rodent.scene.kinematic_model`.
    """
    spec = mujoco.MjSpec()
    spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONSTRAINT
    spec.compiler.degree = False  # compiled models are in radians
    made, rows, joints = {0: spec.worldbody}, [np.zeros(0, int)], list[int]()
    for i in _with_ancestors(model, bodies):
        body = made[model.body_parentid[i]].add_body(
            pos=model.body_pos[i], quat=model.body_quat[i], mass=1.0, inertia=np.ones(3)
        )
        body.explicitinertial = True
        for j in model.body_jntadr[i] + np.arange(model.body_jntnum[i]):
            scalar, first = model.jnt_type[j] in _SCALAR_JOINTS, model.jnt_qposadr[j]
            rest = model.qpos0[first] if scalar else 0.0
            body.add_joint(
                type=int(model.jnt_type[j]), pos=model.jnt_pos[j], axis=model.jnt_axis[j], ref=rest
            )
            joints.append(int(j))
            rows.append(first + np.arange(_WIDTHS[int(model.jnt_type[j])]))
        made[i] = body
    index = {body: k for k, body in enumerate(made)}
    return Skeleton(
        model=spec.compile(),
        qpos=np.concatenate(rows),
        bodies=np.array([index[int(i)] for i in bodies]),
        all_bodies=np.array(list(made)),
        joints=np.array(joints, int),
    )


def _with_ancestors(model: mujoco.MjModel, bodies: np.ndarray) -> list[int]:
    """The bodies and their ancestors except the world, parents first."""
    kept: set[int] = set()
    for body in bodies:
        while body > 0 and body not in kept:
            kept.add(int(body))
            body = model.body_parentid[body]
    return sorted(kept)
