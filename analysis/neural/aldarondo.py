"""Session files of Aldarondo et al. (Nature 632, 594, 2024; Harvard Dataverse, doi 10.7910/DVN/FB0MZT).

One HDF5 file of 62 to 370 MB per session, all at 50 Hz and on one clock:

- `ephys/spike_counts` (bins, columns), bytes. Most columns hold no neuron: those that do are in the
  attribute `active_units`, a mask of the columns or a list of them; `unique_labels` names columns.
- `pose/keypoints` (frames, 3, 23) in millimetres, `pose/qpos` (frames, 74).
- `behavior/motion_mapper` (frames,), the number of each frame's behavior, counted from 1 in a list of
  names that is an attribute of it. What is called TrackingError, or marked with (check), was tracked wrongly.

Neurons are not matched across sessions. The counts are read block by block, poses when asked for.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.neural.counts import read_counts
from analysis.neural.seconds import require_no_unit
from analysis.neural.session import Behavior, NeuralSession
from analysis.neural.settings import SpikeOptions
from analysis.neural.spikes import SpikeCounts
from analysis.neural.timeseries import epoch, runs, series
from rodent.arrays import numbers
from rodent.errors import InputError
from rodent.files import open_hdf5, reading
from rodent.keypoints.raw import Layout, in_order, names_of
from rodent.keypoints.session import FPS, LABELS, ORDERS, BehaviorLabels, read_labels
from rodent.keypoints.session import POINTS as KEYPOINTS
from rodent.progress import progress
from rodent.reader import FileStart, Reader

if TYPE_CHECKING:
    from analysis.neural.timeseries import Series

COUNTS, QPOS = "ephys/spike_counts", "pose/qpos"

_METRES = 1e-3  # the keypoints' unit


def is_session(file: FileStart) -> bool:
    """Whether a file is one of these, or means to be."""
    return file.is_hdf5 and "ephys" in file.members


def read_session_file(path: Path, options: SpikeOptions) -> NeuralSession:
    """Read a session.

    Raises:
        InputError: damaged, a dataset is missing or has another shape than the rest, no column is
            usable, or the behaviors are not counted from 1.
    """
    require_no_unit(options, path, "a session of Aldarondo et al.")
    with reading(path), open_hdf5(path) as file:
        counts = _dataset(file, COUNTS, path)
        if len(counts.shape) != 2:
            raise InputError(f"{path}: {COUNTS} has shape {counts.shape}; (bins, columns) is expected")
        columns, names = usable_columns(dict(counts.attrs), counts.shape[1], f"{path}: {COUNTS}")
        bins, width = counts.shape
        readers = {}
        for name, place, reader in (("qpos", QPOS, _qpos), ("keypoints", KEYPOINTS, _keypoints)):
            if place in file:
                _check_frames(_dataset(file, place, path), bins, f"{path}: {place}")
                readers[name] = functools.partial(reader, path)
        labels = _labels(file, bins, path)
        with progress("reading spikes", bins, "bins") as advance:
            kept = read_counts(counts, f"{path}: {COUNTS}", columns, advance)
    if not kept.any():
        raise InputError(
            f"{path}: there are no spikes, the counts of all {len(columns)} active units are zero"
        )
    notes = [f"{len(columns)} of {width} columns of counts hold neurons"]
    wrong = labels.wrong
    if wrong.any():
        notes.append(f"{wrong.sum() / FPS:g} of {bins / FPS:g} s were tracked wrongly and are left out")
    if not labels.names:
        notes.append(f"there is no {LABELS}, so that frames tracked wrongly cannot be told")
    edges_of = {name: runs(labels.numbers == n) / FPS for n, name in enumerate(labels.names, start=1)}
    return NeuralSession(
        path,
        "session of Aldarondo et al. 2024",
        SpikeCounts(path, kept, names, 1 / FPS, ~wrong if wrong.any() else None),
        table={"column": columns},
        epochs={name: epoch(edges) for name, edges in edges_of.items() if len(edges)},
        behavior=Behavior(readers),
        notes=tuple(notes),
    )


def usable_columns(
    attributes: Mapping[str, Any], width: int, what: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The columns of counts that hold neurons, and the neurons' names.

    Args:
        attributes: of the counts: `active_units`, a mask of the columns, their numbers counted from
            0, or their labels; and, if there, `unique_labels`, one for each column or active unit.
        width: number of columns.
        what: file and dataset, for messages.

    Raises:
        InputError: none is active, or it cannot be told which.
    """
    if "active_units" not in attributes:
        raise InputError(
            f"{what} has no attribute active_units, without which columns of neurons cannot be told from "
            "empty ones; save the good columns as npz with counts and bin_seconds"
        )
    active = np.ravel(attributes["active_units"])
    labels = np.ravel(attributes.get("unique_labels", np.arange(width)))
    if active.dtype.kind not in "biuf" or (active.dtype.kind == "f" and (active != np.floor(active)).any()):
        raise InputError(
            f"{what}: active_units has type {active.dtype}; a mask or numbers of columns are expected"
        )
    if active.dtype == bool or (len(active) == width and width > 1 and np.isin(active, (0, 1)).all()):
        if len(active) != width:
            raise InputError(f"{what}: active_units has {len(active)} entries for {width} columns")
        columns = np.flatnonzero(active)
    else:
        columns = _numbered(active.astype(np.int64), labels, width, what)
    if not len(columns):
        raise InputError(f"{what}: active_units says that none of {width} columns holds a neuron")
    named = {width: lambda: labels[columns], len(columns): lambda: labels}.get(len(labels), lambda: columns)()
    names = names_of(named)
    return columns, names if len(set(names)) == len(names) else names_of(columns)


