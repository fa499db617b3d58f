"""Behaviors on the spot: standing, rearing and face grooming.

    qpos = standing(body, frames=200)
    qpos = rearing(body, frames=200)
    qpos = grooming(body, frames=200)

The hind paws stay planted. The trunk moves over them. The forepaws stand on the ground or follow
a prescribed path. Frequencies are published (`gait_statistics`); amplitudes were chosen by eye.
"""

import dataclasses

import numpy as np

from rodent.kinematics.posture import Trunk, posed
from rodent.scene import Scene
from rodent.synthesis import gait_statistics
from rodent.synthesis.footfall import tolerances, turned
from rodent.synthesis.path import FPS
from rodent.synthesis.reach import Reach
from rodent.synthesis.targets import PawTargets
from rodent.synthesis.upright import at_hips, points_by, rise_and_fall, standing_hips, with_forepaws
from rodent.synthesis.walk import homes_under

_BREATH_HEIGHT, _BREATH_PITCH = 0.0004, 0.006  # metres, radians either way
_GLANCE, _GLANCE_RATES = 0.25, (0.21, 0.34)  # radians either way; Hz of bend and twist

_RAISED_PITCH, _RAISED_LUMBAR = 1.15, 0.25  # radians, of a rat that stands upright
_RAISED_NECK, RAISED_TAIL = 0.3, 1.35
RAISED_HIPS = np.array([-0.018, 0.0, 0.012])  # metres at scale 1: over the hind paws
CHEST = np.array(
    [[0.030, 0.014, -0.050], [0.030, -0.014, -0.050]]
)  # metres at scale 1, in the frame of the torso

_SEATED_PITCH, _SEATED_LUMBAR = 0.70, -0.35  # radians, of a rat that sits and grooms
_SEATED_NECK, _SEATED_ATLAS, _SEATED_TAIL = 0.55, -0.5, 1.6
_SEATED_HIPS = np.array([-0.014, 0.0, -0.015])
_NOSE = np.array([0.030, 0.0, -0.012])  # metres at scale 1, in the frame of the skull
_STROKE = np.array([0.006, 0.008])  # metres along and below the snout that a paw goes either way
_APART = 0.008  # metres from the middle at which a paw strokes
_SETTLE = 0.7  # seconds to sit down and to get up


def standing(scene: Scene, frames: int) -> np.ndarray:
    """Stands still on all fours, breathes and looks around; shape (frames, 74)."""
    time = np.arange(frames) / FPS
    breath = np.sin(2 * np.pi * gait_statistics.BREATHS * time)
    bend, twist = (_GLANCE * np.sin(2 * np.pi * rate * time) for rate in _GLANCE_RATES)
    trunk = dataclasses.replace(
        Trunk.still(frames),
        height=_BREATH_HEIGHT * breath,
        pitch=_BREATH_PITCH * breath,
        spine={"cervical_bend": bend, "cervical_twist": 0.5 * twist},
    )
    return Reach(scene, scene.rest_angles).reach(posed(scene, trunk), _planted(scene, frames))


def rearing(scene: Scene, frames: int) -> np.ndarray:
    """Rises on the hind legs, looks around and comes down again; shape (frames, 74)."""
    time = np.arange(frames) / FPS
    up = rise_and_fall(frames, begin=0.15, full=0.42, fade=0.62, end=0.9)
    look = up * np.sin(2 * np.pi * 0.5 * time)
    still = Trunk.still(frames)
    trunk = dataclasses.replace(
        still,
        height=_BREATH_HEIGHT * np.sin(2 * np.pi * gait_statistics.BREATHS * time),
        pitch=_RAISED_PITCH * up,
        spine={
            "lumbar_extend": _RAISED_LUMBAR * up,
            "cervical_extend": _RAISED_NECK * up,
            "cervical_bend": 0.3 * look,
            "caudal_extend": RAISED_TAIL * up,
        },
    )
    hips = standing_hips(scene) + up[:, None] * RAISED_HIPS * scene.scale
    qpos = at_hips(scene, posed(scene, trunk), hips)
    hanging = points_by(scene, qpos, "torso", CHEST)
    return with_forepaws(scene, qpos, _planted(scene, frames), hanging, np.minimum(1.0, 2 * up))


def grooming(scene: Scene, frames: int) -> np.ndarray:
    """Sits down and strokes its snout with both forepaws; shape (frames, 74)."""
    time = np.arange(frames) / FPS
    fraction = _SETTLE * FPS / frames
    down = rise_and_fall(frames, begin=0.0, full=fraction, fade=1 - fraction, end=1.0)
    still = Trunk.still(frames)
    phase = 2 * np.pi * gait_statistics.STROKES * time
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
    hips = standing_hips(scene) + down[:, None] * _SEATED_HIPS * scene.scale
    qpos = at_hips(scene, posed(scene, trunk), hips)
    # the paws take turns in making the larger ellipse
    larger = 0.75 + 0.25 * np.sin(2 * np.pi * 0.8 * time)[:, None] * np.array([1.0, -1.0])
    ellipse = np.stack(
        [np.cos(phase)[:, None] * larger, 0 * larger, np.sin(phase)[:, None] * larger], axis=-1
    )
    beside = np.array([[0.0, _APART, 0.0], [0.0, -_APART, 0.0]])
    stroke = _NOSE + beside + ellipse * np.array([_STROKE[0], 0.0, _STROKE[1]])
    return with_forepaws(scene, qpos, _planted(scene, frames), points_by(scene, qpos, "skull", stroke), down)


def _planted(scene: Scene, frames: int) -> PawTargets:
    """Targets of all four paws where a standing rat has them."""
    homes, yaws = homes_under(scene, posed(scene, Trunk.still(frames)))
    zero = np.zeros((frames, 4))
    return PawTargets(homes, zero, turned(yaws, zero), tolerances(zero))
