"""Motion as stored in a foreign file, before conversion."""

import dataclasses
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

from rodent.errors import InputError
from rodent.reading_config import Root


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
    """The behavior that a label names: its first word, in any script.

    >>> [behavior_of(x) for x in ("RGroom_4", "Walk_half_circle(84)", "clip_0093", "7", "歩く_2")]
    ['RGroom', 'Walk', '', '', '歩く']
    """
    word = re.match(r"[^\W\d_]+", unicodedata.normalize("NFC", label))
    return "" if word is None or word[0].lower() == "clip" else word[0]


def clean_name(label: str) -> str:
    """A label as a clip's name: letters of any script, digits, '.', '-' and '_'; `clip` if none is left.

    >>> clean_name("Walk_half_circle(84)"), clean_name("歩く 2"), clean_name("???")
    ('Walk_half_circle_84', '歩く_2', 'clip')
    """
    return re.sub(r"[^\w.-]+|_+", "_", unicodedata.normalize("NFC", label)).strip("_.") or "clip"


def distinct(names: Sequence[str]) -> list[str]:
    """The names, with numbers behind those that repeat.

    >>> distinct(["Walk", "Rear", "Walk"])
    ['Walk_0', 'Rear', 'Walk_1']
    """
    counts, taken = Counter(names), set(names)
    found, number = [], Counter[str]()
    for name in names:
        new = name
        while counts[name] > 1 and new in taken:
            new, number[name] = f"{name}_{number[name]}", number[name] + 1
        taken.add(new)
        found.append(new)
    return found


def split_clips(qpos: np.ndarray, where: str) -> list[np.ndarray]:
    """Poses of shape (frames, 74) or (clips, frames, 74), clip by clip."""
    if qpos.ndim not in (2, 3):
        raise InputError(
            f"{where}: qpos has shape {qpos.shape}; (frames, 74) or (clips, frames, 74) is expected"
        )
    return [qpos] if qpos.ndim == 2 else list(qpos)
