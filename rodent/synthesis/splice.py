"""Splices: motion that changes from one clip to another where their poses are similar.

    qpos = spliced(first, second, scene, fps, rng)

Poses are compared by joint angles, height, tilt and velocities, as in motion graphs (Kovar, Gleicher and
Pighin, Motion graphs, SIGGRAPH 2002). The second clip is turned and shifted on the floor so that it goes on
from the first, and both are blended, the longer the more their poses differ.
"""

import numpy as np

from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.poses import velocities
from rodent.rotation import conjugate, from_rotvec, multiply, rotate, slerp
from rodent.scene import Scene
from rodent.scene.rat import in_tail

_EVERY = 5  # frames between those that are compared
_AMONG = 10  # pairs of frames, the most similar ones, of which one is drawn
_HEIGHT, _TILT = 0.02, 0.3  # metres and unit vector that count as much as a radian of the mean joint
_AHEAD = 0.1  # seconds for which velocities count
_BLEND = (0.2, 0.8)  # seconds: shortest and longest
_QUICK = 2.0  # radians per second of the mean joint that a blend may add
_UP = np.array([0.0, 0.0, 1.0])


def spliced(
    first: np.ndarray, second: np.ndarray, scene: Scene, fps: float, rng: np.random.Generator
) -> np.ndarray | None:
    """Motion that begins in one clip and ends in another, shape (frames, 74).

    Args:
        first, second: poses, shape (frames, 74) each.
        scene: of the poses.
        fps: frames per second.
        rng: source of randomness.

    Returns:
        the poses; None if no pair of frames is similar enough for a plausible change.
    """
    longest = round(_BLEND[1] * fps)
    if min(len(first), len(second)) < 2 * longest:
        return None
    # a blend needs frames after its begin in both, and something must follow it
    leave = np.arange(longest, len(first) - longest, _EVERY)
    enter = np.arange(0, len(second) - longest, _EVERY)
    distance = _distances(_features(first, scene, fps)[leave], _features(second, scene, fps)[enter])
    nearest = np.argsort(distance, axis=None)[:_AMONG]
    i, j = np.unravel_index(rng.choice(nearest), distance.shape)
    seconds = max(_BLEND[0], distance[i, j] / _QUICK)
    if seconds > _BLEND[1]:
        return None
    return _blended(first, second, int(leave[i]), int(enter[j]), round(seconds * fps), scene)


def _features(qpos: np.ndarray, scene: Scene, fps: float) -> np.ndarray:
    """What a pose is compared by; a mean over joints, in radians; shape (frames, features)."""
    free = np.array([not in_tail(name) for name in scene.joint_names])
    count = np.sqrt(free.sum())
    turn = conjugate(qpos[:, 3:7])
    tilt = rotate(turn, np.broadcast_to(_UP, (len(qpos), 3)))
    speed = velocities(qpos, fps)
    ahead = rotate(turn, speed[:, :3])
    return np.concatenate(
        [
            qpos[:, 7:][:, free] / count,
            qpos[:, 2:3] / _HEIGHT,
            tilt / _TILT,
            _AHEAD * speed[:, 6:][:, free] / count,
            _AHEAD * ahead / _HEIGHT,
        ],
        axis=1,
    )


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distances between all rows, shape (rows of a, rows of b)."""
    square = np.sum(a**2, axis=1)[:, None] + np.sum(b**2, axis=1) - 2 * a @ b.T
    return np.sqrt(np.maximum(square, 0.0))


def _blended(
    first: np.ndarray, second: np.ndarray, leave: int, enter: int, frames: int, scene: Scene
) -> np.ndarray:
    """The first until `leave`, both blended over some frames, then the second, moved to go on there."""
    rest = _moved(second[enter:], first[leave])
    a, b = first[leave : leave + frames], rest[:frames]
    share = np.linspace(0.0, 1.0, frames)
    share = share**2 * (3 - 2 * share)
    mixed = a + share[:, None] * (b - a)
    mixed[:, 3:7] = slerp(a[:, 3:7], b[:, 3:7], share)
    # paws neither sink nor hover because of the blend
    height = (1 - share) * lowest_paw(a, scene) + share * lowest_paw(b, scene)
    mixed[:, 2] += height - lowest_paw(mixed, scene)
    return np.concatenate([first[:leave], mixed, rest[frames:]])


def _moved(qpos: np.ndarray, onto: np.ndarray) -> np.ndarray:
    """Poses turned about the vertical and shifted on the floor, so that the first is where `onto` is."""
    angle = _heading(onto[3:7]) - _heading(qpos[0, 3:7])
    turn = np.broadcast_to(from_rotvec(angle * _UP), (len(qpos), 4))
    here, there = (np.append(pose[:2], 0.0) for pose in (qpos[0], onto))
    moved = qpos.copy()
    moved[:, :3] = rotate(turn, qpos[:, :3] - here) + there
    moved[:, 3:7] = multiply(turn, qpos[:, 3:7])
    return moved


def _heading(quaternion: np.ndarray) -> float:
    """Angle of the body's x axis on the floor, radians."""
    ahead = rotate(quaternion[None], np.array([[1.0, 0.0, 0.0]]))[0]
    return float(np.arctan2(ahead[1], ahead[0]))
