"""Behavior labels of clips and recordings, from kinematics alone.

    labels = behaviors(qpos, fps, body)       # one of BEHAVIORS per frame
    most_common(labels)                       # label of a clip

The names are those of the public rat clips. The first rule that holds decides:

- LGroom, RGroom: the rat stays in place, with its snout more than 25° to a side and within 100 mm of a
  thigh. The distance is 150 mm in a standing rat, and 80 to 95 mm in one that grooms its flank.
- FaceGroom: it stays in place, nose down, with a paw over 20 mm high and within 40 mm of the snout. In a
  standing rat the paws are 10 mm high and 70 mm from the snout.
- Rear: its torso is 1.3 times as high as that of a standing rat and pitched up by more than 25°.
- FastWalk: it moves faster than 0.3 m/s, which lies between the built-in walk and trot.
- Walk: it moves faster than 0.05 m/s. The trunk of a rat that stays in place moves more slowly.
- Turn: its trunk turns by more than 30° per second. In a rat that grooms or stands it turns by less than
  20° per second, 90 % of the time.
- Still: none of these.

Lengths and speeds are for a body of scale 0.9. Positions are smoothed over 0.2 s, so that single steps and
paw strokes do not change the label. The thresholds were chosen on a few public clips and the built-in
gaits. The labels are no complete ethogram: scratching, sniffing and eating are missing.
"""

import numpy as np

from rodent.kinematics.forward import body_frames
from rodent.kinematics.posture import HEIGHT
from rodent.rotation import rotate
from rodent.scene import Scene

BEHAVIORS = ("Still", "Walk", "FastWalk", "Turn", "Rear", "FaceGroom", "LGroom", "RGroom")

_WINDOW = 0.2  # seconds, standard deviation
_MOVING, _FAST = 0.05, 0.30  # m/s of the torso at scale 0.9
_TURNING = np.radians(30.0)  # per second, where the rat hardly moves on
_RAISED = 1.3  # height of the torso relative to that of a standing rat
_UPRIGHT = np.radians(25.0)  # pitch of the torso, nose up
_ASIDE = np.radians(25.0)  # of the snout from the axis of the trunk
_FLANK = 0.100  # metres from snout to thigh at scale 0.9
_PAW_HIGH, _PAW_NEAR = 0.020, 0.040  # metres above the floor and from the snout at scale 0.9
_SNOUT = (0.03, 0.0, 0.0)  # metres, in the frame of the skull at scale 0.9
_PARTS = ("torso", "pelvis", "skull", "hand_L", "hand_R", "upper_leg_L", "upper_leg_R")


def behaviors(qpos: np.ndarray, fps: float, body: Scene) -> np.ndarray:
    """The behavior in every frame, one of BEHAVIORS, shape (frames,).

    Args:
        qpos: poses above a floor at height 0, shape (frames, 74).
        fps: frames per second.
        body: of the poses.
    """
    from scipy.ndimage import gaussian_filter1d

    def smooth(values: np.ndarray) -> np.ndarray:
        return gaussian_filter1d(values, _WINDOW * fps, axis=0, mode="nearest")

    # lengths relative to a body of scale 0.9
    size = body.scale / 0.9
    found = body_frames(body, qpos, _PARTS)
    ahead = rotate(found.quaternion, np.array([1.0, 0.0, 0.0]))
    snout = found.position[:, 2] + rotate(found.quaternion[:, 2], size * np.array(_SNOUT))
    torso, pelvis, _, *limbs = np.moveaxis(smooth(found.position) / size, 1, 0)
    paws, thighs = np.stack(limbs[:2]), np.stack(limbs[2:])
    snout = smooth(snout) / size

    heading = smooth(np.unwrap(np.arctan2(ahead[:, 0, 1], ahead[:, 0, 0])))
    speed = np.linalg.norm(np.gradient(torso[:, :2], axis=0), axis=1) * fps
    turning = np.abs(np.gradient(heading)) * fps
    raised = torso[:, 2] > _RAISED * HEIGHT * 0.9
    upright = np.arcsin(np.clip(ahead[:, 0, 2], -1, 1)) > _UPRIGHT

    stays = speed <= _MOVING
    aside = _angle(torso - pelvis, snout - torso)
    at_flank = stays & (np.linalg.norm(thighs - snout, axis=2).min(0) < _FLANK)
    lifted = paws[:, :, 2] > _PAW_HIGH
    at_face = (lifted & (np.linalg.norm(paws - snout, axis=2) < _PAW_NEAR)).any(0)
    nose_down = smooth(ahead[:, 2, 2]) < 0
    return np.select(
        [
            at_flank & (aside > _ASIDE),
            at_flank & (aside < -_ASIDE),
            stays & at_face & nose_down,
            raised & upright,
            speed > _FAST,
            speed > _MOVING,
            turning > _TURNING,
        ],
        ["LGroom", "RGroom", "FaceGroom", "Rear", "FastWalk", "Walk", "Turn"],
        "Still",
    )


def most_common(labels: np.ndarray) -> str:
    """The most frequent label."""
    names, counts = np.unique(labels, return_counts=True)
    return str(names[counts.argmax()])


def _angle(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Angle from the first to the second vector on the floor plan, left positive, radians, (frames,)."""
    cross = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    return np.arctan2(cross, first[:, 0] * second[:, 0] + first[:, 1] * second[:, 1])
