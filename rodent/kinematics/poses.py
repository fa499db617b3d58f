"""Velocities of poses, and poses between frames.

    qvel = velocities(qpos, fps)           # as mj_differentiatePos, for all frames
    between = poses_between(qpos, times)   # at times in frames, 0 to frames - 1

A pose is qpos: root position, root quaternion w x y z, hinge angles; arrays lead with (frames, ...).
"""

import numpy as np

from rodent.rotation import as_rotvec, conjugate, multiply, slerp


def velocities(qpos: np.ndarray, fps: float) -> np.ndarray:
    """Velocities by central differences, one-sided at the two ends.

    The linear part is in the world frame and the angular part in the body's frame, as
    in the qvel of MuJoCo's free joint.

    Args:
        qpos: poses, metres, quaternion, radians, shape (frames, 74).
        fps: frames per second.

    Returns:
        m/s, rad/s, rad/s, shape (frames, 73).
    """
    frames = np.arange(len(qpos))
    before, after = np.maximum(frames - 1, 0), np.minimum(frames + 1, len(qpos) - 1)
    dt = ((after - before) / fps)[:, None]
    turn = as_rotvec(multiply(conjugate(qpos[before, 3:7]), qpos[after, 3:7]))
    change = qpos[after] - qpos[before]
    return np.concatenate([change[:, :3], turn, change[:, 7:]], axis=1) / dt


def poses_between(qpos: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Poses interpolated between frames, shape (n, 74).

    Positions and angles are interpolated by a shape-preserving cubic. It never leaves the range of
    its neighbours, so joint limits hold. Quaternions are interpolated spherically (slerp).

    Args:
        qpos: metres, quaternion, radians, shape (frames, 74).
        at: times in frames, fractions allowed, 0 to frames - 1, shape (n,).
    """
    from scipy.interpolate import PchipInterpolator

    low = np.minimum(at.astype(int), len(qpos) - 2)
    found = PchipInterpolator(np.arange(len(qpos)), qpos, axis=0)(at)
    found[:, 3:7] = slerp(qpos[low, 3:7], qpos[low + 1, 3:7], at - low)
    return found
