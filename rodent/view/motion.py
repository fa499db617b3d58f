"""What a rat does at which frame: motions of a recording or of clips, and their sources."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from rodent.body_config import BodyConfig
from rodent.clips import Clip, read_clips
from rodent.clips.reading import clips_path
from rodent.errors import unknown
from rodent.recording import Rollout, is_recording, open_recording
from rodent.scene_config import SceneConfig

COLUMNS = 400
"""The most moments of a motion at which the activity of units is looked up."""


class Moment(NamedTuple):
    """One frame of a motion.

    Attributes:
        qpos: pose of the rat, metres, w x y z, radians, shape (nq,); not finite where its physics broke.
        reference: pose that it imitates, shape (nq,); None where it imitates nothing.
        alive: whether it still tracks its reference.
    """

    qpos: np.ndarray
    reference: np.ndarray | None
    alive: bool


class Motion(Protocol):
    """Something that a rat does, frame by frame."""

    @property
    def name(self) -> str:
        """Of the clip or rollout."""
        ...

    @property
    def fps(self) -> float:
        """Frames per second."""
        ...

    @property
    def n_frames(self) -> int:
        """How many there are."""
        ...

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers whose units are known."""
        ...

    def at(self, frame: int) -> Moment:
        """What there is to see at a frame."""
        ...

    def activity(self, layer: str) -> np.ndarray:
        """Units of a layer at up to COLUMNS frames, evenly spaced over the motion.

        Returns:
            float32, shape (columns, units); NaN where it is not known yet.
        """
        ...

    def rewind(self) -> None:
        """Get ready to be watched from the first frame."""
        ...


@dataclasses.dataclass(frozen=True)
class Source:
    """Motions in one scene, by name, each made when it is asked for."""

    scene: SceneConfig
    motions: Mapping[str, Callable[[], Motion]]

    def subset(self, names: Iterable[str]) -> "Source":
        """Only the named motions, in the order of the names; all of them for no names.

        Raises:
            InputError: there is none of a name.
        """
        chosen = {}
        for name in names:
            if name not in self.motions:
                raise unknown("clip", name, self.motions)
            chosen[name] = self.motions[name]
        return dataclasses.replace(self, motions=chosen) if chosen else self


@dataclasses.dataclass(frozen=True, eq=False)
class Recorded:
    """A motion that is over: of a recording, or a clip."""

    name: str
    fps: float
    qpos: np.ndarray
    """Poses, shape (frames, nq)."""
    reference: np.ndarray | None = None
    """Poses that were imitated, shape (frames, nq)."""
    alive: np.ndarray | None = None
    """Whether the rat tracked its reference, shape (frames,); None for always."""
    rollout: Rollout | None = None
    """Where the units are."""

    @property
    def n_frames(self) -> int:
        """See `Motion`."""
        return len(self.qpos)

    @property
    def layers(self) -> tuple[str, ...]:
        """See `Motion`."""
        return self.rollout.layers if self.rollout else ()

    def at(self, frame: int) -> Moment:
        """See `Motion`."""
        reference = None if self.reference is None else self.reference[frame]
        return Moment(self.qpos[frame], reference, self.alive is None or bool(self.alive[frame]))

    def activity(self, layer: str) -> np.ndarray:
        """See `Motion`."""
        if self.rollout is None:
            raise unknown("layer", layer, (), f"clip {self.name!r}")
        return self.rollout.units(layer, slice(0, None, stride(self.n_frames)))

    def rewind(self) -> None:
        """See `Motion`; what is over does not change."""


def stride(n_frames: int) -> int:
    """Frames between those at which activity is looked up.

    >>> [stride(n) for n in (1, 400, 401, 1000)]
    [1, 1, 2, 3]
    """
    return -(-n_frames // COLUMNS)


@contextlib.contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """The motions of a recording, or of clips in any format that `read_clips` reads.

    Raises:
        InputError: the file is neither, or is damaged.
    """
    path = clips_path(path)
    if is_recording(path):
        with open_recording(path) as recording:
            motions = {
                name: partial(_of_rollout, rollout, recording.fps)
                for name, rollout in recording.rollouts.items()
            }
            yield Source(recording.scene, motions)
    else:
        clips = read_clips(path)
        scene = SceneConfig(body=BodyConfig(scale=clips.scale))
        yield Source(scene, {clip.name: partial(_of_clip, clip) for clip in clips})


def _of_rollout(rollout: Rollout, fps: float) -> Recorded:
    qpos, alive = rollout["qpos"], rollout["alive"]
    reference = rollout["reference"] if rollout.has("reference") else None
    return Recorded(rollout.name, fps, qpos, reference, alive, rollout)


def _of_clip(clip: Clip) -> Recorded:
    return Recorded(clip.name, clip.fps, clip.qpos)
