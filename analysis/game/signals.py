"""Signals of motion, frame by frame: joints, trunk and paws. Nothing in them tells where the rat is.

signals = signals_of(motion, scene)
signals.joints, signals.speeds      # (frames, joints), rad and rad/s
signals.trunk                       # (frames, 7), named by TRUNK
signals.heights, signals.stands     # (frames, 4), of the paws
"""

import dataclasses

import numpy as np

from analysis.motion import Motion
from rodent.kinematics.forward import torso_positions
from rodent.kinematics.paws import STANDING, Paws
from rodent.kinematics.poses import velocities
from rodent.rotation import into_frame, rotate
from rodent.scene import Scene

TRUNK = ("height", "pitch", "roll", "forward speed", "sideward speed", "vertical speed", "turning")
"""Columns of `Signals.trunk`: m, rad, rad, m/s, m/s, m/s, rad/s."""


@dataclasses.dataclass(frozen=True, eq=False)
class Signals:
    """Signals of one motion; arrays lead with (frames,)."""

    joints: np.ndarray
    """Joint angles, rad, shape (frames, joints)."""
    speeds: np.ndarray
    """Their velocities, rad/s, shape (frames, joints)."""
    trunk: np.ndarray
    """Of the trunk, see `TRUNK`, shape (frames, 7)."""
    heights: np.ndarray
    """Heights of the lowest points of the paws above the floor, m, shape (frames, 4)."""
    stands: np.ndarray
    """Whether each paw stands, bool, shape (frames, 4)."""
    sliding: np.ndarray
    """Horizontal speed of each paw's contact point, m/s, shape (frames, 4)."""

    @property
    def sequence(self) -> np.ndarray:
        """All signals side by side, shape (frames, channels), float32."""
        return np.concatenate([self.joints, self.speeds, self.trunk, self.heights], axis=1, dtype=np.float32)


def signals_of(motion: Motion, scene: Scene) -> Signals:
    """The signals of a motion of two frames or more."""
    qpos = motion.qpos
    qvel = velocities(qpos, motion.fps)
    paws = Paws(scene).state(qpos)
    place = np.gradient(paws.contact[..., :2], axis=0) * motion.fps
    return Signals(
        joints=qpos[:, 7:],
        speeds=qvel[:, 6:],
        trunk=_trunk(qpos, qvel, scene, motion.fps),
        heights=paws.lowest,
        stands=paws.lowest < STANDING,
        sliding=np.linalg.norm(place, axis=-1),
    )


def _trunk(qpos: np.ndarray, qvel: np.ndarray, scene: Scene, fps: float) -> np.ndarray:
    turn = qpos[:, 3:7]
    up = into_frame(turn, np.broadcast_to([0.0, 0.0, 1.0], (len(turn), 3)))
    pitch, roll = np.arcsin(np.clip(up[:, 0], -1, 1)), np.arctan2(up[:, 1], up[:, 2])
    torso = torso_positions(qpos, scene)
    velocity = np.gradient(torso, axis=0) * fps
    ahead = rotate(turn, np.broadcast_to([1.0, 0.0, 0.0], (len(turn), 3)))[:, :2]
    ahead = ahead / np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    forward = (velocity[:, :2] * ahead).sum(1)
    sideward = ahead[:, 0] * velocity[:, 1] - ahead[:, 1] * velocity[:, 0]
    turning = rotate(turn, qvel[:, 3:6])[:, 2]
    return np.stack([torso[:, 2], pitch, roll, forward, sideward, velocity[:, 2], turning], axis=1)
