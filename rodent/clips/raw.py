"""Motion as stored in a foreign file, before conversion."""

import dataclasses
import re
from typing import Literal

import numpy as np

from rodent.errors import InputError

Root = Literal["walker", "torso"]


@dataclasses.dataclass(frozen=True)
class RawClip:
    """One clip of a foreign file."""

    name: str
    qpos: np.ndarray
    """Poses as stored, shape (frames, 74) if the file is right."""
    fps: float | None = None
    """Frames per second; None if the file does not state it."""
    behavior: str = ""
    subject: str = ""
    session: str = ""
    source: str = ""
    licence: str = ""
    keypoints: np.ndarray | None = None
    """Metres, shape (frames, K, 3)."""
    residuals: np.ndarray | None = None
    """Metres, shape (frames, K)."""
    keypoint_bodies: tuple[str, ...] = ()
    keypoint_offsets: np.ndarray | None = None
    """Metres, shape (K, 3)."""
    floor_shift: float = 0.0
    """Height added by an earlier import, metres."""


@dataclasses.dataclass(frozen=True)
class RawClips:
    """The contents of a file; None where the file does not state a value."""

    clips: tuple[RawClip, ...]
    scale: float | None = None
    joint_names: tuple[str, ...] | None = None
    root: Root = "walker"
    """The body whose pose qpos[:, :7] is."""
    keypoint_names: tuple[str, ...] = ()


def behavior_of(label: str) -> str:
    """The behavior that a label names: its first word.

    >>> [behavior_of(x) for x in ("RGroom_4", "Walk_half_circle(84)", "clip_0093", "7")]
    ['RGroom', 'Walk', '', '']
    """
    word = re.match(r"[A-Za-z]+", label)
    return "" if word is None or word[0].lower() == "clip" else word[0]


def clean_name(label: str) -> str:
    """A label as a clip's name, of letters, digits, '.', '-' and '_'.

    >>> clean_name("Walk_half_circle(84)")
    'Walk_half_circle_84'
    """
    return re.sub(r"[^A-Za-z0-9.-]+", "_", label).strip("_.")


def split_clips(qpos: np.ndarray, where: str) -> list[np.ndarray]:
    """Poses of shape (frames, 74) or (clips, frames, 74), clip by clip."""
    if qpos.ndim not in (2, 3):
        raise InputError(
            f"{where}: qpos has shape {qpos.shape}; (frames, 74) or (clips, frames, 74) is expected"
        )
    return [qpos] if qpos.ndim == 2 else list(qpos)
