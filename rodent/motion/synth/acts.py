"""What the rat does on the spot: it stands and breathes, rears, and grooms its face.

    qpos = standing(body, frames=200)
    qpos = rearing(body, frames=200)
    qpos = grooming(body, frames=200)

The hind paws stay planted where they stand at ease; the trunk moves over them and the forepaws
are on the ground or led by hand. Shapes, unlike frequencies, are choices that look right.
"""

import dataclasses

import numpy as np

from rodent.body import Body
from rodent.motion.kinematics import rotate
from rodent.motion.synth import figures
from rodent.motion.synth.footfall import least_jerk, tolerances, turned
from rodent.motion.synth.path import FPS
from rodent.motion.synth.paws import PawTargets
from rodent.motion.synth.posture import Trunk, body_frames, posed, rest_angles
from rodent.motion.synth.reach import Reach
from rodent.motion.synth.walk import homes_under

_BREATH_HEIGHT, _BREATH_PITCH = 0.0004, 0.006  # metres, radians either way
_GLANCE, _GLANCE_RATES = 0.25, (0.21, 0.34)  # radians either way; Hz of bend and twist

_RAISED_PITCH, _RAISED_LUMBAR = 1.15, 0.25  # radians, of a rat that stands upright
_RAISED_NECK, _RAISED_TAIL = 0.3, 1.35
_RAISED_HIPS = np.array([-0.018, 0.0, 0.012])  # metres at scale 1: over the hind paws
_CHEST = np.array([[0.030, 0.014, -0.050], [0.030, -0.014, -0.050]])  # metres at scale 1, by the torso

_SEATED_PITCH, _SEATED_LUMBAR = 0.70, -0.35  # radians, of a rat that sits and grooms
_SEATED_NECK, _SEATED_ATLAS, _SEATED_TAIL = 0.55, -0.5, 1.6
_SEATED_HIPS = np.array([-0.014, 0.0, -0.015])
_NOSE = np.array([0.030, 0.0, -0.012])  # metres at scale 1, by the skull
_STROKE = np.array([0.006, 0.008])  # metres along and below the snout that a paw goes either way
_APART = 0.008  # metres from the middle at which a paw strokes
_SETTLE = 0.7  # seconds to sit down and to get up
_PAW_THICKNESS = 0.008  # metres from a contact point down to the lowest point of a hanging paw


def standing(body: Body, frames: int) -> np.ndarray:
    """Still on all fours, breathing and glancing about; shape (frames, 74)."""
    time = np.arange(frames) / FPS
    breath = np.sin(2 * np.pi * figures.BREATHS * time)
    bend, twist = (_GLANCE * np.sin(2 * np.pi * rate * time) for rate in _GLANCE_RATES)
    trunk = dataclasses.replace(
        Trunk.still(frames),
        height=_BREATH_HEIGHT * breath,
        pitch=_BREATH_PITCH * breath,
        spine={"cervical_bend": bend, "cervical_twist": 0.5 * twist},
    )
    return Reach(body, rest_angles(body)).reach(posed(body, trunk), _planted(body, frames))


def rearing(body: Body, frames: int) -> np.ndarray:
    """Up on the hind legs, a look about, and down again; shape (frames, 74)."""
    time = np.arange(frames) / FPS
    up = _rise_and_fall(frames, begin=0.15, full=0.42, fade=0.62, end=0.9)
    look = up * np.sin(2 * np.pi * 0.5 * time)
    still = Trunk.still(frames)
    trunk = dataclasses.replace(
        still,
        height=_BREATH_HEIGHT * np.sin(2 * np.pi * figures.BREATHS * time),
        pitch=_RAISED_PITCH * up,
        spine={
            "lumbar_extend": _RAISED_LUMBAR * up,
            "cervical_extend": _RAISED_NECK * up,
            "cervical_bend": 0.3 * look,
            "caudal_extend": _RAISED_TAIL * up,
        },
    )
    qpos = _with_hips_at(body, posed(body, trunk), up[:, None] * _RAISED_HIPS * body.config.scale)
    hanging = _points(body, qpos, "torso", _CHEST)
    return _with_forepaws(body, qpos, hanging, np.minimum(1.0, 2 * up))


