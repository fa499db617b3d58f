"""Posture: poses with a given trunk, neck and tail, and the limbs at rest.

    trunk = Trunk.still(frames)                        # standing, at the origin, facing x
    trunk = dataclasses.replace(trunk, pitch=pitch, spine={"lumbar_extend": angle})
    qpos = posed(body, trunk)                          # limbs at rest

The neutral posture was found on this body by eye. A bend of the spine is distributed over the
vertebrae as by the body's tendons.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from rodent.body import Body
from rodent.kinematics.forward import torso_offset
from rodent.rotation import rotate

HEIGHT = 0.0745
"""Height of the torso of a standing rat above the floor at scale 1, metres."""
PITCH = 0.07
"""Pitch of the torso of a standing rat, nose up, radians."""

NEUTRAL = {
    "mandible": -0.29,
    **{f"scapula_{side}_abduct": -0.2 for side in "LR"},
    **{f"shoulder_{side}": 0.45 for side in "LR"},
    **{f"shoulder_sup_{side}": 0.4 for side in "LR"},
    **{f"elbow_{side}": -0.25 for side in "LR"},
    **{f"wrist_{side}": 0.5 for side in "LR"},
    **{f"hip_{side}_abduct": -0.15 for side in "LR"},
    **{f"hip_{side}_extend": 0.05 for side in "LR"},
    **{f"knee_{side}": 0.1 for side in "LR"},
    **{f"ankle_{side}": 0.15 for side in "LR"},
    "atlas": 0.75,
}
"""Nonzero hinge angles of a standing rat, radians."""
NEUTRAL_SPINE = {"lumbar_extend": -0.05, "cervical_extend": 1.15, "caudal_extend": 0.22}
"""The same for whole segments of the spine: the sum over their vertebrae."""


@dataclasses.dataclass(frozen=True)
class Trunk:
    """Pose of the torso and bends of the spine; arrays lead with (frames,)."""

    place: np.ndarray
    """The torso on the floor plan, metres, shape (frames, 2)."""
    height: np.ndarray
    """Height of the torso above the standing rat's, metres."""
    yaw: np.ndarray
    """Heading of the torso, radians, counter-clockwise from x."""
    pitch: np.ndarray
    """Nose up, above the standing rat's, radians."""
    roll: np.ndarray
    """To the right, radians."""
    spine: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    """Bends of segments of the spine relative to the standing rat, radians, by the name of the
    tendon. Atlas and mandible go by the names of their hinges."""

    @classmethod
    def still(cls, frames: int) -> "Trunk":
        """A rat that stands at the origin and faces x."""
        zero = np.zeros(frames)
        return cls(np.zeros((frames, 2)), zero, zero, zero, zero)


def rest_angles(body: Body) -> np.ndarray:
    """Hinge angles of the standing rat, radians, shape (67,); those of the legs are approximate."""
    angles = np.zeros(len(body.joint_names))
    angles[body.joint_ids(NEUTRAL)] = list(NEUTRAL.values())
    for name, total in NEUTRAL_SPINE.items():
        angles += total * _distribution(body, name)
    return np.clip(angles, *body.joint_range.T)


def posed(body: Body, trunk: Trunk) -> np.ndarray:
    """Poses with this trunk and the limbs at rest, shape (frames, 74)."""
    from scipy.spatial.transform import Rotation

    frames = len(trunk.yaw)
    qpos = np.empty((frames, body.model.nq))
    # a rotation about y lowers the nose
    euler = np.stack([trunk.yaw, -(PITCH + trunk.pitch), trunk.roll], axis=1)
    turn = Rotation.from_euler("ZYX", euler).as_quat(scalar_first=True)
    torso = np.column_stack([trunk.place, HEIGHT * body.config.scale + trunk.height])
    qpos[:, 3:7] = turn
    qpos[:, :3] = torso - rotate(turn, np.broadcast_to(torso_offset(body), (frames, 3)))
    angles = np.repeat(rest_angles(body)[None], frames, axis=0)
    for name, total in trunk.spine.items():
        angles += total[:, None] * _distribution(body, name)
    qpos[:, 7:] = np.clip(angles, *body.joint_range.T)
    return qpos


def _distribution(body: Body, name: str) -> np.ndarray:
    """Angle of each hinge for a bend of one radian, shape (67,)."""
    (row,) = body.transmission[body.actuator_ids([name])]
    return row / row.sum()
