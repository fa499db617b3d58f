"""Where a body touches the floor, things, or itself.

contacts = Contacts(make_scene(config))
contacts.points(qpos)                         # (n, 3)
contacts.arrows(qpos, touch)                  # of the touch sensors' forces, see `NEWTON`
"""

import mujoco
import numpy as np

from rodent.scene import Scene

NEWTON = 0.05
"""Length of the arrow of a force of 1 N, m."""


class Contacts:
    """Contacts of a body in its arena, of poses alone."""

    def __init__(self, scene: Scene):
        self._model, self._data = scene.model, mujoco.MjData(scene.model)
        sensors = [scene.model.sensor(name) for name in scene.roles.touch]
        self._sites = np.array([int(sensor.objid[0]) for sensor in sensors], int)

    def points(self, qpos: np.ndarray) -> np.ndarray:
        """Points at which surfaces meet, metres, shape (n, 3).

        Args:
            qpos: metres, w x y z, radians, all finite, shape (nq,).
        """
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_comPos(self._model, self._data)
        mujoco.mj_collision(self._model, self._data)
        contact = self._data.contact
        return contact.pos[contact.dist <= 0].astype(np.float32)

    def arrows(self, touch: np.ndarray) -> np.ndarray:
        """Arrows up from the touch sensors of the pose of `points`, as long as their forces, shape (n, 2, 3).

        Args:
            touch: of the sensors, newtons, shape (sensors,).
        """
        pressed = touch > 0
        begins = self._data.site_xpos[self._sites[pressed]]
        ends = begins + NEWTON * touch[pressed, None] * np.array([0.0, 0.0, 1.0])
        return np.stack([begins, ends], axis=1).astype(np.float32)
