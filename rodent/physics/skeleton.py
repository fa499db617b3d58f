"""The least model that places some bodies of another: what forward kinematics takes, and no more."""

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
    """What places some bodies of another model.

    Attributes:
        model: those bodies and all that they hang on, with their joints and nothing else.
        qpos: indices of its qpos in that of the other model.
        bodies: indices of the bodies in it, in the order they were asked for.
        all_bodies, joints: of each of its bodies and joints, its index in the other model.
    """

    model: mujoco.MjModel
    qpos: np.ndarray
    bodies: np.ndarray
    all_bodies: np.ndarray
    joints: np.ndarray

    def fields(self, fields: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Of the other model's fields, (num_envs, …), those that decide where bodies are, as its own."""
        rows = {"body": self.all_bodies, "jnt": self.joints, "qpos0": self.qpos}
        moving = (name for name in MOVES_BODIES if name in fields)
        return {name: fields[name][:, rows[name.partition("_")[0]]] for name in moving}


def bare_skeleton(model: mujoco.MjModel, bodies: np.ndarray) -> Skeleton:
    """The least model that gives the same xpos of the bodies, shape (k,), for less.

    Where geoms or sites are needed too, `rodent.scene.kinematic_model` keeps them.
    """
    spec = mujoco.MjSpec()
    spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONSTRAINT
    spec.compiler.degree = False  # what a compiled model holds is in radians
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
    """The bodies and all that they hang on but the world, parents first."""
    kept: set[int] = set()
    for body in bodies:
        while body > 0 and body not in kept:
            kept.add(int(body))
            body = model.body_parentid[body]
    return sorted(kept)
