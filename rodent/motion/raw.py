"""Motion as a foreign file holds it, before it is converted."""

import contextlib
import dataclasses
import gzip
import json
import re
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

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
    """Frames per second; None where the file does not say."""
    behavior: str = ""
    subject: str = ""
    session: str = ""
    source: str = ""
    licence: str = ""
    keypoints: np.ndarray | None = None
    """Metres, shape (frames, K, 3)."""
    floor_shift: float = 0.0
    """Metres by which it was raised before."""


@dataclasses.dataclass(frozen=True)
class RawClips:
    """What a file says; None where it says nothing."""

    clips: tuple[RawClip, ...]
    scale: float | None = None
    joint_names: tuple[str, ...] | None = None
    root: Root = "walker"
    """The body whose pose qpos[:, :7] is."""
    keypoint_names: tuple[str, ...] = ()


def behavior_of(label: str) -> str:
    """The behaviour that a label names: its first word.

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


def numbers(values: Any, what: str) -> np.ndarray:
    """Values as float64, or an error that names them."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiu":
            raise TypeError(f"its type is {array.dtype}")
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{what} is not an array of numbers: {_line(error)}") from error


def number(value: Any, what: str) -> float:
    """A single number, or an error that names it."""
    array = numbers(value, what)
    if array.size != 1:
        raise InputError(f"{what} has shape {array.shape}; a single number is wanted")
    return float(array.reshape(()))


def split_clips(qpos: np.ndarray, where: str) -> list[np.ndarray]:
    """Poses of shape (frames, 74) or (clips, frames, 74), clip by clip."""
    if qpos.ndim not in (2, 3):
        raise InputError(
            f"{where}: qpos has shape {qpos.shape}; (frames, 74) or (clips, frames, 74) is wanted"
        )
    return [qpos] if qpos.ndim == 2 else list(qpos)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in one line what is wrong with a file that cannot be read or parsed.

    Libraries have many words for damage: h5py alone raises OSError, RuntimeError, KeyError
    and ValueError. Wrap only what reads.
    """
    try:
        yield
    except InputError:
        raise
    except PermissionError as error:
        raise InputError(f"cannot read {path}: permission denied") from error
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is truncated or damaged: {_line(error)}") from error
    except json.JSONDecodeError as error:
        raise InputError(f"{path} is not valid JSON: {_line(error)}") from error
    except RecursionError as error:
        raise InputError(f"{path} is nested too deeply to be a motion file") from error
    except MemoryError as error:
        raise InputError(f"{path} claims more data than fits in memory; is it damaged?") from error
    except (OSError, RuntimeError, KeyError, ValueError, tokenize.TokenError, SyntaxError) as error:
        if "allow_pickle" in str(error):
            raise InputError(
                f"{path} holds pickled Python objects, which can run code and are never read; "
                "save plain arrays of numbers and strings"
            ) from error
        raise InputError(f"{path} is damaged: {_line(error)}") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
