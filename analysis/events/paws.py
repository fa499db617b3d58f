"""What the paws carry: the ground's upward force on each of them.

    loads = paw_loads(rollout, make_scene(recording.body))     # (frames, 4), newtons, in the order of PAWS

Recordings hold the forces of the ground. For those of before, MuJoCo computes all contacts of each recorded
state once more, with the forces that the actuators had. The touch sensors of the body do not say it: they
see what presses on a small box in the palm or sole, and the toes of the hind paws touch the floor beside
theirs.
"""

import copy

import mujoco
import numpy as np
from mujoco.batch import Batch

from rodent.recording import Rollout
from rodent.recording.channels import GROUND_FORCE
from rodent.scene import Scene
from rodent.scene.ground import GroundSensors, ground_sensors

PAWS = ("hand_L", "hand_R", "foot_L", "foot_R")
"""The paws, in the order of loads."""

_BLOCK = 512  # states that MuJoCo holds at once
_UP = 2  # axis of the world


def paw_loads(rollout: Rollout, scene: Scene) -> np.ndarray:
    """Upward force of the ground on each paw, newtons, shape (frames, 4).

    Args:
        rollout: of the rat.
        scene: whose.
    """
    sensors = ground_sensors(scene)
    if rollout.has(GROUND_FORCE):
        forces = rollout.read(GROUND_FORCE).reshape(-1, len(sensors.parts), 3)
    else:
        starts = range(0, rollout.n_frames, _BLOCK)
        blocks = [_recomputed(rollout, slice(start, start + _BLOCK), scene, sensors) for start in starts]
        forces = np.concatenate(blocks)
    return forces[:, [sensors.parts.index(paw) for paw in PAWS], _UP]


def _recomputed(rollout: Rollout, frames: slice, scene: Scene, sensors: GroundSensors) -> np.ndarray:
    """Forces of the ground in recorded states, N, shape (frames, parts, 3)."""
    model, qpos = copy.copy(sensors.model), rollout.read("qpos", frames)
    # servos are off, and what they did is applied in their place
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_ACTUATION
    hinges = slice(model.nv - scene.transmission.shape[1], None)
    batch = Batch(model, len(qpos))
    batch.qpos, batch.qvel = qpos, rollout.read("qvel", frames)
    batch.bind("qfrc_applied")[:, hinges] = rollout.read("actuator_force", frames) @ scene.transmission
    sensed = batch.bind("sensordata")
    batch.forward()
    return sensors.forces(sensed)
