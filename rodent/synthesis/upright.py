"""A rat whose hips are led and whose forepaws leave the ground: what rearing and grooming share.

qpos = at_hips(body, posed(body, trunk), standing_hips(body) + up[:, None] * shift)
qpos = with_forepaws(body, qpos, targets, points_by(body, qpos, "torso", points), up)
"""

import numpy as np

from rodent.body import Body
from rodent.kinematics.forward import body_frames
from rodent.kinematics.posture import Trunk, posed, rest_angles
from rodent.rotation import rotate
from rodent.synthesis.footfall import least_jerk, tolerances
from rodent.synthesis.reach import Reach
from rodent.synthesis.targets import PawTargets

_PAW_THICKNESS = 0.008  # metres from a contact point down to the lowest point of a hanging paw


def standing_hips(body: Body) -> np.ndarray:
    """Where the pelvis of a rat is that stands at the origin, metres, shape (3,)."""
    return body_frames(body, posed(body, Trunk.still(1)), ("pelvis",)).position[0, 0]


def at_hips(body: Body, qpos: np.ndarray, hips: np.ndarray) -> np.ndarray:
    """The poses moved so that the pelvis is there, metres in the world, shape (frames, 3)."""
    moved = qpos.copy()
    moved[:, :3] += hips - body_frames(body, qpos, ("pelvis",)).position[:, 0]
    return moved


def points_by(body: Body, qpos: np.ndarray, name: str, points: np.ndarray) -> np.ndarray:
    """World positions of points of a body at scale 1, shape (frames, 2, 3)."""
    frames = body_frames(body, qpos, (name,))
    local = np.broadcast_to(points * body.config.scale, (len(qpos), 2, 3))
    return frames.position + rotate(np.broadcast_to(frames.turn, (len(qpos), 2, 4)), local)


def with_forepaws(
    body: Body, qpos: np.ndarray, targets: PawTargets, led: np.ndarray, part: np.ndarray
) -> np.ndarray:
    """The limbs fitted: hind paws as targeted, forepaws from there (part 0) to where led (part 1).

    Args:
        body: whose limbs.
        qpos: shape (frames, 74).
        targets: of all paws, were the forepaws on the ground.
        led: metres in the world, shape (frames, 2, 3).
        part: shape (frames,).
    """
    part = part[:, None]
    hanging = np.maximum(led[..., 2] - _PAW_THICKNESS * body.config.scale, 0.0)
    place, clearance, tolerance = targets.place.copy(), targets.clearance.copy(), targets.tolerance.copy()
    place[:, :2] += part[..., None] * (led[..., :2] - place[:, :2])
    clearance[:, :2] += part * (hanging - clearance[:, :2])
    tolerance[:, :2] = tolerances(clearance[:, :2])
    return Reach(body, rest_angles(body)).reach(qpos, PawTargets(place, clearance, targets.turn, tolerance))


def rise_and_fall(frames: int, begin: float, full: float, fade: float, end: float) -> np.ndarray:
    """From 0 to 1 and back with least jerk, at these parts of the whole; shape (frames,)."""
    at = np.linspace(0.0, 1.0, frames)
    rise, fall = (np.clip((at - a) / (b - a), 0.0, 1.0) for a, b in ((begin, full), (fade, end)))
    return least_jerk(rise) - least_jerk(fall)
