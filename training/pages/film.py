"""The videos of a report: a few seconds of the rat, from a recording or a new rollout."""

import dataclasses
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from rodent.pages.page import Film
from rodent.recording import Rollout, open_recording
from rodent.render import RenderOptions, Shot, recorded_targets, render_shots
from rodent.rollouts import RecordConfig, record
from training.pages.subject import Subject, TrackingSubject

_SHOTS, _SECONDS = 3, 4.0  # most shots of a video; longest shot
_OPTIONS = RenderOptions(size=(480, 360), fps=25.0)


def film_subject(subject: Subject, folder: Path) -> Film:
    """Play a clip of each of the first behaviors with a policy, or episodes of its task; render a video.

    Args:
        subject: the policy, with clips if its task has them.
        folder: for the video.

    Raises:
        NoOpenGLError: nothing can be rendered on this machine.
        WorkError: the video cannot be encoded.
    """
    folder.mkdir()
    if isinstance(subject, TrackingSubject):
        clips = subject.clips.subset(clip.name for clip in _various(subject.clips))
        config = RecordConfig(content="states")
    else:
        clips, config = None, RecordConfig(content="states", episodes=_SHOTS)
    record(subject.policy, clips, folder / "film.h5", config)
    return film_recording(folder / "film.h5", folder / "film.mp4", f"{subject.name}.")


def film_recording(recording: Path, out: Path, caption: str) -> Film:
    """Render the start of a rollout of each of the first behaviors in a recording; errors as above.

    The reference is shown if all of these rollouts have one.
    """
    with open_recording(recording) as opened:
        rollouts = _various(opened.rollouts.values())
        if len(rollouts) == 1:
            rollouts = list(opened.rollouts.values())[:_SHOTS]
        ghost = all(rollout.has("reference") for rollout in rollouts)
        shots = [_shot(rollout, opened.fps) for rollout in rollouts]
        render_shots(opened.scene, shots, out, dataclasses.replace(_OPTIONS, ghost=ghost))
    return Film(out, f"{caption} The reference is blue." if ghost else caption)


class _Behaving(Protocol):
    @property
    def behavior(self) -> str: ...


_Shown = TypeVar("_Shown", bound=_Behaving)


def _various(shown: Iterable[_Shown]) -> list[_Shown]:
    """The first of each behavior, at most as many as there are shots."""
    first: dict[str, _Shown] = {}
    for one in shown:
        first.setdefault(one.behavior, one)
    return list(first.values())[:_SHOTS]


def _shot(rollout: Rollout, fps: float) -> Shot:
    frames = slice(0, min(rollout.n_frames, round(_SECONDS * fps)))
    qpos, reference, alive = (
        functools.partial(rollout.read, name, frames) for name in ("qpos", "reference", "alive")
    )
    targets = recorded_targets(rollout, frames)
    return Shot(rollout.name, frames.stop, fps, qpos, reference, alive, targets=targets)
