"""A rat that stands and sways: reference motion for tests that need no real data."""

import numpy as np

from rodent.body import Body
from rodent.motion.clip import Clip, ClipSet
from rodent.motion.floor import floor_shift
from rodent.motion.kinematics import velocities

MOVING = ("lumbar", "vertebra_cervical_5_extend", "vertebra_cervical_4_bend", "shoulder_L", "knee_R")


def swaying_clips(body: Body, frames: int = 60, n: int = 2) -> ClipSet:
    """n clips of a standing rat that sways at different rates, 50 frames per second."""
    moving = body.joint_ids([name for name in MOVING if name in body.joint_names])
    low, high = body.joint_range.T
    clips = []
    for i in range(n):
        qpos = np.zeros((frames, 74))
        qpos[:, 3] = 1.0
        qpos[:, 7:] = np.clip(0.0, low, high)
        sway = 0.08 * np.sin(2 * np.pi * (0.5 + 0.5 * i) * np.arange(frames) / 50)
        qpos[:, 7 + moving] = np.clip(qpos[:, 7 + moving] + sway[:, None], low[moving], high[moving])
        qpos[:, 2] += floor_shift(qpos, body)
        clips.append(
            Clip(
                name=f"sway_{i}",
                behavior="sway",
                fps=50.0,
                qpos=qpos,
                qvel=velocities(qpos, 50.0),
                session=f"s{i}",
            )
        )
    return ClipSet(tuple(clips), scale=body.config.scale, joint_names=body.joint_names)
