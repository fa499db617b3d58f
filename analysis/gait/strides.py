"""Strides in motion: from one touchdown of a paw to its next.

    steps = standing(motion, scene)                  # bool, (frames, 4)
    strides = strides_of(motions, GaitSettings())    # a table with a row per stride
    strides["duty_factor"], strides["paw"]

A paw stands while its pad is low and slow, the same rule for animals and models, with or without forces: a
model's forces would find stance that cannot be seen in an animal's keypoints. Times are those of frames, so
at 50 Hz a stride of 0.2 s is known to 20 ms.
"""

import numpy as np

from analysis.gait.settings import GaitSettings
from analysis.motion import Motion, MotionSet
from rodent.kinematics.forward import torso_positions
from rodent.kinematics.paws import PAW_NAMES, Paws, PawState
from rodent.registration.stance import Probe, find_standing
from rodent.scene import Scene

Table = dict[str, np.ndarray]
"""Columns of equal length, by name."""

FIRST_PAW = PAW_NAMES.index("hind_L")
"""The paw that phases are relative to, as in Hildebrand, BioScience 39, 766-775, 1989."""

COLUMNS = {
    "motion": "index of the motion in its set",
    "paw": "index into fore_L, fore_R, hind_L, hind_R",
    "start": "touchdown, s since the first frame",
    "duration": "from this touchdown to the next, s",
    "stance": "of this, how long the paw stands, s",
    "swing": "of this, how long it does not, s",
    "duty_factor": "fraction of the stride in which the paw stands",
    "frequency": "strides per second, 1/s",
    "length": "between the places of two stances on the floor, m",
    "speed": "of the trunk over the stride, m/s",
    "lift": "greatest height of the paw's lowest point above that in the stance, m",
    "phase": "of this touchdown in the stride of the left hind paw, cycles; NaN where that has none",
}
"""What is known of each stride."""

_PROBES = tuple(Probe(np.array([paw]), own=True) for paw in range(len(PAW_NAMES)))


def standing(motion: Motion, scene: Scene) -> np.ndarray:
    """Whether each paw stands, bool, shape (frames, 4), in the order of PAW_NAMES."""
    return _standing(Paws(scene).state(motion.qpos), motion.fps, scene.scale)


def strides_of(motions: MotionSet, settings: GaitSettings) -> Table:
    """All strides of walking, in the order of motions, paws and time; for columns see COLUMNS."""
    paws = Paws(motions.scene)
    tables = [_strides(i, one, motions.scene, paws, settings) for i, one in enumerate(motions.motions)]
    return {name: np.concatenate([table[name] for table in tables]) for name in COLUMNS}


def _standing(state: PawState, fps: float, scale: float) -> np.ndarray:
    pads, lowest = state.contact / scale, state.lowest / scale
    level = np.median(pads[..., 2] - lowest, axis=0)
    return find_standing(_PROBES, level, pads, pads, fps, noise=0.0)


def _strides(index: int, motion: Motion, scene: Scene, paws: Paws, settings: GaitSettings) -> Table:
    """The strides of one motion."""
    state = paws.state(motion.qpos)
    stands = _standing(state, motion.fps, scene.scale)
    torso = torso_positions(motion.qpos, scene)[:, :2]
    tables = []
    for paw in range(len(PAW_NAMES)):
        one = _of_paw(
            stands[:, paw], state.contact[:, paw, :2], state.lowest[:, paw], torso, motion.fps, settings
        )
        n = len(one["start"])
        tables.append({"motion": np.full(n, index), "paw": np.full(n, paw), **one})
    table = {name: np.concatenate([one[name] for one in tables]) for name in tables[0]}
    return {**table, "phase": _phases(table)}


def _of_paw(
    stands: np.ndarray,
    pad: np.ndarray,
    lowest: np.ndarray,
    torso: np.ndarray,
    fps: float,
    settings: GaitSettings,
) -> Table:
    """The strides of one paw: pad and torso on the floor plan, shape (frames, 2), all else (frames,)."""
    downs = _touchdowns(stands, settings.shortest * fps)
    begin, end = downs[:-1], downs[1:]
    seconds = (end - begin) / fps
    stood = np.concatenate([[0], np.cumsum(stands)])
    stance = (stood[end] - stood[begin]) / fps
    places = np.array([pad[_stance(stands, down)].mean(0) for down in downs]).reshape(-1, 2)
    spans = [(lowest[i:j], stands[i:j]) for i, j in zip(begin, end, strict=True)]
    table = {
        "start": begin / fps,
        "duration": seconds,
        "stance": stance,
        "swing": seconds - stance,
        "duty_factor": stance / seconds,
        "frequency": 1 / seconds,
        "length": np.linalg.norm(np.diff(places, axis=0), axis=1),
        "speed": np.linalg.norm(torso[end] - torso[begin], axis=1) / seconds,
        "lift": np.array([height.max() - np.median(height[on]) for height, on in spans]),
    }
    walked = (seconds <= settings.longest) & (table["speed"] >= settings.slowest)
    return {name: values[walked] for name, values in table.items()}


def _touchdowns(stands: np.ndarray, shortest: float) -> np.ndarray:
    """Frames in which a paw begins to stand, at least so many frames after one another."""
    frames = np.flatnonzero(~stands[:-1] & stands[1:]) + 1
    kept: list[int] = []
    for frame in frames.tolist():
        if not kept or frame - kept[-1] >= shortest:
            kept.append(frame)
    return np.array(kept, int)


def _stance(stands: np.ndarray, begin: int) -> slice:
    """The frames of the stance that begins there."""
    ends = np.flatnonzero(~stands[begin:])
    return slice(begin, begin + int(ends[0]) if len(ends) else len(stands))


def _phases(table: Table) -> np.ndarray:
    """When each stride begins, in cycles of the left hind paw's stride around it."""
    first = table["paw"] == FIRST_PAW
    starts, durations = table["start"][first], table["duration"][first]
    phases = np.full(len(table["start"]), np.nan)
    if not len(starts):
        return phases
    before = np.searchsorted(starts, table["start"] + 1e-9) - 1
    since = (table["start"] - starts[before]) / durations[before]
    inside = (before >= 0) & (since < 1 - 1e-9)
    phases[inside] = since[inside]
    return phases
