"""Clips as plain arrays.

npz: `qpos` (frames, 74) or (clips, frames, 74), and optionally `fps`, `scale`, `joint_names` (67,), and
`label` and `source` of each clip. npy: the poses alone.
"""

from pathlib import Path

import numpy as np

from rodent.arrays import number, numbers
from rodent.clips.raw import RawClip, RawClips, behavior_of, clean_name, split_clips
from rodent.errors import InputError
from rodent.npz import read_npy, read_npz
from rodent.reader import Reader
from rodent.reading_config import ImportOptions

FIELDS = ("qpos", "fps", "scale", "joint_names", "label", "source")


def read_archive(path: Path, options: ImportOptions) -> RawClips:
    """Read an npz.

    Raises:
        InputError: damaged, without poses, or of other shapes.
    """
    arrays, found = read_npz(path, FIELDS)
    if "qpos" not in arrays:
        raise InputError(f"{path} has no array 'qpos'; it has: {', '.join(found) or 'none'}")
    poses = split_clips(numbers(arrays["qpos"], f"{path}: qpos"), str(path))
    labels = _strings(arrays, "label", len(poses), path) or _numbered(path, len(poses))
    sources = _strings(arrays, "source", len(poses), path) or [path.name] * len(poses)
    names = arrays.get("joint_names")
    fps = number(arrays["fps"], f"{path}: fps") if "fps" in arrays else None
    return RawClips(
        clips=tuple(
            RawClip(
                clean_name(label), qpos, fps, behavior_of(label) if "label" in arrays else "", source=source
            )
            for label, qpos, source in zip(labels, poses, sources, strict=True)
        ),
        scale=number(arrays["scale"], f"{path}: scale") if "scale" in arrays else None,
        joint_names=None if names is None else tuple(str(name) for name in np.atleast_1d(names)),
    )


def read_array(path: Path, options: ImportOptions) -> RawClips:
    """Read an npy.

    Raises:
        InputError: damaged, or of another shape.
    """
    poses = split_clips(numbers(read_npy(path), f"{path}: the array"), str(path))
    labels = _numbered(path, len(poses))
    return RawClips(
        tuple(RawClip(clean_name(label), q, source=path.name) for label, q in zip(labels, poses, strict=True))
    )


def _strings(arrays: dict[str, np.ndarray], name: str, count: int, path: Path) -> list[str]:
    if name not in arrays:
        return []
    values = [str(value) for value in np.atleast_1d(arrays[name])]
    if len(values) != count:
        raise InputError(f"{path}: {name} has {len(values)} entries for {count} clip(s)")
    return values


def _numbered(path: Path, count: int) -> list[str]:
    stem = path.name.split(".")[0] or "clip"
    return [stem] if count == 1 else [f"{stem}_{i}" for i in range(count)]


NPZ = Reader("npz", lambda file: file.is_npz, read_archive)
NPY = Reader("npy", lambda file: file.start.startswith(b"\x93NUMPY"), read_array)
