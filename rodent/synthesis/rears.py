"""Random rears: rats that stand, turn and step on their hind legs.

    qpos = sample_rear(body, np.random.default_rng(0))     # shape (200, 74)

Height, pitch, crouch, paw positions and gaze are sampled. While the rat is up it sways a little. The
hind paws step as in `footfall`. The hips are shifted so that the centre of mass is over the soles: the
rat can stand. Samples that the legs cannot follow are rejected.
The ranges are choices, wider than the built-in `rear`.
"""

import dataclasses

import mujoco
import numpy as np
from mujoco.batch import Batch

from rodent.kinematics.posture import Trunk, posed
from rodent.scene import Scene, kinematic_model
from rodent.synthesis import gait_statistics
from rodent.synthesis.behaviors import CHEST, RAISED_HIPS, RAISED_TAIL
from rodent.synthesis.footfall import footfalls, paw_targets
from rodent.synthesis.noise import smooth_noise
from rodent.synthesis.path import FPS, Path, turned_to
from rodent.synthesis.sampling import first_feasible
from rodent.synthesis.upright import at_hips, points_by, rise_and_fall, standing_hips, with_forepaws
from rodent.synthesis.walk import HOME, MARGIN

_SWAY, _REACHING = 1.0, 0.6  # seconds in which trunk and forepaws change
_PITCH = (0.75, 1.40)  # radians above the standing rat's
_LUMBAR, _NECK = (-0.10, 0.40), (-0.30, 0.60)  # radians
_HIPS_AHEAD, _HIPS_UP = (-0.008, 0.012), (-0.012, 0.012)  # metres, by those of the built-in rear
_PAWS_AHEAD, _PAWS_APART = (-0.010, 0.010), (-0.004, 0.008)  # metres, by those of the standing rat
_REACH, _REACH_SWAY = np.array([0.010, 0.004, 0.015]), 0.003  # metres that the forepaws deviate
_TURN = np.radians(50.0)  # radians per second either way, while it goes
_SPEED = np.array([0.10, 0.05])  # m/s ahead and to the left, either way, while it goes
_GOING = (0.2, 0.5)  # fraction of the time that it turns and steps, with pauses between
_LIFT = 0.008  # metres by which a stepping paw clears the floor
_BALANCE = (-0.016, -0.004)  # metres that the centre of mass is ahead of the soles' contact points
_NEAR = 0.004  # metres that it may be off from there, on average
_SOLES = ("sole_L", "sole_R")


@dataclasses.dataclass(frozen=True)
class _Rear:
    """One sample; arrays lead with (frames,)."""

    up: np.ndarray  # from 0, on all fours, to 1
    path: Path  # of the point that a rat stands on
    trunk: Trunk
    hips: np.ndarray  # relative to the standing rat's: forward, left, up, metres at scale 1, (frames, 3)
    paws: np.ndarray  # hind paws relative to the standing rat's: ahead, left, metres at scale 1, (2, 2)
    hands: np.ndarray  # forepaws in the frame of the torso, metres at scale 1, (frames, 2, 3)


def sample_rear(scene: Scene, rng: np.random.Generator, frames: int = 200, rises: bool = False) -> np.ndarray:
    """Sample a rat on its hind legs, shape (frames, 74).

    Args:
        scene: the rat.
        rng: source of randomness.
        frames: number of frames.
        rises: whether it rises from all fours and comes down again on the spot. Otherwise it is up
            in all frames, and may turn and step.

    Raises:
        WorkError: no sample was feasible for the legs of this rat.
    """
    return first_feasible(lambda: _balanced(scene, rng, frames, rises), scene, "rears")


def _balanced(scene: Scene, rng: np.random.Generator, frames: int, rises: bool) -> np.ndarray | None:
    """A rear with its centre of mass over the soles; None if the legs do not allow it."""
    rear = _drawn(rng, frames, rises)
    ahead = rng.uniform(*_BALANCE) * scene.scale
    # moving the hips bends the legs, which moves the centre of mass once more, but little
    qpos = _poses(scene, rear, ahead - _balance(scene, _poses(scene, rear, 0.0), rear))
    return qpos if abs(_balance(scene, qpos, rear) - ahead) < _NEAR else None


