"""MAT files of DANNCE and sDANNCE: `pred`, and optionally `p_max` and `sampleID`.

`pred` is (frames, 3, K) or (frames, animals, 3, K), in the calibration's unit, mostly millimetres.
`p_max` (frames, K) is the peak of each keypoint's probability map: a confidence. `sampleID` (frames,) are the
frames' numbers, or their times in milliseconds. Names and frame rate are not in the file. Layout as in
spoonsso/dannce, `dannce/engine/inference.py`, and in the loader of talmolab/stac-mjx, `stac_mjx/io.py`.

MATLAB itself saves as HDF5 since version 7.3, with the axes in reverse order.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rodent.arrays import numbers
from rodent.errors import InputError
from rodent.files import open_hdf5, reading
from rodent.keypoints.raw import Layout, RawKeypoints, confidence_of, in_order
from rodent.mat import load_mat
from rodent.reader import FileStart, Reader
from rodent.reading_config import KeypointOptions

VARIABLES = ("pred", "p_max", "sampleID")
ORDERS = ("fck", "fack")


def is_dannce(file: FileStart) -> bool:
    """Whether a MAT or HDF5 file has positions as DANNCE names them."""
    return (file.is_mat or file.is_hdf5) and "pred" in file.members


def read(path: Path, options: KeypointOptions) -> RawKeypoints:
    """Read a MAT file of any version, or other HDF5 with a dataset `pred`.

    Raises:
        InputError: damaged, without an array `pred`, or of another shape.
    """
    variables = load_mat(path, VARIABLES) if FileStart.of(path).is_mat else _of_hdf5(path)
    layout = Layout(ORDERS, len(options.expected), options.animal)
    points = in_order(variables["pred"], layout, f"{path}: pred")
    confidence = frames = None
    if "p_max" in variables:
        confidence = confidence_of(variables["p_max"], points, layout, f"{path}: p_max")
    if "sampleID" in variables:
        frames = numbers(variables["sampleID"], f"{path}: sampleID")
    return RawKeypoints(points, confidence=confidence, frame_numbers=frames)


def _of_hdf5(path: Path) -> dict[str, Any]:
    with reading(path), open_hdf5(path) as file:
        datasets = {name: file[name] for name in VARIABLES if hasattr(file.get(name), "shape")}
        variables = {name: array_of(dataset) for name, dataset in datasets.items()}
    if "pred" not in variables:
        raise InputError(f"{path}: pred is a group; a dataset is expected")
    return variables


def array_of(dataset: Any) -> np.ndarray:
    """An HDF5 dataset, with the axes as MATLAB had them if MATLAB wrote it."""
    return dataset[()].T if "MATLAB_class" in dataset.attrs else dataset[()]


READER = Reader("MAT of DANNCE", is_dannce, read)
