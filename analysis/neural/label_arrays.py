"""Arrays of behavior labels: syllables of keypoint-moseq, regions of MotionMapper.

keypoint-moseq: HDF5 of `<recording>/syllable` (frames,). MotionMapper: a MAT file with `watershedRegions` or
`wr` (frames,), 0 between regions; of several recordings, `zValLens` are the frames and `zValNames` the names
(gordonberman/MotionMapper, `findWatershedRegions`; its Python version, `motionmapperpy`).
"""

from pathlib import Path
from typing import Any

import numpy as np

from analysis.neural.labels import Labels, chosen_recording, of_frames
from analysis.neural.seconds import whole_numbers
from analysis.neural.settings import LabelOptions
from rodent.arrays import numbers
from rodent.errors import InputError
from rodent.files import open_hdf5, reading
from rodent.keypoints.raw import names_of
from rodent.mat import load_mat
from rodent.reader import FileStart, Reader

SYLLABLES = ("syllable", "syllables")
REGIONS = ("watershedRegions", "wr")
LENGTHS, NAMES = "zValLens", "zValNames"


def _is_moseq(file: FileStart) -> bool:
    return any(file.has(f"{name}/{part}") for name in file.members for part in SYLLABLES)


def read_moseq(path: Path, options: LabelOptions) -> Labels:
    """Read the syllables of a recording.

    Raises:
        InputError: damaged, or there are several recordings of which none is chosen.
    """
    with reading(path), open_hdf5(path) as file:
        places = {name: part for name in file for part in SYLLABLES if f"{name}/{part}" in file}
        name = chosen_recording(tuple(places), options)
        values = file[f"{name}/{places[name]}"][()]
    labels = whole_numbers(values, f"{path}: {name}/{places[name]}")
    return of_frames(labels, options, [f"syllable {n}" for n in np.unique(labels).tolist()], None)


def _is_motion_mapper(file: FileStart) -> bool:
    return (file.is_mat or file.is_hdf5) and bool(set(REGIONS) & set(file.members))


def read_motion_mapper(path: Path, options: LabelOptions) -> Labels:
    """Read the regions of a recording.

    Raises:
        InputError: damaged, or there are several recordings of which none is chosen.
    """
    arrays = _arrays(path)
    which = next((name for name in REGIONS if name in arrays), None)
    if which is None:
        raise InputError(f"{path} has no array {' or '.join(REGIONS)}")
    labels = whole_numbers(arrays[which], f"{path}: {which}")
    labels = labels[_frames(arrays, len(labels), options, path)]
    return of_frames(labels, options, [f"region {n}" for n in np.unique(labels).tolist()], 0)


def _arrays(path: Path) -> dict[str, Any]:
    names = (*REGIONS, LENGTHS, NAMES)
    if FileStart.of(path).is_mat:
        return load_mat(path, names)
    with reading(path), open_hdf5(path) as file:
        return {name: file[name][()] for name in names if hasattr(file.get(name), "shape")}


def _frames(arrays: dict[str, Any], total: int, options: LabelOptions, path: Path) -> slice:
    """The frames of the recording that is used."""
    if LENGTHS not in arrays:
        return slice(0, total)
    lengths = np.ravel(numbers(arrays[LENGTHS], f"{path}: {LENGTHS}"))
    if lengths.sum() != total or (lengths < 0).any():
        raise InputError(f"{path}: {LENGTHS} adds up to {lengths.sum():g} frames; there are {total}")
    names = tuple(map(str, range(1, len(lengths) + 1)))
    if NAMES in arrays and np.size(arrays[NAMES]) == len(lengths):
        given = tuple(name for cell in np.ravel(arrays[NAMES]) for name in names_of(cell)[:1])
        names = given if len(set(given)) == len(lengths) else names
    at = names.index(chosen_recording(names, options))
    start = int(lengths[:at].sum())
    return slice(start, start + int(lengths[at]))


MOSEQ = Reader("HDF5 of keypoint-moseq", _is_moseq, read_moseq)
MOTION_MAPPER = Reader("MAT of MotionMapper", _is_motion_mapper, read_motion_mapper)