def _drawn(rng: np.random.Generator, frames: int, rises: bool) -> _Rear:
    n = frames + 2 * MARGIN
    sway = smooth_noise(rng, n, 7, _SWAY * FPS)
    if rises:
        begin, end = rng.uniform(0.0, 0.2), rng.uniform(0.85, 1.0)
        full, fade = begin + rng.uniform(0.12, 0.30), end - rng.uniform(0.12, 0.30)
        up = np.pad(rise_and_fall(frames, begin, full, fade, end), MARGIN, mode="edge")
        path = Path(np.zeros((n, 2)), np.zeros(n))
    else:
        up, path = np.ones(n), _way(rng, n)
    ranges = (_PITCH, _LUMBAR, _NECK, _HIPS_AHEAD, _HIPS_UP)
    pitch, lumbar, neck, ahead, height = (rng.uniform(*limits) for limits in ranges)
    trunk = Trunk(
        path.place,
        np.zeros(n),
        path.heading,
        pitch=up * (pitch + 0.08 * sway[:, 0]),
        roll=up * 0.05 * sway[:, 1],
        spine={
            "lumbar_extend": up * (lumbar + 0.10 * sway[:, 2]),
            "lumbar_bend": up * 0.10 * sway[:, 3],
            "cervical_extend": up * (neck + 0.15 * sway[:, 4]),
            "cervical_bend": 0.25 * sway[:, 5],
            "caudal_extend": up * RAISED_TAIL,
        },
    )
    hips = np.column_stack([np.full(n, ahead), np.zeros(n), height + 0.003 * sway[:, 6]]) + RAISED_HIPS
    outward = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 1.0]])
    paws = np.column_stack([rng.uniform(*_PAWS_AHEAD, 2), rng.uniform(*_PAWS_APART, 2)]) * outward[:, :2]
    reach = _REACH * rng.uniform(-1, 1, 3) * outward
    reaching = _REACH_SWAY * smooth_noise(rng, n, 6, _REACHING * FPS).reshape(n, 2, 3)
    return _Rear(up, path, trunk, hips, paws, CHEST + reach + reaching)


def _way(rng: np.random.Generator, frames: int) -> Path:
    """Turns and steps, forward or back and to a side, with pauses."""
    part, period, phase = rng.uniform(*_GOING), rng.uniform(2.0, 5.0), rng.uniform()
    wave = np.sin(2 * np.pi * (np.arange(frames) / FPS / period + phase))
    threshold = np.cos(np.pi * part)
    going = np.maximum(0.0, wave - threshold) / (1 - threshold)
    heading = np.cumsum(going) / FPS * rng.uniform(-_TURN, _TURN)
    velocity = turned_to(heading, going[:, None] * rng.uniform(-_SPEED, _SPEED))
    return Path(np.cumsum(velocity, axis=0) / FPS, heading)


def _poses(scene: Scene, rear: _Rear, ahead: float) -> np.ndarray:
    """Poses of the rear with its hips moved forward by `ahead` metres, without the margins."""
    scale, heading, time = scene.scale, rear.path.heading, np.arange(len(rear.up)) / FPS
    hips = standing_hips(scene) + rear.up[:, None] * (rear.hips * scale + [ahead, 0.0, 0.0])
    qpos = at_hips(scene, posed(scene, rear.trunk), _along(rear.path, hips))
    homes = HOME * scale
    homes[2:] += standing_hips(scene)[:2] + rear.paws * scale
    homes_now = np.stack([_along(rear.path, np.broadcast_to(home, (len(time), 2))) for home in homes], axis=1)
    yaws = np.repeat(heading[:, None], len(homes), axis=1)
    steps, _ = footfalls(time, homes_now, yaws, scale / gait_statistics.SCALE)
    kept = slice(MARGIN, -MARGIN)
    targets = paw_targets(steps, time[kept], homes_now[kept], yaws[kept], _LIFT * scale)
    led = points_by(scene, qpos[kept], "torso", rear.hands[kept])
    return with_forepaws(scene, qpos[kept], targets, led, np.minimum(1.0, 2 * rear.up[kept]))


def _along(path: Path, points: np.ndarray) -> np.ndarray:
    """Points in the frame of the path, (frames, 2 or 3), in the world."""
    moved = points.copy()
    moved[:, :2] = path.place + turned_to(path.heading, points[:, :2])
    return moved


def _balance(scene: Scene, qpos: np.ndarray, rear: _Rear) -> float:
    """Mean distance of the centre of mass ahead of the soles while the rat is up, metres."""
    model = kinematic_model(scene.model)
    batch = Batch(model, nsim=len(qpos))
    batch.bind("qpos")[:] = qpos
    mass, sites = batch.bind("subtree_com"), batch.bind("site_xpos")
    batch.forward(stage=mujoco.mjtStage.mjSTAGE_POS)
    soles = sites[:, [model.site(name).id for name in _SOLES], :2].mean(axis=1)
    ahead = mass[:, 0, :2] - soles
    kept = slice(MARGIN, -MARGIN)
    forward = turned_to(-rear.path.heading[kept], ahead)[:, 0]
    return float(np.average(forward, weights=rear.up[kept]))
