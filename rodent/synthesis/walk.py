"""Walking, trotting and turning along a path.

    qpos = walking(body, path)

The torso follows the path. Hips and tail follow with a delay, the head looks ahead, and the trunk
oscillates with the steps. The paws step as in `footfall`; the limbs are fitted to them by inverse
kinematics.
"""

from collections.abc import Callable

import numpy as np

from rodent.kinematics.forward import body_frames
from rodent.kinematics.posture import Trunk, posed
from rodent.scene import Scene
from rodent.synthesis import gait_statistics
from rodent.synthesis.footfall import footfalls, paw_targets
from rodent.synthesis.path import FPS, Path, turned_to
from rodent.synthesis.reach import Reach

HOME = np.array([[0.0415, 0.0150], [0.0415, -0.0150], [0.0080, 0.0240], [0.0080, -0.0240]])
"""Resting positions of the paws: forward and left of the torso (fore) and of the pelvis (hind),
in the order of `PAW_NAMES`, metres at scale 1, shape (4, 2)."""

MARGIN = 50
"""Frames by which a path is extended at both ends, so that the first and last steps are complete."""
_BEND_LENGTH, _BEND_TIME = 0.040, 0.30  # metres and seconds of the spine's measure
_AHEAD = (1.0, -0.4, -1.3, -2.2)  # of head, torso, hips and tail ahead of the path, in that measure
_BOB, _ROLL, _BEND, _TWIST = (
    0.0012,
    0.02,
    0.06,
    0.05,
)  # amplitudes of the oscillation in a walk: metres, radians
_FULL_RATE = 2.0  # cycles per second from which the oscillation is full


def walking(scene: Scene, path: Path, advance: Callable[[float], None] = lambda frames: None) -> np.ndarray:
    """Poses of a rat that follows a path, shape (frames, 74); `advance` is called with the frames done."""
    return stepping(scene, path, advance)[0]


def stepping(
    scene: Scene, path: Path, advance: Callable[[float], None] = lambda frames: None
) -> tuple[np.ndarray, np.ndarray]:
    """Poses as of `walking`, and the phase of the left hind paw in cycles, shape (frames,)."""
    size = scene.scale / gait_statistics.SCALE
    longer = _extended(path)
    trunk = following(longer)
    homes, yaws = homes_under(scene, posed(scene, trunk))
    time = np.arange(len(yaws)) / FPS
    steps, phase = footfalls(time, homes, yaws, size)
    qpos = posed(scene, oscillating(trunk, phase))
    kept = slice(MARGIN, -MARGIN)
    targets = paw_targets(steps, time[kept], homes[kept], yaws[kept], size * gait_statistics.PAW_LIFT)
    return Reach(scene, scene.rest_angles).reach(qpos[kept], targets, advance), phase[kept]


def _extended(path: Path) -> Path:
    """The path extended at both ends, at the velocities and turning rates there."""
    count = np.arange(1, MARGIN + 1)[:, None]
    ends = []
    for values in (path.place, path.heading[:, None]):
        before = values[0] - count[::-1] * (values[1] - values[0])
        after = values[-1] + count * (values[-1] - values[-2])
        ends.append(np.concatenate([before, values, after]))
    return Path(ends[0], ends[1][:, 0])


def following(path: Path) -> Trunk:
    """The trunk along the path: the spine bends with a delay, the head looks ahead."""
    # distance and time together measure the delay
    measure = np.cumsum(path.speed / _BEND_LENGTH + 1 / _BEND_TIME) / FPS
    head, torso, hips, tail = (np.interp(measure + shift, measure, path.heading) for shift in _AHEAD)
    zero = np.zeros(len(measure))
    spine = {
        "lumbar_bend": hips - torso,
        "cervical_bend": head - torso,
        "caudal_bend": hips - tail,  # of the opposite sense
    }
    return Trunk(path.place, zero, torso, zero, zero, spine)


def homes_under(scene: Scene, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Homes of the paws under this trunk, metres, (frames, 4, 2), and their headings (frames, 4)."""
    frames = body_frames(scene, qpos, ("torso", "torso", "pelvis", "pelvis"))
    yaw = np.unwrap(frames.yaw, axis=0)
    return frames.position[..., :2] + turned_to(yaw, HOME * scene.scale), yaw


def oscillating(trunk: Trunk, phase: np.ndarray) -> Trunk:
    """The trunk with its gait oscillation: it bobs twice and rolls, bends and twists once per cycle."""
    full = np.minimum(1.0, np.gradient(phase, 1 / FPS) / _FULL_RATE)
    once, twice = 2 * np.pi * phase, 4 * np.pi * phase
    spine = dict(trunk.spine)
    spine["lumbar_bend"] = spine["lumbar_bend"] + full * _BEND * np.cos(once)
    spine["caudal_bend"] = spine["caudal_bend"] + full * 2 * _BEND * np.cos(once)
    spine["lumbar_twist"] = full * _TWIST * np.sin(once)
    return Trunk(
        trunk.place,
        trunk.height + full * _BOB * np.cos(twice),
        trunk.yaw,
        trunk.pitch,
        trunk.roll + full * _ROLL * np.sin(once),
        spine,
    )
