"""Session files of Aldarondo et al. (Nature 632, 594, 2024; Harvard Dataverse, doi 10.7910/DVN/FB0MZT).

One HDF5 file per session: `pose/keypoints` (frames, 3, 23) in millimetres, DANNCE's keypoints in
DANNCE's order and without their names, 50 frames per second; `behavior/motion_mapper` (frames,), the
number of each frame's behavior, counted from 1 in a list of names that is an attribute of it. Frames
of a behavior called TrackingError, or marked with (check), were tracked wrongly: they become missing.
"""

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np

from rodent.arrays import numbers
from rodent.errors import InputError
from rodent.files import open_hdf5, reading
from rodent.keypoints.raw import Layout, RawKeypoints, in_order, names_of
from rodent.reader import Reader
from rodent.reading_config import KeypointOptions

FPS = 50.0  # the bins of the spikes beside them are 20 ms
ORDERS = ("fck", "fkc")
POINTS, LABELS = "pose/keypoints", "behavior/motion_mapper"

_WRONG = re.compile(r"tracking\W*error|\(check\)", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class BehaviorLabels:
    """Behavior labels of all frames.

    Attributes:
        numbers: of each frame's behavior, counted from 1, shape (frames,).
        names: of behaviors 1, 2, …
    """

    numbers: np.ndarray
    names: tuple[str, ...]

    @property
    def wrong(self) -> np.ndarray:
        """Whether a frame's label says that it was tracked wrongly, bool, shape (frames,)."""
        wrong = [number for number, name in enumerate(self.names, start=1) if _WRONG.search(name)]
        return np.isin(self.numbers, wrong)


def read(path: Path, options: KeypointOptions) -> RawKeypoints:
    """Read the keypoints of a session.

    Raises:
        InputError: damaged, of other shapes, or its labels have no names that tell which are wrong.
    """
    layout = Layout(ORDERS, len(options.expected), options.animal)
    with reading(path), open_hdf5(path) as file:
        if not hasattr(file[POINTS], "shape"):
            raise InputError(f"{path}: {POINTS} is a group; a dataset is expected")
        points = in_order(file[POINTS][()], layout, f"{path}: {POINTS}")
        labels = file.get(LABELS)
        if hasattr(labels, "shape"):
            points[read_labels(labels, len(points), f"{path}: {LABELS}").wrong] = np.nan
    return RawKeypoints(points, units="mm", fps=FPS)


def read_labels(dataset: Any, frames: int, what: str) -> BehaviorLabels:
    """Read a session's behaviors.

    Args:
        dataset: an open HDF5 dataset.
        frames: expected number.
        what: file and dataset, for messages.

    Raises:
        InputError: of another shape, not counted from 1, or without a name for each.
    """
    values = numbers(dataset[()], what)
    whole = values.size == frames == max(values.shape, default=0) and (values == np.floor(values)).all()
    if not whole:
        raise InputError(
            f"{what} has shape {values.shape}; ({frames},) whole numbers are expected, one per frame"
        )
    values = values.ravel()
    if values.min() < 1:
        raise InputError(
            f"{what} is {values.min():g} in frame {int(values.argmin())}, but behaviors are counted from 1: "
            "the labels are off by one; add 1 to all of them"
        )
    lists = [names_of(value) for value in dataset.attrs.values() if _is_text(value)]
    names = next((names for names in lists if len(names) >= max(values.max(), 2)), None)
    if names is None:
        raise InputError(
            f"{what} has labels up to {values.max():g} and no attribute with a name for each, so that frames "
            "tracked wrongly cannot be told; save the keypoints as npz, without labels"
        )
    return BehaviorLabels(values.astype(np.int64), names)


def _is_text(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "SUO"


READER = Reader("session of Aldarondo et al. (2024)", lambda file: file.has(POINTS), read)
