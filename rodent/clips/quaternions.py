"""Root quaternions in the order x, y, z, w, as scipy, ROS, Unity and Blender have it, are recognised.

Read as w, x, y, z they are unit quaternions, too. A rat that looks back then lies on its back. One that looks
ahead still stands upright, but is turned by 180 degrees: its hind feet leave the ground and slide.
"""

import numpy as np

from rodent.errors import InputError
from rodent.kinematics.forward import body_frames, torso_offset
from rodent.reading_config import Root
from rodent.rotation import rotate
from rodent.scene import Scene

_FRAMES = 2000
# of nine real clips and 14 built-in gaits, the other order has at most 0.54 of the height and 0.85 of the
# speed if they are x, y, z, w, and at least 1.03 and 1.01 if they are w, x, y, z
_HEIGHT, _SPEED = 0.75, 0.92
_LYING, _UPRIGHT = -0.2, 0.3  # mean height of the body's unit vector up; 0.1 to 1 in rats that rear and walk
_OTHER_ORDER = [6, 3, 4, 5]  # columns of qpos with w, x, y, z if they are x, y, z, w


def of_walker(qpos: np.ndarray, body: Scene) -> np.ndarray:
    """Poses that begin with the position of the torso, as poses of the walker; shape (frames, 74)."""
    qpos = qpos.copy()
    qpos[:, :3] -= rotate(qpos[:, 3:7], torso_offset(body))
    return qpos


def check_quaternion_order(qpos: np.ndarray, root: Root, body: Scene, where: str) -> None:
    """Raise InputError if the rat stands much better with quaternions read as x, y, z, w.

    Args:
        qpos: poses with unit quaternions, shape (frames, 74).
        root: the body whose pose they begin with.
        body: of the poses.
        where: begins the message.
    """
    qpos = qpos[:_FRAMES]
    other = qpos.copy()
    other[:, 3:7] = qpos[:, _OTHER_ORDER]
    height, speed = _of_hind_feet(qpos, root, body)
    other_height, other_speed = _of_hind_feet(other, root, body)
    stands = other_height < _HEIGHT * height and other_speed < _SPEED * speed
    if stands or (_up(qpos) < _LYING and _up(other) > _UPRIGHT):
        raise InputError(
            f"{where}: its root quaternions (columns 3-6 of qpos) are in the order x, y, z, w; w, x, y, z is "
            "expected: save it with qpos[..., [0, 1, 2, 6, 3, 4, 5, *range(7, 74)]]"
        )


def _of_hind_feet(qpos: np.ndarray, root: Root, body: Scene) -> tuple[float, float]:
    """Mean height above the lowest paw, metres, and mean speed, metres per frame, of the hind feet."""
    poses = of_walker(qpos, body) if root == "torso" else qpos
    paws = body_frames(body, poses, ("foot_L", "foot_R", "hand_L", "hand_R")).position
    height = paws[:, :2, 2].mean(axis=1) - paws[:, :, 2].min(axis=1)
    speed = np.linalg.norm(np.diff(paws[:, :2], axis=0), axis=-1)
    return float(height.mean()), float(speed.mean())


def _up(qpos: np.ndarray) -> float:
    """Mean height of the body's unit vector up."""
    return float(rotate(qpos[:, 3:7], np.array([0.0, 0.0, 1.0]))[:, 2].mean())
