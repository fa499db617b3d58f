"""Sensors of what the ground exerts on an animal, paw by paw.

    sensors = ground_sensors(scene)
    sensors.model                     # the scene's model, with these sensors after its own
    sensors.forces(sensordata)        # N, shape (..., paws + 1, 3)

A paw is a foot of the body's roles with all that hangs on it: a hand with its fingers, a foot with its toes.
The ground is whatever of the scene does not move. Contacts with other animals or with levers do not count.
"""

import dataclasses
import functools

import mujoco
import numpy as np

from rodent.scene.scene import Scene, scene_spec

REST = "rest"
"""The name of all that is no paw: belly, snout and tail."""

_PREFIX = "ground/"
_FORCE = 1 << int(mujoco.mjtConDataField.mjCONDATA_FORCE)
_SUM = 3  # reduction of the contacts of a sensor: their net force, in the axes of the world


@dataclasses.dataclass(frozen=True)
class GroundSensors:
    """Sensors of the forces on each paw and on the whole animal; see `ground_sensors`.

    Attributes:
        model: the scene's model, with a sensor for each part and each body of the ground.
        parts: names of the paws, then `REST`.
        n_ground: bodies of the ground.
    """

    model: mujoco.MjModel
    parts: tuple[str, ...]
    n_ground: int

    @property
    def rows(self) -> slice:
        """The rows of these sensors in sensordata: the last ones."""
        return slice(self.model.nsensordata - 3 * len(self.parts) * self.n_ground, None)

    def forces(self, sensordata: np.ndarray) -> np.ndarray:
        """Forces of the ground on the parts, N in the axes of the world, shape (..., parts, 3).

        Args:
            sensordata: of the model, shape (..., nsensordata).
        """
        sensed = sensordata[..., self.rows]
        # MuJoCo's sensors have the force that the animal exerts
        found = -sensed.reshape(*sensed.shape[:-1], len(self.parts), self.n_ground, 3).sum(-2)
        found[..., -1, :] -= found[..., :-1, :].sum(-2)
        return found


@functools.lru_cache(maxsize=32)
def ground_sensors(scene: Scene) -> GroundSensors:
    """The sensors of a scene; its model is compiled once more.

    Args:
        scene: with an animal whose roles name its feet.
    """
    spec, parts, ground = scene_spec(scene.config), ground_parts(scene), _ground(scene.model)
    whole = scene.model.body(int(scene.model.jnt_bodyid[0])).name
    for part in (*parts[:-1], whole):
        for body in ground:
            sensor = spec.add_sensor(
                name=f"{_PREFIX}{part}/{body}",
                type=mujoco.mjtSensor.mjSENS_CONTACT,
                objtype=mujoco.mjtObj.mjOBJ_XBODY,
                objname=part,
                reftype=mujoco.mjtObj.mjOBJ_BODY,
                refname=body,
            )
            sensor.intprm[:3] = _FORCE, _SUM, 1
    return GroundSensors(spec.compile(), parts, len(ground))


def ground_parts(scene: Scene) -> tuple[str, ...]:
    """The first body of each paw, a foot that hangs on no other foot; then `REST`."""
    model, feet = scene.model, scene.roles.feet
    ids = set(scene.body_ids(feet).tolist())

    def hangs_on_a_foot(body: int) -> bool:
        while body := int(model.body_parentid[body]):
            if body in ids:
                return True
        return False

    return (*(name for name in feet if not hangs_on_a_foot(model.body(name).id)), REST)


def animal_weight(scene: Scene) -> float:
    """The weight of the animal without its arena, N."""
    model = scene.model
    mass = model.body_subtreemass[model.jnt_bodyid[0]]
    return float(mass * np.linalg.norm(model.opt.gravity))


def _ground(model: mujoco.MjModel) -> list[str]:
    """Names of the bodies that do not move and with which the animal may collide."""
    still = (i for i in range(model.nbody) if not model.body_weldid[i])
    return [model.body(i).name for i in still if i == 0 or model.body_geomnum[i]]
