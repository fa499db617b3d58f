"""A small set of behaviours told apart by kinematics alone: what a clip is labelled with.

    labels = behaviors(qpos, fps, body)       # one of BEHAVIORS per frame
    most_common(labels)                       # of a clip

The thresholds are choices, made for adult rats in open arenas; they name clips, and are no
ethogram. Grooming is not among them: seen from joint angles alone it looks like many things.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from rodent.body import Body
from rodent.motion.kinematics import rotate
from rodent.motion.synth.posture import HEIGHT
from rodent.motion.validate import torso_positions

BEHAVIORS = ("Still", "Walk", "FastWalk", "Turn", "Rear")

_WINDOW = 0.2  # seconds, standard deviation: steps within a stride are none of their own
_MOVING, _FAST = 0.05, 0.30  # m/s of the torso at scale 0.9: standing from walking from faster
_TURNING = np.radians(60.0)  # per second, where the rat hardly moves on
_RAISED = 1.3  # height of the torso relative to that of a standing rat
_UPRIGHT = np.radians(25.0)  # pitch of the torso, nose up


def behaviors(qpos: np.ndarray, fps: float, body: Body) -> np.ndarray:
    """What the rat does in every frame, one of BEHAVIORS, shape (frames,).

    Args:
        qpos: poses above a floor at height 0, shape (frames, 74).
        fps: frames per second.
        body: whose poses.
    """
    size = body.config.scale / 0.9
    torso = gaussian_filter1d(torso_positions(qpos, body), _WINDOW * fps, axis=0, mode="nearest")
    ahead = rotate(qpos[:, 3:7], np.broadcast_to([1.0, 0.0, 0.0], (len(qpos), 3)))
    heading = np.unwrap(np.arctan2(ahead[:, 1], ahead[:, 0]))
    heading = gaussian_filter1d(heading, _WINDOW * fps, mode="nearest")
    speed = np.linalg.norm(np.gradient(torso[:, :2], axis=0), axis=1) * fps / size
    turning = np.abs(np.gradient(heading)) * fps
    raised = torso[:, 2] > _RAISED * HEIGHT * body.config.scale
    upright = np.arcsin(np.clip(ahead[:, 2], -1, 1)) > _UPRIGHT
    return np.select(
        [raised & upright, speed > _FAST, speed > _MOVING, turning > _TURNING],
        ["Rear", "FastWalk", "Walk", "Turn"],
        "Still",
    )


def most_common(labels: np.ndarray) -> str:
    """The label of most frames."""
    names, counts = np.unique(labels, return_counts=True)
    return str(names[counts.argmax()])
