"""Motion of animals and models, from recordings and clips.

    model = read_motions(Path("walk.h5"), animal=False)     # the simulated rat of a recording
    rat = read_motions(Path("clips.h5"), animal=True)       # clips, or the reference of a recording

A recording holds two motions: that of the simulated rat, and the reference, which is the animal's.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rodent.clips.clip import Clip
from rodent.clips.names import original_name
from rodent.clips.reading import clips_path, read_clips
from rodent.errors import InputError
from rodent.kinematics.paws import Paws
from rodent.recording import Rollout, is_recording, open_recording
from rodent.scene import Scene, make_scene


@dataclasses.dataclass(frozen=True, eq=False)
class Motion:
    """One continuous piece of motion."""

    name: str
    """Unique in its set."""
    clip: str
    """Clip that it shows or imitates, without marks of mirror images and variants."""
    session: str
    """Recording session of the animal; empty if unknown."""
    behavior: str
    """Behavior as labelled in the file; empty if it has no label."""
    qpos: np.ndarray
    """Poses: metres, unit quaternion w x y z, radians; shape (frames, nq)."""
    fps: float
    """Frames per second."""


@dataclasses.dataclass(frozen=True, eq=False)
class MotionSet:
    """The motion of one side."""

    place: str
    """File, for messages."""
    motions: tuple[Motion, ...]
    scene: Scene
    """Body of the motion."""
    notes: tuple[str, ...] = ()
    """For readers of the results."""

    @property
    def fps(self) -> float:
        """Frames per second of all motions."""
        return self.motions[0].fps

    @property
    def sessions(self) -> tuple[str, ...]:
        """Names of the sessions; one empty name if they are unknown."""
        return tuple(dict.fromkeys(one.session for one in self.motions))

    def replaced(self, motions: Sequence[Motion], *notes: str) -> "MotionSet":
        """The set with other motions and more notes."""
        return dataclasses.replace(self, motions=tuple(motions), notes=(*self.notes, *notes))


def read_motions(path: Path, animal: bool) -> MotionSet:
    """Motion of a recording or of clips.

    Args:
        path: a recording, or clips in any format of `read_clips`.
        animal: whether it is the animal's side; of a recording, it is then the reference.

    Raises:
        InputError: the file is invalid, has no reference, or several frame rates, or its body has no paws.
    """
    path = clips_path(path)
    if is_recording(path):
        found = _of_recording(path, animal)
    else:
        clips = read_clips(path)
        found = MotionSet(str(path), tuple(map(_of_clip, clips)), make_scene(clips.body))
    if not Paws.are_of(found.scene):
        raise InputError(f"{path} is of a body without the rat's paws, by which rats are compared")
    rates = sorted({one.fps for one in found.motions})
    if len(rates) > 1:
        named = " and ".join(f"{fps:g}" for fps in rates)
        raise InputError(f"{path} has clips of {named} Hz; bring them to one: rodent clips import --resample")
    return found


def _of_clip(clip: Clip) -> Motion:
    name = original_name(clip.name)
    return Motion(clip.name, name, clip.session, clip.behavior, clip.qpos, clip.fps)


def _of_recording(path: Path, animal: bool) -> MotionSet:
    with open_recording(path) as recording:
        scene, fps = make_scene(recording.scene), recording.fps
        rollouts = tuple(recording.rollouts.values())
        if animal:
            return MotionSet(str(path), _references(rollouts, fps), scene)
        read = [(one, _before_failure(one)) for one in rollouts]
        motions = tuple(
            Motion(one.name, original_name(one.clip or one.name), "", one.behavior, qpos, fps)
            for one, qpos in read
        )
        lost = sum(one.n_frames - len(qpos) for one, qpos in read)
    notes = (f"{lost / fps:g} s after failures of the model are left out",) if lost else ()
    return MotionSet(str(path), motions, scene, notes)


def _before_failure(rollout: Rollout) -> np.ndarray:
    alive = rollout["alive"]
    frames = rollout.n_frames if alive.all() else int(np.argmin(alive))
    return rollout.read("qpos", slice(0, frames))


def _references(rollouts: Sequence[Rollout], fps: float) -> tuple[Motion, ...]:
    """The animal's motion, once for each clip."""
    found: dict[str, Motion] = {}
    for one in rollouts:
        one.require("reference")
        clip = original_name(one.clip or one.name)
        if clip not in found or len(found[clip].qpos) < one.n_frames:
            found[clip] = Motion(one.name, clip, "", one.behavior, one["reference"], fps)
    return tuple(found.values())
