"""The films of a report: a few seconds of what the rat does, from a recording or played for it."""

import dataclasses
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from rodent.pages.page import Film
from rodent.recording import Rollout, open_recording
from rodent.render import RenderOptions, Shot, render_shots
from rodent.rollout import RecordConfig, record
from training.pages.subject import Subject

_SHOTS, _SECONDS = 3, 4.0  # of a film, and of each of its shots, at most
_OPTIONS = RenderOptions(size=(480, 360), fps=25.0)


def film_subject(subject: Subject, folder: Path) -> Film:
    """Let a policy play a clip of each of its first behaviors, and film it.

    Args:
        subject: whom.
        folder: for the result.

    Raises:
        NoOpenGLError: nothing can be drawn here.
        WorkError: it cannot be encoded.
    """
    folder.mkdir()
    clips = subject.clips.subset(clip.name for clip in _various(subject.clips))
    record(subject.policy, clips, folder / "film.h5", RecordConfig(content="states"))
    return film_recording(folder / "film.h5", folder / "film.mp4", subject.name)


def film_recording(recording: Path, out: Path, caption: str) -> Film:
    """Film the beginning of a rollout of each of a recording's first behaviors; errors as above.

    The reference is shown where all of them have one.
    """
    with open_recording(recording) as opened:
        rollouts = _various(opened.rollouts.values())
        ghost = all(rollout.has("reference") for rollout in rollouts)
        shots = [_shot(rollout, opened.fps) for rollout in rollouts]
        render_shots(opened.scene, shots, out, dataclasses.replace(_OPTIONS, ghost=ghost))
    told = "Blue is what the rat is asked to do." if ghost else "The recording has no reference to show."
    return Film(out, f"{caption} {told}")


class _Behaving(Protocol):
    @property
    def behavior(self) -> str: ...


_Shown = TypeVar("_Shown", bound=_Behaving)


def _various(shown: Iterable[_Shown]) -> list[_Shown]:
    """The first of each behavior, as many as are filmed."""
    first: dict[str, _Shown] = {}
    for one in shown:
        first.setdefault(one.behavior, one)
    return list(first.values())[:_SHOTS]


def _shot(rollout: Rollout, fps: float) -> Shot:
    frames = slice(0, min(rollout.n_frames, round(_SECONDS * fps)))
    qpos, reference, alive = (
        functools.partial(rollout.read, name, frames) for name in ("qpos", "reference", "alive")
    )
    return Shot(rollout.name, frames.stop, fps, qpos, reference, alive)
