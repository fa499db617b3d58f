"""MAT files of DANNCE and sDANNCE: `pred`, and optionally `p_max`.

`pred` is (frames, 3, K) or (frames, 1, 3, K), in the calibration's unit, mostly millimetres.
`p_max` (frames, K) is the peak of each keypoint's probability map: a confidence. Names and frame
rate are not in the file. Layout as in spoonsso/dannce, `dannce/engine/inference.py`, and in the
loader of talmolab/stac-mjx, `stac_mjx/io.py`.

MATLAB itself saves as HDF5 since version 7.3, with the axes in reverse order.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rodent.arrays import numbers
from rodent.errors import InputError
from rodent.files import open_hdf5, read_mat, reading
from rodent.keypoints.raw import RawKeypoints, in_order

VARIABLES = ("pred", "p_max")
ORDERS = ("fck", "fack")


def read_matlab(path: Path, count: int | None) -> RawKeypoints:
    """Read a MAT file of version 5 to 7.2.

    Args:
        path: the file.
        count: number of keypoints, if known.

    Raises:
        InputError: damaged, without `pred`, or of another shape.
    """
    variables = read_mat(path, "pred", VARIABLES, "where DANNCE puts its keypoints")
    return _of_variables(variables, count, path)


def read_matlab_hdf5(path: Path, count: int | None) -> RawKeypoints:
    """Read a MAT file of version 7.3, or other HDF5 with a dataset `pred`.

    Raises:
        InputError: damaged, or `pred` is no dataset or of another shape.
    """
    with reading(path), open_hdf5(path) as file:
        datasets = {name: file[name] for name in VARIABLES if hasattr(file.get(name), "shape")}
        variables = {
            name: dataset[()].T if "MATLAB_class" in dataset.attrs else dataset[()]
            for name, dataset in datasets.items()
        }
    if "pred" not in variables:
        raise InputError(f"{path}: pred is a group; a dataset is expected")
    return _of_variables(variables, count, path)


def _of_variables(variables: dict[str, Any], count: int | None, path: Path) -> RawKeypoints:
    points = in_order(variables["pred"], ORDERS, count, f"{path}: pred")
    if "p_max" not in variables:
        return RawKeypoints(points)
    confidence = numbers(variables["p_max"], f"{path}: p_max")
    if np.squeeze(confidence).shape != points.shape[:2]:
        raise InputError(f"{path}: p_max has shape {confidence.shape}; {points.shape[:2]} is expected")
    return RawKeypoints(points, confidence=np.squeeze(confidence))
