"""Motions to show: rollouts of a recording, or clips.

with open_shots(Path("walk.h5"), ["Walk_280"], ["qpos", "reference"]) as (config, shots):
    shots[0].name, shots[0].qpos()
"""

import contextlib
import dataclasses
import functools
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from rodent.clips import Clip, read_clips
from rodent.errors import InputError, unknown
from rodent.recording import Rollout, is_recording, open_recording
from rodent.recording.channels import GROUND_FORCE
from rodent.recording.ground import GroundForces, ground_forces
from rodent.render.marks import Dots
from rodent.render.targets import Played, recorded_targets
from rodent.scene_config import BodyKind, SceneConfig

_OPTIONS = {"reference": ("reference to show as a ghost", "--ghost"), GROUND_FORCE: ("forces", "--forces")}
"""Channels that an option shows: what they are, and the option."""


class InScene(Played, Protocol):
    """A rollout that knows its scene."""

    @property
    def fps(self) -> float:
        """Control steps per second."""
        ...

    @property
    def scene(self) -> SceneConfig:
        """In which it was played."""
        ...


@dataclasses.dataclass(frozen=True)
class Shot:
    """A motion to show; its arrays are read on demand."""

    name: str
    n_frames: int
    fps: float
    qpos: Callable[[], np.ndarray]
    """Poses, shape (n_frames, nq)."""
    reference: Callable[[], np.ndarray]
    """Poses of the ghost, shape (n_frames, nq); called only if a ghost is shown."""
    alive: Callable[[], np.ndarray]
    """Frames without failure, bool, shape (n_frames,)."""
    dots: tuple[Dots, ...] = ()
    """Points to mark, of shapes (n_frames, n, 3); the rat is translucent, so that they are seen."""
    targets: Callable[[], np.ndarray] | None = None
    """Where the targets of the task are, m, shape (n_frames, n, 3); None for none."""
    forces: Callable[[], GroundForces] | None = None
    """Forces of the ground; None if they are not known. Called only if they are shown."""

    def frames_at(self, fps: float, speed: float) -> np.ndarray:
        """The frame of the motion for each frame of a video, shape (video frames,)."""
        step = speed * self.fps / fps
        # a tolerance for rounding errors such as 0.1 + 0.2 > 0.3
        count = max(1, math.ceil(self.n_frames / step - 1e-6))
        return np.minimum((np.arange(count) * step + 1e-6).astype(int), self.n_frames - 1)


@contextlib.contextmanager
def open_shots(
    source: Path, names: Sequence[str], channels: Sequence[str]
) -> Iterator[tuple[SceneConfig | BodyKind, list[Shot]]]:
    """The scene or body, and the shots, of a recording or a clip file.

    Args:
        source: the file.
        names: of the rollouts or clips to show, in this order; none for all.
        channels: that are shown of a recording.

    Raises:
        InputError: the file cannot be read, a name is unknown, or a channel is missing.
    """
    if is_recording(source):
        with open_recording(source) as recording:
            for name, rollout in recording.rollouts.items():
                if name in (names or recording.rollouts):
                    _require(rollout, channels, f"rollout {name!r} of {recording.path}")
            shots = [rollout_shot(rollout) for rollout in recording.rollouts.values()]
            yield recording.scene, chosen(shots, names, source)
        return
    for channel in channels:
        if channel in _OPTIONS:
            what, option = _OPTIONS[channel]
            raise InputError(f"{source} has clips, which have no {what}; omit {option}")
    clips = read_clips(source)
    yield clips.body, chosen([clip_shot(clip) for clip in clips], names, source)


def _require(rollout: Rollout, channels: Sequence[str], where: str) -> None:
    """Require, before rendering, that the data to show was recorded."""
    for channel in channels:
        if channel == "reference" and rollout.has("qpos") and not rollout.has(channel):
            what, option = _OPTIONS[channel]
            raise InputError(f"{where} has no {what}; omit {option}")
        rollout.require(channel)


def rollout_shot(rollout: InScene) -> Shot:
    """A rollout of a recording, or one in memory."""
    qpos, reference, alive = (
        functools.partial(rollout.read, name) for name in ("qpos", "reference", "alive")
    )
    return Shot(
        rollout.name,
        rollout.n_frames,
        rollout.fps,
        qpos,
        reference,
        alive,
        targets=recorded_targets(rollout),
        forces=functools.partial(ground_forces, rollout) if rollout.has(GROUND_FORCE) else None,
    )


def clip_shot(clip: Clip) -> Shot:
    """A clip, which never fails and is its own reference."""
    always = functools.partial(np.ones, clip.n_frames, bool)
    return Shot(clip.name, clip.n_frames, clip.fps, lambda: clip.qpos, lambda: clip.qpos, always)


def chosen(shots: list[Shot], names: Sequence[str], source: Path | str) -> list[Shot]:
    """The shots of these names, in this order; all without names.

    Raises:
        InputError: a name is unknown.
    """
    known = {shot.name: shot for shot in shots}
    for name in names:
        if name not in known:
            raise unknown("clip", name, known, str(source))
    return [known[name] for name in names] or shots
