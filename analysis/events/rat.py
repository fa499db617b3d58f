"""Events of the recorded rat, from its states: touches, walking, rears and other behaviors.

    frames = rat_events(rollout, fps, body, RatEventSettings())
    frames["touch/hand_L"]              # frames in which the left front paw came down, shape (touches,)

They are of the rat in the physics, whose paws meet the floor. How well they are the animal's depends on how
closely that rat follows it.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from analysis.events.detection import borders, bouts, hysteresis
from analysis.events.paws import PAWS, paw_loads
from analysis.events.settings import RatEventSettings
from rodent.clips.behavior import BEHAVIORS, behaviors
from rodent.kinematics.forward import body_frames
from rodent.recording import Rollout
from rodent.scene import Scene

_SMOOTH = 0.1  # seconds, standard deviation: a step within a stride neither starts nor stops a walk
_SCALE = 0.9  # of the body that lengths and speeds are told for
_RELEASED, _STOPPED, _DOWN = 0.5, 0.5, 0.8  # of the threshold at which a touch, a walk, a rear begins
_GRAVITY = 9.81  # m/s²


def rat_events(
    rollout: Rollout, fps: float, scene: Scene, settings: RatEventSettings
) -> dict[str, np.ndarray]:
    """When the rat of a rollout did what.

    Args:
        rollout: on a flat floor.
        fps: frames per second.
        scene: the rat's.
        settings: thresholds.

    Returns:
        for every kind of event the frames in which it happened, shape (events,): `touch/PAW` and `lift/PAW`
        by the floor's force on the paw; `walk/start` and `walk/stop` by the speed of the trunk; `rear/start`
        and `rear/stop` by the height of the head; `behavior/NAME/start` and `behavior/NAME/stop` by the
        kinematic states of `behaviors`. What lasts since before the first frame, or beyond the last, has no
        event there.
    """
    qpos, size = rollout["qpos"], scene.scale / _SCALE
    found: dict[str, np.ndarray] = {}

    def add(begins: str, ends: str, state: np.ndarray, seconds: float) -> None:
        stretches = bouts(state, max(1, round(seconds * fps)))
        found[begins], found[ends] = borders(stretches, rollout.n_frames)

    touch = settings.touch_weight * float(scene.model.body_mass.sum()) * _GRAVITY
    for paw, load in zip(PAWS, paw_loads(rollout, scene).T, strict=True):
        down = hysteresis(load, touch, _RELEASED * touch)
        add(f"touch/{paw}", f"lift/{paw}", down, settings.touch_seconds)
    speed, walk = trunk_speed(qpos, fps), size * settings.walk_speed
    add("walk/start", "walk/stop", hysteresis(speed, walk, _STOPPED * walk), settings.bout_seconds)
    head, rear = head_height(qpos, scene), size * settings.rear_height
    add("rear/start", "rear/stop", hysteresis(head, rear, _DOWN * rear), settings.bout_seconds)
    labels = behaviors(qpos, fps, scene)
    for name in BEHAVIORS:
        ends = (f"behavior/{name}/{end}" for end in ("start", "stop"))
        add(*ends, labels == name, settings.bout_seconds)
    return found


def trunk_speed(qpos: np.ndarray, fps: float) -> np.ndarray:
    """How fast the trunk moves over the floor, smoothed over 0.1 s, m/s, shape (frames,)."""
    if len(qpos) < 2:
        return np.zeros(len(qpos))
    place = gaussian_filter1d(qpos[:, :2], _SMOOTH * fps, axis=0, mode="nearest")
    return np.linalg.norm(np.gradient(place, axis=0), axis=1) * fps


def head_height(qpos: np.ndarray, scene: Scene) -> np.ndarray:
    """Height of the skull above the floor, metres, shape (frames,)."""
    return body_frames(scene, qpos, ("skull",)).position[:, 0, 2]
