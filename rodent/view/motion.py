"""Motions of a recording or of clips, frame by frame, and their sources."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from rodent.clips import Clip, read_clips
from rodent.clips.reading import clips_path
from rodent.errors import unknown
from rodent.recording import Rollout, is_recording, open_recording
from rodent.render.targets import recorded_targets
from rodent.scene_config import SceneConfig

COLUMNS = 400
"""Most frames of a motion at which the activity of units is read."""


class Moment(NamedTuple):
    """One frame of a motion.

    Attributes:
        qpos: pose of the rat, metres, w x y z, radians, shape (nq,); not finite if physics diverged.
        reference: pose of the reference, shape (nq,); None without a reference.
        alive: whether there is no failure.
        touch: of the scene's touch sensors, newtons, shape (sensors,); None where they are not known.
        force: that pushes the trunk in the step from this frame, newtons, shape (3,); None for none.
        command: given to the rat, see `rodent.tasks.task.Task.commands`; None for a task without commands.
        targets: where those of the task are, m, shape (targets, 3); None for a task without targets.
    """

    qpos: np.ndarray
    reference: np.ndarray | None
    alive: bool
    touch: np.ndarray | None = None
    force: np.ndarray | None = None
    command: np.ndarray | None = None
    targets: np.ndarray | None = None


class Motion(Protocol):
    """A motion of a rat, frame by frame."""

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
        """Number of frames."""
        ...

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers with recorded units."""
        ...

    def at(self, frame: int) -> Moment:
        """The pose and reference of a frame."""
        ...

    def activity(self, layer: str) -> np.ndarray:
        """Units of a layer at up to COLUMNS frames, evenly spaced over the motion.

        Returns:
            float32, shape (columns, units); NaN for frames that are not simulated yet.
        """
        ...

    def rewind(self) -> None:
        """Prepare for playback from the first frame."""
        ...


@dataclasses.dataclass(frozen=True)
class Source:
    """Motions in one scene, by name, each created on demand."""

    scene: SceneConfig
    motions: Mapping[str, Callable[[], Motion]]
    name: str = ""
    """Shown beside the rat where there are several."""

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
    """A recorded motion: of a recording, or a clip."""

    name: str
    fps: float
    qpos: np.ndarray
    """Poses, shape (frames, nq)."""
    reference: np.ndarray | None = None
    """Poses of the reference, shape (frames, nq)."""
    alive: np.ndarray | None = None
    """Frames without failure, shape (frames,); None for all."""
    touch: np.ndarray | None = None
    """Of the touch sensors, newtons, shape (frames, sensors)."""
    targets: np.ndarray | None = None
    """Of the task, m, shape (frames, targets, 3)."""
    rollout: Rollout | None = None
    """Rollout with the units."""

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
        seen = {"reference": self.reference, "touch": self.touch, "targets": self.targets}
        known = {name: None if values is None else values[frame] for name, values in seen.items()}
        return Moment(self.qpos[frame], alive=self.alive is None or bool(self.alive[frame]), **known)

    def activity(self, layer: str) -> np.ndarray:
        """See `Motion`."""
        if self.rollout is None:
            raise unknown("layer", layer, (), f"clip {self.name!r}")
        return self.rollout.units(layer, slice(0, None, stride(self.n_frames)))

    def rewind(self) -> None:
        """See `Motion`; a recorded motion does not change."""


def stride(n_frames: int) -> int:
    """Interval in frames at which activity is read.

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
            yield Source(recording.scene, motions, path.stem)
    else:
        clips = read_clips(path)
        scene = SceneConfig(body=clips.body)
        yield Source(scene, {clip.name: partial(_of_clip, clip) for clip in clips}, path.stem)


def _of_rollout(rollout: Rollout, fps: float) -> Recorded:
    qpos, alive = rollout["qpos"], rollout["alive"]
    reference = rollout["reference"] if rollout.has("reference") else None
    touch = rollout["contact"] if rollout.has("contact") else None
    targets = recorded_targets(rollout)
    return Recorded(
        rollout.name, fps, qpos, reference, alive, touch, None if targets is None else targets(), rollout
    )


def _of_clip(clip: Clip) -> Recorded:
    return Recorded(clip.name, clip.fps, clip.qpos)
