"""Session files of Aldarondo et al. (Nature 632, 594, 2024; Harvard Dataverse, doi 10.7910/DVN/FB0MZT).

One HDF5 file per session: `pose/keypoints` (frames, 3, 23) in millimetres, DANNCE's keypoints in
DANNCE's order and without their names, 50 frames per second; `behavior/motion_mapper` (frames,), the
number of each frame's behavior, counted from 1 in a list of names that is an attribute of it. Frames
of a behavior called TrackingError, or marked with (check), were tracked wrongly: they become missing.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np

from rodent.errors import InputError
from rodent.files import open_hdf5, reading
from rodent.motion.keypoints.raw import RawKeypoints, in_order, names_of
from rodent.motion.raw import numbers

FPS = 50.0  # the bins of the spikes beside them are 20 ms

_POINTS, _LABELS = "pose/keypoints", "behavior/motion_mapper"
_WRONG = re.compile(r"tracking\W*error|\(check\)", re.IGNORECASE)


def is_session(file: Any) -> bool:
    """Whether an open HDF5 file is one of these."""
    return hasattr(file.get(_POINTS), "shape")


def read_session(path: Path, count: int | None) -> RawKeypoints:
    """Read the keypoints of a session.

    Args:
        path: the file.
        count: how many keypoints there are, where that is known.

    Raises:
        InputError: damaged, of other shapes, or its labels have no names that tell which are wrong.
    """
    with reading(path), open_hdf5(path) as file:
        points = in_order(file[_POINTS][()], ("fck", "fkc"), count, f"{path}: {_POINTS}")
        labels = file.get(_LABELS)
        if hasattr(labels, "shape"):
            points[_tracked_wrongly(labels, len(points), f"{path}: {_LABELS}")] = np.nan
    return RawKeypoints(points, units="mm", fps=FPS)


def _tracked_wrongly(labels: Any, frames: int, what: str) -> np.ndarray:
    """Whether a frame's label says so, bool, shape (frames,)."""
    values = numbers(labels[()], what)
    if values.size != frames or max(values.shape, default=0) != frames:
        raise InputError(f"{what} has shape {values.shape}; ({frames},) is wanted, one per frame")
    lists = [names_of(value) for value in labels.attrs.values() if _is_text(value)]
    names = next((names for names in lists if len(names) >= max(values.max(), 2)), None)
    if names is None:
        raise InputError(
            f"{what} has labels up to {values.max():g} and no attribute with a name for each, so that frames "
            f"tracked wrongly cannot be told; save {_POINTS} as npz, without them"
        )
    wrong = [number for number, name in enumerate(names, start=1) if _WRONG.search(name)]
    return np.isin(values.ravel(), wrong)


def _is_text(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "SUO"
