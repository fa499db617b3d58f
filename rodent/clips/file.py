"""The clip file.

    write_clips(clips, "copy.h5")
    clips = load_clip_file(Path("copy.h5"))

A clip file is HDF5 of schema `virtual-rodent/clips`, version 1. File attributes: `schema`,
`version`, `scale` (the body's size relative to dm_control's rat), `joint_names` (67) and, where the body
is not the rat's, `proportions` (sizes of trunk, head, limbs and tail relative to `scale`).
Group `clips/<name>`: datasets `qpos` (frames, 74), `qvel` (frames, 73) and, where there are
keypoints, `keypoints` (frames, K, 3), `residuals` (frames, K) and `keypoint_offsets` (K, 3);
attributes `name`, `fps`, `behavior`, `subject`, `session`, `source`, `licence`, `floor_shift`,
and `keypoint_names` and `keypoint_bodies`. All in metres, radians and seconds.
"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.body_config import RAT_PROPORTIONS, Proportions
from rodent.clips.clip import Clip, ClipSet
from rodent.clips.validate import check_clip_set
from rodent.errors import InputError, naming
from rodent.files import open_hdf5, reading
from rodent.hdf5 import new_hdf5

if TYPE_CHECKING:
    import h5py

    from rodent.scene import Scene

SCHEMA, VERSION = "virtual-rodent/clips", 1
_TEXTS = ("behavior", "subject", "session", "source", "licence")


def write_clips(clip_set: ClipSet, path: str | Path, body: "Scene | None" = None) -> None:
    """Write a clip file; on any error an existing file at `path` is unchanged.

    Args:
        clip_set: the clips.
        path: of the file.
        body: that they are of; None for the rat of their scale.

    Raises:
        InputError: the clips are not sound, or the path cannot be written.
    """
    path = Path(path)
    check_clip_set(clip_set, f"cannot write {path}", body)
    # since HDF5 1.8 metadata have checksums, so that damage is noticed and not read
    with new_hdf5(path, libver=("v108", "v108")) as file:
        file.attrs.update(schema=SCHEMA, version=VERSION, scale=float(clip_set.scale))
        file.attrs["joint_names"] = _fixed(clip_set.joint_names)
        if clip_set.proportions != RAT_PROPORTIONS:
            file.attrs["proportions"] = dataclasses.astuple(clip_set.proportions)
        groups = file.create_group("clips", track_order=True)
        for clip in clip_set:
            _write_clip(groups.create_group(clip.name), clip)


def is_clip_file(path: Path) -> bool:
    """Whether this is HDF5 that states any schema; a truncated file raises InputError."""
    import h5py

    if not h5py.is_hdf5(path):
        return False
    with reading(path), open_hdf5(path) as file:
        return "schema" in file.attrs


def load_clip_file(path: Path) -> ClipSet:
    """The contents of a clip file; the motion is not checked yet."""
    with reading(path), open_hdf5(path, SCHEMA, VERSION) as file:
        for name in ("scale", "joint_names"):
            if name not in file.attrs:
                raise InputError(f"{path} has no attribute {name!r}; write it with `rodent clips import`")
        groups = file.get("clips")
        if groups is None or not hasattr(groups, "items"):
            raise InputError(f"{path} has no group 'clips'")
        clips = tuple(_read_clip(name, group, f"{path}: clip {name!r}") for name, group in groups.items())
        scale = _number(file.attrs["scale"], f"{path}: attribute 'scale'")
        joint_names = _texts(file.attrs["joint_names"])
        sizes = np.atleast_1d(file.attrs.get("proportions", (1.0, 1.0, 1.0, 1.0)))
    if sizes.shape != (4,) or sizes.dtype.kind not in "fiu":
        raise InputError(
            f"{path}: attribute 'proportions' is {sizes}; the sizes of trunk, head, limbs and tail "
            "are expected"
        )
    with naming(path):
        return ClipSet(clips, scale, joint_names, Proportions(*sizes.tolist()))


def _read_clip(name: str, group: Any, here: str) -> Clip:
    if not hasattr(group, "keys"):
        raise InputError(f"{here} is a dataset; a group with qpos is expected")
    if "qpos" not in group:
        raise InputError(f"{here} has no dataset 'qpos'; it has: {', '.join(map(str, group)) or 'nothing'}")
    for attribute in ("name", "fps"):
        if attribute not in group.attrs:
            raise InputError(f"{here} has no attribute {attribute!r}")
    stated = _text(group.attrs["name"])
    if stated != name:
        raise InputError(f"{here}: its attribute 'name' is {stated!r}; it must be the group's name")
    return Clip(
        name=name,
        qpos=_array(group["qpos"], f"{here}: qpos"),
        fps=_number(group.attrs["fps"], f"{here}: attribute 'fps'"),
        floor_shift=_number(group.attrs.get("floor_shift", 0.0), f"{here}: attribute 'floor_shift'"),
        qvel=_optional(group, "qvel", here),
        keypoints=_optional(group, "keypoints", here),
        keypoint_names=_texts(group.attrs.get("keypoint_names", ())),
        residuals=_optional(group, "residuals", here),
        keypoint_bodies=_texts(group.attrs.get("keypoint_bodies", ())),
        keypoint_offsets=_optional(group, "keypoint_offsets", here),
        **{text: _text(group.attrs.get(text, "")) for text in _TEXTS},
    )


def _write_clip(group: "h5py.Group", clip: Clip) -> None:
    group.attrs.update(fps=float(clip.fps), floor_shift=float(clip.floor_shift))
    for text in ("name", *_TEXTS):
        group.attrs[text] = _fixed(getattr(clip, text))
    for names in ("keypoint_names", "keypoint_bodies"):
        if clip.keypoints is not None and getattr(clip, names):
            group.attrs[names] = _fixed(getattr(clip, names))
    for name in ("qpos", "qvel", "keypoints", "residuals", "keypoint_offsets"):
        array = getattr(clip, name)
        if array is not None:
            values = np.asarray(array, np.float64)
            packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True, "fletcher32": True}
            group.create_dataset(name, data=values, **packed)


def _fixed(texts: str | tuple[str, ...]) -> np.ndarray:
    """UTF-8 of fixed length: unlike variable-length strings it is covered by the checksums."""
    import h5py

    encoded = np.array([t.encode() for t in texts] if isinstance(texts, tuple) else texts.encode())
    return encoded.astype(h5py.string_dtype("utf-8", max(encoded.dtype.itemsize, 1)))


def _optional(group: Any, name: str, here: str) -> np.ndarray | None:
    return _array(group[name], f"{here}: {name}") if name in group else None


def _array(dataset: Any, what: str) -> np.ndarray:
    if not hasattr(dataset, "dtype") or dataset.dtype.kind not in "fiu":
        raise InputError(f"{what} is not an array of numbers")
    return np.asarray(dataset[()], np.float64)


def _number(value: Any, what: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} is {value!r}; a number is expected") from error


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(_text(v) for v in np.atleast_1d(np.asarray(values, dtype=object)))
