"""Signals of the state that triggers compare with a level.

    read = signal(scene, "height/hand_L")
    read(physics)                            # of num_envs environments, shape (num_envs,)

`speed` is that of the root on the level, m/s; `height` that of the root, m; `height/BODY` that of a tracked
body, such as a paw that lifts, m; `touch/SENSOR` the force on a touch sensor, N.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from rodent.errors import unknown
from rodent.physics.engine import PhysicsState
from rodent.scene import Scene

Read = Callable[[PhysicsState], jax.Array]


def signal_names(scene: Scene) -> list[str]:
    """Names of all signals of a scene."""
    bodies = [f"height/{name}" for name in scene.roles.tracked]
    return ["speed", "height", *bodies, *(f"touch/{name}" for name in scene.roles.touch)]


def signal(scene: Scene, name: str) -> Read:
    """The function that reads a signal.

    Raises:
        InputError: the scene has no signal of this name.
    """
    if name not in signal_names(scene):
        raise unknown("signal", name, signal_names(scene))
    family, _, part = name.partition("/")
    if name == "speed":
        return lambda physics: jnp.linalg.norm(physics.qvel[:, :2], axis=1)
    if family == "height":
        row = scene.roles.tracked.index(part) if part else scene.root_row
        return lambda physics: physics.xpos[:, row, 2]
    row = scene.touch_rows[scene.roles.touch.index(part)]
    return lambda physics: physics.sensordata[:, row]