def grooming(body: Body, frames: int) -> np.ndarray:
    """Sits down and strokes its snout with both paws; shape (frames, 74)."""
    time = np.arange(frames) / FPS
    share = _SETTLE * FPS / frames
    down = _rise_and_fall(frames, begin=0.0, full=share, fade=1 - share, end=1.0)
    still = Trunk.still(frames)
    phase = 2 * np.pi * figures.STROKES * time
    trunk = dataclasses.replace(
        still,
        pitch=_SEATED_PITCH * down,
        spine={
            "lumbar_extend": _SEATED_LUMBAR * down,
            "cervical_extend": _SEATED_NECK * down,
            "atlas": _SEATED_ATLAS * down,
            "caudal_extend": _SEATED_TAIL * down,
        },
    )
    qpos = _with_hips_at(body, posed(body, trunk), down[:, None] * _SEATED_HIPS * body.config.scale)
    # the paws take turns in making the larger ellipse
    larger = 0.75 + 0.25 * np.sin(2 * np.pi * 0.8 * time)[:, None] * np.array([1.0, -1.0])
    ellipse = np.stack(
        [np.cos(phase)[:, None] * larger, 0 * larger, np.sin(phase)[:, None] * larger], axis=-1
    )
    beside = np.array([[0.0, _APART, 0.0], [0.0, -_APART, 0.0]])
    stroke = _NOSE + beside + ellipse * np.array([_STROKE[0], 0.0, _STROKE[1]])
    return _with_forepaws(body, qpos, _points(body, qpos, "skull", stroke), down)


def _planted(body: Body, frames: int) -> PawTargets:
    """All four paws where a standing rat has them."""
    homes, yaws = homes_under(body, posed(body, Trunk.still(frames)))
    zero = np.zeros((frames, 4))
    return PawTargets(homes, zero, turned(yaws, zero), tolerances(zero))


def _with_hips_at(body: Body, qpos: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """The poses moved so that the pelvis is where a standing rat has it, plus a shift (frames, 3)."""
    hips = body_frames(body, qpos, ("pelvis",)).position[:, 0]
    standing_hips = body_frames(body, posed(body, Trunk.still(1)), ("pelvis",)).position[0, 0]
    moved = qpos.copy()
    moved[:, :3] += standing_hips + shift - hips
    return moved


def _points(body: Body, qpos: np.ndarray, name: str, points: np.ndarray) -> np.ndarray:
    """World positions of points of a body at scale 1, shape (frames, 2, 3)."""
    frames = body_frames(body, qpos, (name,))
    local = np.broadcast_to(points * body.config.scale, (len(qpos), 2, 3))
    return frames.position + rotate(np.broadcast_to(frames.turn, (len(qpos), 2, 4)), local)


def _with_forepaws(body: Body, qpos: np.ndarray, led: np.ndarray, part: np.ndarray) -> np.ndarray:
    """The limbs fitted: hind paws planted, forepaws from the ground (part 0) to where led (part 1).

    Args:
        body: whose limbs.
        qpos: shape (frames, 74).
        led: metres in the world, shape (frames, 2, 3).
        part: shape (frames,).
    """
    targets = _planted(body, len(qpos))
    part = part[:, None]
    place, clearance, tolerance = targets.place, targets.clearance, targets.tolerance
    place[:, :2] += part[..., None] * (led[..., :2] - place[:, :2])
    clearance[:, :2] = part * np.maximum(led[..., 2] - _PAW_THICKNESS * body.config.scale, 0.0)
    tolerance[:, :2] = tolerances(clearance[:, :2])
    return Reach(body, rest_angles(body)).reach(qpos, targets)


def _rise_and_fall(frames: int, begin: float, full: float, fade: float, end: float) -> np.ndarray:
    """From 0 to 1 and back with least jerk, at these parts of the whole; shape (frames,)."""
    at = np.linspace(0.0, 1.0, frames)
    rise, fall = (np.clip((at - a) / (b - a), 0.0, 1.0) for a, b in ((begin, full), (fade, end)))
    return least_jerk(rise) - least_jerk(fall)
