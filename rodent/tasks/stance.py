"""The animal standing still: where an episode begins that no clip begins."""

import functools

import jax
import numpy as np

from rodent.kinematics.floor import lowest_paw
from rodent.physics.engine import PhysicsState
from rodent.physics.host import HostEngine
from rodent.rotation import from_rotvec
from rodent.scene import Scene
from rodent.tasks.actuation import neutral_setpoint


@functools.lru_cache(maxsize=16)
def standing(scene: Scene) -> PhysicsState:
    """One animal at the origin that faces x and stands in its neutral pose on its feet, muscles settled."""
    pose = np.concatenate(
        [np.zeros(3), from_rotvec(np.array([0.0, -scene.roles.pitch, 0.0])), scene.rest_angles]
    )
    pose[2] -= lowest_paw(pose[None], scene)[0]
    timestep = scene.model.opt.timestep
    engine = HostEngine(scene.model, 1, timestep, threads=1, bodies=scene.tracked_ids)
    physics = engine.forward(pose[None], np.zeros((1, scene.model.nv)))
    setpoint = neutral_setpoint(scene)[: scene.model.na].astype(np.float32)
    return jax.tree.map(lambda x: x[0], physics).replace(act=setpoint)
