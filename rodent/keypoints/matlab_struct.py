"""MAT files with a struct of one field per keypoint, each (frames, 3) or (3, frames).

DANNCE writes such `predictions`, with `sampleID` beside the keypoints; Rat7M has `mocap`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rodent.arrays import numbers
from rodent.errors import InputError
from rodent.files import open_hdf5, reading
from rodent.keypoints.matlab import array_of
from rodent.keypoints.raw import RawKeypoints, require_animal
from rodent.mat import load_mat
from rodent.reader import FileStart, Reader
from rodent.reading_config import KeypointOptions

FRAME_NUMBERS = "sampleID"


def is_matlab(file: FileStart) -> bool:
    """Whether this is a MAT file of any version."""
    return file.is_mat or (file.is_hdf5 and b"MATLAB" in file.start[:128])


def read(path: Path, options: KeypointOptions) -> RawKeypoints:
    """Read the keypoints of a struct.

    Raises:
        InputError: damaged; there is no struct of keypoints, or there are several; or the keypoints do not
            have the same frames.
    """
    file = FileStart.of(path)
    structs = _structs(path, file.members) if file.is_mat else _structs_of_hdf5(path)
    fields = {name: _keypoints(struct) for name, struct in structs.items()}
    found = [name for name, keypoints in fields.items() if len(keypoints) >= 2]
    if not found:
        raise InputError(
            f"{path} has no variable 'pred', where DANNCE puts its keypoints, and no struct with a field per "
            f"keypoint of shape (frames, 3); it has: {', '.join(file.members) or 'nothing'}"
        )
    chosen = require_animal(options.animal, found, path.name) if len(found) > 1 else found[0]
    keypoints = fields[chosen]
    arrays = {name: _points(values, f"{path}: {chosen}.{name}") for name, values in keypoints.items()}
    lengths = {name: len(points) for name, points in arrays.items()}
    first = next(iter(lengths))
    for name, length in lengths.items():
        if length != lengths[first]:
            raise InputError(
                f"{path}: {chosen}.{first} has {lengths[first]} frames and {chosen}.{name} has {length}; all "
                "keypoints must have the same"
            )
    frames = structs[chosen].get(FRAME_NUMBERS)
    return RawKeypoints(
        np.stack(list(arrays.values()), axis=1),
        tuple(arrays),
        frame_numbers=None if frames is None else numbers(frames, f"{path}: {chosen}.{FRAME_NUMBERS}"),
    )


def _structs(path: Path, variables: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Fields of the structs of a MAT file of version 5."""
    found = {name: values for name, values in load_mat(path, variables).items() if name in variables}
    return {
        name: {field: values[field].flat[0] for field in values.dtype.names}
        for name, values in found.items()
        if isinstance(values, np.ndarray) and values.dtype.names and values.size == 1
    }


def _structs_of_hdf5(path: Path) -> dict[str, dict[str, Any]]:
    with reading(path), open_hdf5(path) as file:
        groups = {name: file.get(name) for name in file if not name.startswith("#")}
        return {
            name: {
                field: array_of(group[field])
                for field in group
                if hasattr(group.get(field), "shape") and group[field].dtype.kind in "iuf"
            }
            for name, group in groups.items()
            if hasattr(group, "keys")
        }


def _keypoints(struct: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The fields that are positions."""
    return {
        name: values
        for name, values in struct.items()
        if isinstance(values, np.ndarray)
        and values.dtype.kind in "iuf"
        and values.ndim == 2
        and 3 in values.shape
        and min(values.shape) > 1
        and name != FRAME_NUMBERS
    }


def _points(values: np.ndarray, what: str) -> np.ndarray:
    """Positions of one keypoint, shape (frames, 3)."""
    if values.shape == (3, 3):
        raise InputError(f"{what} has shape (3, 3): which axis is the frames is unclear; more are needed")
    return numbers(values if values.shape[1] == 3 else values.T, what)


READER = Reader("MAT struct with a field per keypoint", is_matlab, read)
