"""Poses with prescribed hips and raised forepaws, for rearing and grooming.

qpos = at_hips(body, posed(body, trunk), standing_hips(body) + up[:, None] * shift)
qpos = with_forepaws(body, qpos, targets, points_by(body, qpos, "torso", points), up)
"""

import numpy as np

from rodent.kinematics.forward import body_frames
from rodent.kinematics.posture import Trunk, posed
from rodent.rotation import rotate
from rodent.scene import Scene
from rodent.synthesis.footfall import least_jerk, tolerances
from rodent.synthesis.reach import Reach
from rodent.synthesis.targets import PawTargets

_PAW_THICKNESS = 0.008  # metres from a contact point down to the lowest point of a hanging paw


def standing_hips(scene: Scene) -> np.ndarray:
    """Position of the pelvis of a rat that stands at the origin, metres, shape (3,)."""
    return body_frames(scene, posed(scene, Trunk.still(1)), ("pelvis",)).position[0, 0]


def at_hips(scene: Scene, qpos: np.ndarray, hips: np.ndarray) -> np.ndarray:
    """The poses translated so that the pelvis is at `hips`, metres in the world, shape (frames, 3)."""
    moved = qpos.copy()
    moved[:, :3] += hips - body_frames(scene, qpos, ("pelvis",)).position[:, 0]
    return moved


def points_by(scene: Scene, qpos: np.ndarray, name: str, points: np.ndarray) -> np.ndarray:
    """World positions of points given in the frame of a body at scale 1, shape (frames, 2, 3)."""
    frames = body_frames(scene, qpos, (name,))
    local = np.broadcast_to(points * scene.scale, (len(qpos), 2, 3))
    return frames.position + rotate(np.broadcast_to(frames.quaternion, (len(qpos), 2, 4)), local)


def with_forepaws(
    scene: Scene, qpos: np.ndarray, targets: PawTargets, raised: np.ndarray, fraction: np.ndarray
) -> np.ndarray:
    """Fit the limbs: hind paws to their targets, forepaws between target (0) and prescribed position (1).

    Args:
        scene: whose limbs.
        qpos: shape (frames, 74).
        targets: of all paws, with the forepaws on the ground.
        raised: positions of raised forepaws, metres in the world, shape (frames, 2, 3).
        fraction: from target to raised position, shape (frames,).
    """
    fraction = fraction[:, None]
    hanging = np.maximum(raised[..., 2] - _PAW_THICKNESS * scene.scale, 0.0)
    place, clearance, tolerance = targets.place.copy(), targets.clearance.copy(), targets.tolerance.copy()
    place[:, :2] += fraction[..., None] * (raised[..., :2] - place[:, :2])
    clearance[:, :2] += fraction * (hanging - clearance[:, :2])
    tolerance[:, :2] = tolerances(clearance[:, :2])
    return Reach(scene, scene.rest_angles).reach(
        qpos, PawTargets(place, clearance, targets.quaternion, tolerance)
    )


def rise_and_fall(frames: int, begin: float, full: float, fade: float, end: float) -> np.ndarray:
    """From 0 to 1 and back with least jerk; times are fractions of the whole; shape (frames,)."""
    at = np.linspace(0.0, 1.0, frames)
    rise, fall = (np.clip((at - a) / (b - a), 0.0, 1.0) for a, b in ((begin, full), (fade, end)))
    return least_jerk(rise) - least_jerk(fall)
