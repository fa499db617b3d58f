"""The library of synthetic clips: built-in gaits, recorded paths, random rears and walks.

gait_clips(body).names        # ('walk', 'fast_walk', 'trot', …)
rear_clips(body, 2).names     # ('rear_0', 'rear_1')
"""

from collections.abc import Callable

import numpy as np

from rodent.clips.clip import Clip, ClipSet
from rodent.kinematics.poses import velocities
from rodent.scene import Scene
from rodent.synthesis.behaviors import grooming, rearing, standing
from rodent.synthesis.path import FPS, SMOOTHING, Path, along, tracked, turning
from rodent.synthesis.rears import sample_rear
from rodent.synthesis.walk import walking
from rodent.synthesis.walks import sample_walk

# the name that files have had from the start: the built-in clips must stay the same to the bit
SOURCE = "synthetic (rodent.motion.synth)"
LICENCE = "Apache-2.0"
FRAMES = 200
"""Frames of a built-in clip: 4 seconds."""
_RISES = 4  # one of so many random rears
_GRAIN = 2.0**-20  # metres and radians to which poses are rounded, so that files are small and alike


def gait_clips(scene: Scene, advance: Callable[[float], None] = lambda frames: None) -> ClipSet:
    """The built-in set: one clip of 4 s per behavior; `advance` is called with the frames done."""
    clips = [
        _clip(scene, name, kind, walking(scene, make(), advance)) for name, (kind, make) in _PATHS.items()
    ]
    for name, (kind, act) in _BEHAVIORS.items():
        clips.append(_clip(scene, name, kind, act(scene, FRAMES)))
        advance(FRAMES)
    return ClipSet(tuple(clips), scene.scale, scene.joint_names)


def path_clips(
    scene: Scene,
    time: np.ndarray,
    points: np.ndarray,
    name: str = "path",
    smoothing: float = SMOOTHING,
    frames_per_clip: int | None = None,
    advance: Callable[[float], None] = lambda frames: None,
) -> ClipSet:
    """A rat that follows the recorded path of an animal at the animal's speed.

    Args:
        scene: the rat.
        time: seconds, rising, shape (samples,).
        points: of the animal on the floor plan, metres, shape (samples, 2).
        name: of the clip; clips that it is cut into are named `name_0`, `name_1`, ….
        smoothing: standard deviation of the window that the positions are smoothed with, seconds.
        frames_per_clip: cut into clips of so many frames; a rest of fewer than 2 is left out.
        advance: called with the number of frames done.
    """
    qpos = walking(scene, tracked(time, points, smoothing), advance)
    if frames_per_clip is None:
        clips = [_clip(scene, name, "Walk", qpos)]
    else:
        starts = range(0, len(qpos) - 1, frames_per_clip)
        parts = [qpos[start : start + frames_per_clip] for start in starts]
        clips = [_clip(scene, f"{name}_{i}", "Walk", part, name) for i, part in enumerate(parts)]
    return ClipSet(tuple(clips), scene.scale, scene.joint_names)


def rear_clips(
    scene: Scene, count: int, seed: int = 0, advance: Callable[[float], None] = lambda frames: None
) -> ClipSet:
    """Random rears `rear_0`, `rear_1`, …; every fourth rises from all fours and comes down again."""

    def act(rng: np.random.Generator, i: int) -> np.ndarray:
        return sample_rear(scene, rng, FRAMES, rises=i % _RISES == _RISES - 1)

    return _random_clips(scene, "rear", act, count, seed, advance)


def walk_clips(
    scene: Scene, count: int, seed: int = 0, advance: Callable[[float], None] = lambda frames: None
) -> ClipSet:
    """Random walks `walk_0`, `walk_1`, …, with stops, turns and short rises."""
    return _random_clips(scene, "walk", lambda rng, i: sample_walk(scene, rng, FRAMES), count, seed, advance)


