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

from rodent.kinematics.forward import torso_offset
from rodent.rotation import rotate
from rodent.scene import Scene

HEIGHT = 0.0745
"""Height of the torso of a standing rat above the floor at scale 1, metres."""


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


def posed(scene: Scene, trunk: Trunk) -> np.ndarray:
    """Poses with this trunk and the limbs at rest, shape (frames, 74)."""
    from scipy.spatial.transform import Rotation

    frames = len(trunk.yaw)
    qpos = np.empty((frames, scene.model.nq))
    # a rotation about y lowers the nose
    euler = np.stack([trunk.yaw, -(scene.roles.pitch + trunk.pitch), trunk.roll], axis=1)
    turn = Rotation.from_euler("ZYX", euler).as_quat(scalar_first=True)
    torso = np.column_stack([trunk.place, HEIGHT * scene.scale + trunk.height])
    qpos[:, 3:7] = turn
    qpos[:, :3] = torso - rotate(turn, np.broadcast_to(torso_offset(scene), (frames, 3)))
    angles = np.repeat(scene.rest_angles[None], frames, axis=0)
    for name, total in trunk.spine.items():
        angles += total[:, None] * scene.distribution(name)
    qpos[:, 7:] = np.clip(angles, *scene.joint_range.T)
    return qpos
