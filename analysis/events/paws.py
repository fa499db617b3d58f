"""What the paws carry: the floor's force on each of them, computed anew from recorded states.

    loads = paw_loads(rollout, make_scene(recording.body))     # (frames, 4), newtons, in the order of PAWS

The touch sensors of the body see what presses on a small box in the palm or sole. The toes of the hind paws
touch the floor beside theirs, so that a recording's `contact` holds nothing for the hind paws, and only part
of what the front paws carry. MuJoCo therefore computes all contacts of each recorded state once more, with
the forces that the actuators had.
"""

import functools

import mujoco
import numpy as np
from mujoco.batch import Batch

from rodent.body_config import BodyConfig
from rodent.recording import Rollout
from rodent.scene import Scene, scene_spec

PAWS = {
    "hand_L": ("hand_L", "finger_L"),
    "hand_R": ("hand_R", "finger_R"),
    "foot_L": ("foot_L", "toe_L"),
    "foot_R": ("foot_R", "toe_R"),
}
"""The paws, and the bodies of each."""

_BLOCK = 512  # states that MuJoCo holds at once
_FORCE, _NET = 1 << int(mujoco.mjtConDataField.mjCONDATA_FORCE), 3  # of a contact sensor: what, and its sum


def paw_loads(rollout: Rollout, scene: Scene) -> np.ndarray:
    """Upward force of the floor on each paw, newtons, shape (frames, 4).

    Args:
        rollout: of the body, on a flat floor.
        scene: whose.
    """
    model, columns = _sensing(scene.config)
    hinges = slice(model.nv - scene.transmission.shape[1], None)
    loads = []
    for start in range(0, rollout.n_frames, _BLOCK):
        frames = slice(start, start + _BLOCK)
        qpos = rollout.read("qpos", frames)
        batch = Batch(model, len(qpos))
        batch.qpos, batch.qvel = qpos, rollout.read("qvel", frames)
        # servos are off, and what they did is applied in their place
        batch.bind("qfrc_applied")[:, hinges] = rollout.read("actuator_force", frames) @ scene.transmission
        sensed = batch.bind("sensordata")
        batch.forward()
        # the sensor has the force that the paw exerts
        loads.append(-sensed[:, columns].sum(-1))
    return np.concatenate(loads)


@functools.cache
def _sensing(config: BodyConfig) -> tuple[mujoco.MjModel, np.ndarray]:
    """The body with a sensor of the contacts of every paw; columns of the vertical forces, shape (4, 2)."""
    spec = scene_spec(config)
    names = {paw: [f"load/{part}" for part in parts] for paw, parts in PAWS.items()}
    for paw, parts in PAWS.items():
        for name, part in zip(names[paw], parts, strict=True):
            sensor = spec.add_sensor(
                name=name,
                type=mujoco.mjtSensor.mjSENS_CONTACT,
                objtype=mujoco.mjtObj.mjOBJ_BODY,
                objname=part,
                reftype=mujoco.mjtObj.mjOBJ_BODY,
                refname="world",
            )
            sensor.intprm[:3] = _FORCE, _NET, 1
    model = spec.compile()
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_ACTUATION
    vertical = 2
    columns = [[model.sensor(name).adr[0] + vertical for name in of_paw] for of_paw in names.values()]
    return model, np.array(columns)