def _numbered(active: np.ndarray, labels: np.ndarray, width: int, what: str) -> np.ndarray:
    """Columns of active units given by number: of the column or, where only that fits, its label."""
    by_label = {label: column for column, label in enumerate(labels.tolist())} if len(labels) == width else {}
    as_columns = active if ((active >= 0) & (active < width)).all() else None
    as_labels = np.array([by_label.get(label, -1) for label in active.tolist()], np.int64)
    if (as_labels < 0).any():
        if as_columns is None:
            raise InputError(f"{what}: active_units holds {active.max()}, but there are {width} columns")
        return np.unique(as_columns)
    if as_columns is not None and not np.array_equal(as_columns, as_labels):
        raise InputError(
            f"{what}: active_units may hold numbers of columns or labels of unique_labels, which lead to "
            "different columns; give a mask of the columns"
        )
    return np.unique(as_labels)


def _labels(file: Any, bins: int, path: Path) -> BehaviorLabels:
    """Each frame's behavior; none of them has a name where the file does not tell."""
    if LABELS not in file:
        return BehaviorLabels(np.zeros(bins, np.int64), ())
    dataset, what = _dataset(file, LABELS, path), f"{path}: {LABELS}"
    _check_frames(dataset, bins, what)
    labels = read_labels(dataset, bins, what)
    if len(set(labels.names)) < len(labels.names):
        raise InputError(f"{what}: its list of names has some twice; each behavior needs its own")
    return labels


def _qpos(path: Path) -> "Series":
    with reading(path), open_hdf5(path) as file:
        poses = numbers(file[QPOS][()], f"{path}: {QPOS}")
    return series(np.arange(len(poses)) / FPS, poses, None, f"{path}: {QPOS}")


def _keypoints(path: Path) -> "Series":
    with reading(path), open_hdf5(path) as file:
        points = in_order(file[KEYPOINTS][()], Layout(ORDERS), f"{path}: {KEYPOINTS}")
    return series(np.arange(len(points)) / FPS, points * _METRES, None, f"{path}: {KEYPOINTS}")


def _dataset(file: Any, place: str, path: Path) -> Any:
    dataset = file.get(place)
    if not hasattr(dataset, "shape"):
        found: list[str] = []
        file.visit(found.append)
        raise InputError(f"{path} has no dataset {place}; it has: {', '.join(found[:12]) or 'nothing'}")
    return dataset


def _check_frames(dataset: Any, bins: int, what: str) -> None:
    if not dataset.shape or len(dataset) != bins:
        raise InputError(
            f"{what} has shape {dataset.shape}, {COUNTS} {bins} bins; both must have a row per 20 ms of one "
            "session"
        )


READER = Reader("session of Aldarondo et al. (2024)", is_session, read_session_file)
