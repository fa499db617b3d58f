"""Random walks: rats that walk, turn, stop and rise.

    qpos = sample_walk(body, np.random.default_rng(0))     # shape (200, 74)

Speed and turning rate vary continuously between rest and trot. The posture of trunk, neck and head is
sampled and varies slowly. Where the rat slows down it may lift its forepaws, up to half of a rear. The
paws step as in `footfall`. Samples that the legs cannot follow are rejected. The ranges are choices,
about as wide as in half a minute of a real rat: turns up to 200 degrees per second, rolls up to 20 degrees.
"""

import dataclasses

import numpy as np

from rodent.kinematics.forward import body_frames
from rodent.kinematics.posture import Trunk, posed
from rodent.scene import Scene
from rodent.synthesis import gait_statistics
from rodent.synthesis.behaviors import CHEST, RAISED_HIPS
from rodent.synthesis.footfall import footfalls, paw_targets
from rodent.synthesis.noise import smooth_noise
from rodent.synthesis.path import FPS, PIVOT, Path, turned_to
from rodent.synthesis.sampling import first_feasible
from rodent.synthesis.upright import at_hips, points_by, rise_and_fall, with_forepaws
from rodent.synthesis.walk import MARGIN, following, homes_under, oscillating

_CHANGE, _CARRIAGE_CHANGE = (0.4, 1.2), 1.0  # time constants of speed and turning, and of posture, seconds
_SPEED, _SPEED_CHANGE = (0.0, 0.45), (0.05, 0.25)  # m/s: mean and deviation
_TURN = np.radians(110.0)  # radians per second: the largest deviation of turning
_HEIGHT, _PITCH = (-0.016, 0.004), (-0.20, 0.15)  # metres at scale 1, radians
_LUMBAR, _NECK, _TAIL = (-0.20, 0.25), (-0.70, 0.50), (-0.30, 0.60)  # radians
_ROLL, _ROLL_CHANGE = (-0.15, 0.15), 0.05  # radians
_LOOK = 0.35  # radians: deviation of the head to a side
_RISES, _RISE_LENGTH = 0.6, (0.25, 0.50)  # fraction of walks with a rise; duration as a fraction of the clip
_RISE, _RISE_PITCH, _RISE_TAIL = (0.15, 0.60), 1.15, 0.9  # fraction of a rear; radians of a full rear


def sample_walk(scene: Scene, rng: np.random.Generator, frames: int = 200) -> np.ndarray:
    """Sample a walking rat, shape (frames, 74).

    Args:
        scene: the rat.
        rng: source of randomness.
        frames: number of frames.

    Raises:
        WorkError: no sample was feasible for the legs of this rat.
    """
    return first_feasible(lambda: _drawn(scene, rng, frames), scene, "walks")


def _drawn(scene: Scene, rng: np.random.Generator, frames: int) -> np.ndarray:
    n, scale = frames + 2 * MARGIN, scene.scale
    up = _rise(rng, frames)
    path = _way(rng, up)
    trunk = following(path)
    flat = posed(scene, trunk)
    homes, yaws = homes_under(scene, flat)
    time = np.arange(n) / FPS
    steps, phase = footfalls(time, homes, yaws, scale / gait_statistics.SCALE)
    qpos = posed(scene, _carried(rng, oscillating(trunk, phase), up, scale))
    hips = body_frames(scene, flat, ("pelvis",)).position[:, 0]
    lifted = np.column_stack([turned_to(path.heading, RAISED_HIPS[:2]), np.full(n, RAISED_HIPS[2])])
    low = rng.uniform(*_HEIGHT) * scale
    qpos = at_hips(scene, qpos, hips + up[:, None] * lifted * scale + [0.0, 0.0, low])
    kept = slice(MARGIN, -MARGIN)
    targets = paw_targets(
        steps, time[kept], homes[kept], yaws[kept], gait_statistics.PAW_LIFT * scale / gait_statistics.SCALE
    )
    led = points_by(scene, qpos[kept], "torso", np.broadcast_to(CHEST, (frames, 2, 3)))
    return with_forepaws(scene, qpos[kept], targets, led, np.minimum(1.0, 2 * up[kept]))


def _rise(rng: np.random.Generator, frames: int) -> np.ndarray:
    """How far the rat has risen, 0 to 1, margins included, shape (frames + 2 * MARGIN,)."""
    up = np.zeros(frames)
    if rng.uniform() < _RISES:
        begin, length = rng.uniform(-0.2, 0.8), rng.uniform(*_RISE_LENGTH)
        a, b, c, d = begin + length * np.array([0.0, 0.35, 0.65, 1.0])
        up = rng.uniform(*_RISE) * rise_and_fall(frames, a, b, c, d)
    return np.pad(up, MARGIN, mode="edge")


def _way(rng: np.random.Generator, up: np.ndarray) -> Path:
    """A random path; the further the rat has risen, the slower it is."""
    n = len(up)
    middle, deviation, turning = rng.uniform(*_SPEED), rng.uniform(*_SPEED_CHANGE), rng.uniform(0.0, _TURN)
    change = smooth_noise(rng, n, 2, rng.uniform(*_CHANGE) * FPS)
    speed = np.maximum(0.0, 1.0 - 3.0 * up) * np.maximum(0.0, middle + deviation * change[:, 0])
    heading = np.cumsum((1.0 - up) * turning * change[:, 1]) / FPS
    ahead = turned_to(heading, np.array([1.0, 0.0]))
    return Path(np.cumsum(speed[:, None] * ahead, axis=0) / FPS + PIVOT * ahead, heading)


def _carried(rng: np.random.Generator, trunk: Trunk, up: np.ndarray, scale: float) -> Trunk:
    """The trunk with a sampled posture of trunk, neck and tail, raised where the rat rises."""
    sway = smooth_noise(rng, len(up), 6, _CARRIAGE_CHANGE * FPS)
    ranges = (_PITCH, _ROLL, _LUMBAR, _NECK, _TAIL)
    pitch, roll, lumbar, neck, tail = (rng.uniform(*limits) for limits in ranges)
    more = {
        "lumbar_extend": lumbar + 0.08 * sway[:, 1] + 0.25 * up,
        "cervical_extend": neck + 0.20 * sway[:, 2] + 0.3 * up,
        "cervical_bend": _LOOK * sway[:, 3],
        "caudal_extend": tail + 0.10 * sway[:, 4] + _RISE_TAIL * up,
    }
    spine = dict(trunk.spine)
    for name, bend in more.items():
        spine[name] = spine.get(name, 0.0) + bend
    pitched = trunk.pitch + pitch + 0.04 * sway[:, 0] + _RISE_PITCH * up
    rolled = trunk.roll + (1.0 - up) * (roll + _ROLL_CHANGE * sway[:, 5])
    return dataclasses.replace(trunk, pitch=pitched, roll=rolled, spine=spine)
