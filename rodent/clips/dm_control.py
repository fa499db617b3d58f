"""Motion capture as dm_control stores it: HDF5 of `<clip>/walkers/walker_0/{position, quaternion, joints}`.

Arrays are (numbers, frames). `position` is that of the torso, `quaternion` is w, x, y, z, and `joints` are
the hinges in the order of the body. The attribute `dt` of a clip is the time between frames, seconds. The
size of the body is not in the file. A file of one clip may have `walkers` at its top.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rodent.arrays import number, numbers
from rodent.clips.raw import RawClip, RawClips, behavior_of, clean_name
from rodent.errors import InputError
from rodent.files import open_hdf5, reading
from rodent.reader import FileStart, Reader
from rodent.reading_config import ImportOptions

WALKER = "walkers/walker_0"
PARTS = {"position": 3, "quaternion": 4, "joints": None}


def is_mocap(file: FileStart) -> bool:
    """Whether a clip of this file, or the file itself, has a walker."""
    return file.is_hdf5 and (file.has(WALKER) or any(file.has(f"{name}/{WALKER}") for name in file.members))


def read(path: Path, options: ImportOptions) -> RawClips:
    """Read all clips, in the order of their numbers.

    Raises:
        InputError: damaged, or a clip lacks one of its arrays or has other shapes.
    """
    with reading(path), open_hdf5(path) as file:
        places = {path.stem: file} if WALKER in file else {name: file[name] for name in file}
        clips = tuple(
            _clip(name, places[name], path)
            for name in sorted(places, key=_by_number)
            if hasattr(places[name], "keys") and WALKER in places[name]
        )
    return RawClips(clips, root="torso")


def _clip(name: str, group: Any, path: Path) -> RawClip:
    here = f"{path}: {name}/{WALKER}"
    walker = group[WALKER]
    if not hasattr(walker, "keys"):
        raise InputError(f"{here} is a dataset; a group of position, quaternion and joints is expected")
    arrays = [_array(walker, part, size, here) for part, size in PARTS.items()]
    frames = {len(array) for array in arrays}
    if len(frames) > 1:
        raise InputError(
            f"{here}: position, quaternion and joints have {', '.join(str(len(a)) for a in arrays)} frames; "
            "the same is expected"
        )
    dt = number(group.attrs["dt"], f"{path}: {name}, attribute dt") if "dt" in group.attrs else None
    if dt is not None and not 0 < dt < np.inf:
        raise InputError(f"{path}: {name}, attribute dt is {dt:g}; seconds between frames are expected")
    fps = None if dt is None else float(f"{1 / dt:.9g}")
    return RawClip(clean_name(name), np.concatenate(arrays, axis=1), fps, behavior_of(name), source=path.name)


def _array(walker: Any, part: str, size: int | None, here: str) -> np.ndarray:
    """One part of the pose, shape (frames, numbers)."""
    dataset = walker.get(part)
    if not hasattr(dataset, "shape"):
        raise InputError(f"{here} has no dataset {part}; it has: {', '.join(walker) or 'nothing'}")
    array = numbers(dataset[()], f"{here}/{part}")
    if array.ndim != 2 or size not in (None, array.shape[0]):
        raise InputError(f"{here}/{part} has shape {array.shape}; ({size or 'joints'}, frames) is expected")
    return array.T


def _by_number(name: str) -> tuple[str, int]:
    """Clip 10 after clip 9."""
    stem = name.rstrip("0123456789")
    return stem, int(name[len(stem) :] or 0)


READER = Reader("mocap HDF5 of dm_control", is_mocap, read)
