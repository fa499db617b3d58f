"""Variables of behaviour that units are selected by, from the poses of a rollout.

    found = behaviour(scene, qpos, qvel, timestep)           # of one episode
    found["speed"]                                           # shape (frames,)

`speed` is that of the root on the level, m/s; `yaw-speed` its turning about the vertical, rad/s; `height` of
the root and `height/BODY` of a tracked body, m; `phase/BODY` the phase of a foot in its cycle of steps, from
0 to 1.
"""

import numpy as np

from rodent.intervention.gait_phase import PHASE, WALKING
from rodent.intervention.signals import tracked_feet
from rodent.kinematics.forward import body_frames
from rodent.rotation import rotate
from rodent.scene import Scene

_STEPS = (1.0, 10.0)  # Hz; cycles of steps of rats


def behaviour_names(scene: Scene) -> list[str]:
    """Names of all variables of a scene."""
    bodies = [f"height/{name}" for name in scene.roles.tracked]
    return ["speed", "yaw-speed", "height", *bodies, *(PHASE + name for name in tracked_feet(scene))]


def behaviour(scene: Scene, qpos: np.ndarray, qvel: np.ndarray, timestep: float) -> dict[str, np.ndarray]:
    """All variables of an episode.

    The phase of a foot is that of the analytic signal of its position ahead of the root, between 1 and 10 Hz:
    0 where it is farthest ahead, 0.5 where it is farthest behind. It is NaN where the body does not walk, and
    in episodes that are too short for the filter.

    Args:
        scene: names of bodies.
        qpos, qvel: poses and velocities, shapes (frames, nq) and (frames, nv).
        timestep: of control, s.

    Returns:
        by name, each (frames,).
    """
    qpos, qvel = np.asarray(qpos, float), np.asarray(qvel, float)
    speed = np.linalg.norm(qvel[:, :2], axis=1)
    xpos = body_frames(scene, qpos, scene.roles.tracked).position
    root = xpos[:, scene.root_row]
    found = {
        "speed": speed,
        "yaw-speed": rotate(qpos[:, 3:7], qvel[:, 3:6])[:, 2],
        "height": root[:, 2],
    }
    found |= {f"height/{name}": xpos[:, i, 2] for i, name in enumerate(scene.roles.tracked)}
    ahead = rotate(qpos[:, 3:7], np.array([1.0, 0.0, 0.0]))[:, :2]
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-6)
    for name in tracked_feet(scene):
        relative = (xpos[:, scene.roles.tracked.index(name)] - root)[:, :2]
        phase = _phase((relative * ahead).sum(1), timestep)
        found[PHASE + name] = np.where(speed > WALKING, phase, np.nan)
    return found


def _phase(position: np.ndarray, timestep: float) -> np.ndarray:
    """Phase of an oscillation in cycles, shape (frames,); NaN where there are too few frames."""
    from scipy import signal  # half a second to import, which few rollouts need

    highest = min(_STEPS[1], 0.9 * 0.5 / timestep)
    filtering = signal.butter(2, (_STEPS[0], highest), "bandpass", fs=1 / timestep, output="sos")
    if len(position) <= 6 * len(filtering) + 3:
        return np.full(len(position), np.nan)
    filtered = signal.sosfiltfilt(filtering, position, padlen=min(len(position) - 1, 50))
    return np.mod(np.angle(signal.hilbert(filtered)) / (2 * np.pi), 1.0)
