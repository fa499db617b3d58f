"""Signals of the state that triggers compare with a level.

    state = signal_state("height/hand_L", num_envs)
    read = signal(scene, "height/hand_L", timestep)
    values, state = read(physics, state, is_first)      # of num_envs environments, shape (num_envs,)

`speed` is that of the root on the level, m/s; `height` that of the root, m; `height/BODY` that of a tracked
body, such as a paw that lifts, m; `touch/SENSOR` the force on a touch sensor, N; `phase/BODY` the phase of a
foot in its cycle of steps, from 0 to 1, see `rodent.intervention.gait_phase`. The state is what a signal
remembers between control steps.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from rodent.errors import unknown
from rodent.intervention.gait_phase import PHASE, GaitPhase, gait_phase
from rodent.physics.engine import PhysicsState
from rodent.rotation import rotate
from rodent.scene import Scene

Read = Callable[[PhysicsState, Any, jax.Array], tuple[jax.Array, Any]]


def signal_names(scene: Scene) -> list[str]:
    """Names of all signals of a scene."""
    bodies = [f"height/{name}" for name in scene.roles.tracked]
    touch = [f"touch/{name}" for name in scene.roles.touch]
    return ["speed", "height", *bodies, *touch, *(PHASE + name for name in tracked_feet(scene))]


def tracked_feet(scene: Scene) -> list[str]:
    """The feet whose phase is known."""
    return [name for name in scene.roles.feet if name in scene.roles.tracked]


def signal_state(name: str, n: int) -> Any:
    """What a signal of n environments remembers before the first step."""
    return GaitPhase.begin(n) if name.startswith(PHASE) else ()


def signal(scene: Scene, name: str, timestep: float) -> Read:
    """The function that reads a signal.

    Args:
        scene: names of bodies and sensors.
        name: of the signal.
        timestep: of control, s.

    Raises:
        InputError: the scene has no signal of this name.
    """
    if name not in signal_names(scene):
        raise unknown("signal", name, signal_names(scene))
    if name.startswith(PHASE):
        return _phase(scene, name.removeprefix(PHASE), timestep)
    of_state = _of_state(scene, name)
    return lambda physics, state, is_first: (of_state(physics), state)


def _of_state(scene: Scene, name: str) -> Callable[[PhysicsState], jax.Array]:
    """A signal that needs no memory."""
    family, _, part = name.partition("/")
    if name == "speed":
        return _speed
    if family == "height":
        row = scene.roles.tracked.index(part) if part else scene.root_row
        return lambda physics: physics.xpos[:, row, 2]
    row = scene.touch_rows[scene.roles.touch.index(part)]
    return lambda physics: physics.sensordata[:, row]


def _speed(physics: PhysicsState) -> jax.Array:
    return jnp.linalg.norm(physics.qvel[:, :2], axis=1)


def _phase(scene: Scene, foot: str, timestep: float) -> Read:
    row = scene.roles.tracked.index(foot)

    def read(physics: PhysicsState, state: Any, is_first: jax.Array) -> tuple[jax.Array, Any]:
        forward = rotate(physics.qpos[:, 3:7], jnp.array([1.0, 0.0, 0.0]))[:, :2]
        forward /= jnp.maximum(jnp.linalg.norm(forward, axis=1, keepdims=True), 1e-6)
        relative = (physics.xpos[:, row] - physics.xpos[:, scene.root_row])[:, :2]
        return gait_phase((relative * forward).sum(1), _speed(physics), state, is_first, timestep)

    return read
