"""Root quaternions in the order x, y, z, w, as scipy, ROS, Unity and Blender have it, are recognised.

Read as w, x, y, z they are unit quaternions, too, and a rat that hardly turns still stands upright: only its
hind feet give it away. They leave the ground and slide, because the body is turned by 180 degrees.
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
_OTHER_ORDER = [6, 3, 4, 5]  # columns of qpos with w, x, y, z if they are x, y, z, w


def of_walker(qpos: np.ndarray, body: Scene) -> np.ndarray:
    """Poses that begin with the position of the torso, as poses of the walker; shape (frames, 74)."""
    qpos = qpos.copy()
    qpos[:, :3] -= rotate(qpos[:, 3:7], torso_offset(body))
    return qpos


def check_quaternion_order(qpos: np.ndarray, root: Root, body: Scene, where: str) -> None:
    """Raise InputError if hind feet stand much better with quaternions read as x, y, z, w.

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
    if other_height < _HEIGHT * height and other_speed < _SPEED * speed:
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