def _random_clips(
    scene: Scene,
    name: str,
    act: Callable[[np.random.Generator, int], np.ndarray],
    count: int,
    seed: int,
    advance: Callable[[float], None],
) -> ClipSet:
    """`count` clips of one kind. Each has its own seed, so it does not depend on the others."""
    clips = []
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        clips.append(_clip(scene, f"{name}_{i}", name.capitalize(), act(rng, i), f"{name}s"))
        advance(FRAMES)
    return ClipSet(tuple(clips), scene.scale, scene.joint_names)


def _clip(scene: Scene, name: str, behavior: str, qpos: np.ndarray, session: str = "") -> Clip:
    rounded = np.round(qpos / _GRAIN) * _GRAIN
    # rounding must not push a hinge over its limit
    rounded[:, 7:] = np.clip(rounded[:, 7:], *scene.joint_range.T)
    return Clip(
        name=name,
        qpos=rounded,
        fps=FPS,
        behavior=behavior,
        subject="synthetic",
        session=session or name,
        source=SOURCE,
        licence=LICENCE,
        qvel=velocities(rounded, FPS),
    )


def _straight(speed: np.ndarray) -> Path:
    return along(np.array([[0.0, 0.0], [speed.sum() / FPS + 0.1, 0.0]]), speed)


def _circle(radius: float, speed: float) -> Path:
    """To the left for a positive radius, to the right for a negative one, metres."""
    angle = np.linspace(0.0, 2 * FRAMES / FPS * speed / abs(radius), 4000)
    line = radius * np.stack([np.sign(radius) * np.sin(angle), 1 - np.cos(angle)], axis=1)
    return along(line, np.full(FRAMES, speed))


def _slalom(speed: float, width: float, length: float) -> Path:
    x = np.linspace(0.0, 2 * FRAMES / FPS * speed, 4000)
    line = np.stack([x, width * np.sin(2 * np.pi * x / length)], axis=1)
    return along(line, np.full(FRAMES, speed))


def _eased(low: float, high: float, times: tuple[float, ...]) -> np.ndarray:
    """From low to high between the first two times, in seconds, and back between two more."""
    time = np.arange(FRAMES) / FPS
    level = np.zeros(FRAMES)
    for sign, begin, end in zip((1, -1), times[::2], times[1::2], strict=False):
        part = np.clip((time - begin) / (end - begin), 0.0, 1.0)
        level += sign * part**2 * (3 - 2 * part)
    return low + (high - low) * level


_PATHS: dict[str, tuple[str, Callable[[], Path]]] = {
    "walk": ("Walk", lambda: _straight(np.full(FRAMES, 0.20))),
    "fast_walk": ("Walk", lambda: _straight(np.full(FRAMES, 0.35))),
    "trot": ("Trot", lambda: _straight(np.full(FRAMES, 0.60))),
    "walk_to_trot": ("Trot", lambda: _straight(_eased(0.10, 0.65, (0.5, 3.5)))),
    "start_stop": ("Walk", lambda: _straight(_eased(0.0, 0.40, (0.4, 1.2, 2.6, 3.3)))),
    "arc_left": ("Walk", lambda: _circle(0.25, 0.25)),
    "arc_right": ("Walk", lambda: _circle(-0.15, 0.20)),
    "slalom": ("Walk", lambda: _slalom(0.30, 0.04, 0.50)),
    "turn_left": ("Turn", lambda: turning(_eased(0.0, np.pi / 2, (0.2, 3.8)))),
    "turn_right": ("Turn", lambda: turning(_eased(0.0, -np.pi, (0.2, 3.8)))),
}
_BEHAVIORS: dict[str, tuple[str, Callable[[Scene, int], np.ndarray]]] = {
    "stand": ("Stand", standing),
    "rear": ("Rear", rearing),
    "groom": ("FaceGroom", grooming),
}
GAIT_FRAMES = FRAMES * (len(_PATHS) + len(_BEHAVIORS))
"""Frames of all built-in clips together."""
