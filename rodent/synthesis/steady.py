"""Steady gaits: one step cycle for each speed and turning rate, to be played online.

    gaits = steady_gaits(scene, speeds=(0.0, 0.2, 0.4), turns=(-1.0, 0.0, 1.0), phases=24)
    gaits.qpos[1, 2, 0]              # 0.2 m/s and 1 rad/s, when the left hind paw touches down

Poses are in the frame of the path: its origin is below the torso, and x is the heading.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rodent.rotation import from_rotvec, multiply, rotate
from rodent.scene import Scene
from rodent.synthesis import gait_statistics
from rodent.synthesis.path import FPS, PIVOT, Path, turning
from rodent.synthesis.walk import stepping

_CYCLES, _SHORTEST = 2.2, 0.4  # of a path: step cycles, and seconds


class SteadyGaits(NamedTuple):
    """Gaits by speed, turn and phase; V speeds, W turns, P phases.

    Attributes:
        qpos: poses in the frame of the path, shape (V, W, P, nq).
        frequency: step cycles per second, shape (V, W).
        velocity: of the torso ahead and to the left, m/s, shape (V, W, 2).
    """

    qpos: np.ndarray
    frequency: np.ndarray
    velocity: np.ndarray


def steady_gaits(scene: Scene, speeds: Sequence[float], turns: Sequence[float], phases: int) -> SteadyGaits:
    """The gaits of all speeds and turns; each takes about a second.

    Args:
        scene: the rat.
        speeds: ahead, m/s.
        turns: to the left, rad/s.
        phases: poses of a step cycle.
    """
    shape = (len(speeds), len(turns))
    qpos = np.empty((*shape, phases, scene.model.nq))
    frequency, velocity = np.zeros(shape), np.zeros((*shape, 2))
    for i, speed in enumerate(speeds):
        for j, turn in enumerate(turns):
            path = _path(scene, speed, turn)
            poses, phase = stepping(scene, path)
            qpos[i, j] = _cycle(_along_path(path, poses), phase, phases)
            frequency[i, j] = (phase[-1] - phase[0]) / (len(phase) - 1) * FPS
            velocity[i, j] = speed, 0.0 if speed else turn * PIVOT
    return SteadyGaits(qpos, frequency, velocity)


def _path(scene: Scene, speed: float, turn: float) -> Path:
    """A path at a constant speed and turn, long enough for a whole step cycle."""
    slowest = speed + abs(turn) * PIVOT
    rate = float(gait_statistics.cycle_frequency(np.array(slowest), scene.scale / gait_statistics.SCALE))
    seconds = max(_SHORTEST, _CYCLES / rate) if slowest else _SHORTEST
    time = np.arange(int(np.ceil(seconds * FPS)) + 1) / FPS
    heading = turn * time
    if not speed:
        return turning(heading)
    if not turn:
        return Path(np.column_stack([speed * time, 0 * time]), heading)
    circle = speed / turn * np.column_stack([np.sin(heading), 1 - np.cos(heading)])
    return Path(circle, heading)


def _along_path(path: Path, qpos: np.ndarray) -> np.ndarray:
    """Poses in the frame of the path."""
    back = from_rotvec(np.column_stack([0 * path.heading, 0 * path.heading, -path.heading]))
    away = qpos[:, :3] - np.column_stack([path.place, 0 * path.heading])
    return np.column_stack([rotate(back, away), multiply(back, qpos[:, 3:7]), qpos[:, 7:]])


def _cycle(qpos: np.ndarray, phase: np.ndarray, phases: int) -> np.ndarray:
    """The first whole cycle at evenly spaced phases, shape (phases, nq); a rat that stands still stays so."""
    if phase[-1] == phase[0]:
        return np.repeat(qpos[:1], phases, axis=0)
    at = np.interp(np.ceil(phase[0]) + np.arange(phases) / phases, phase, np.arange(len(phase)))
    before = np.minimum(at.astype(int), len(qpos) - 2)
    part = (at - before)[:, None]
    return (1 - part) * qpos[before] + part * qpos[before + 1]
