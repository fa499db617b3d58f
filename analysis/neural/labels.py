"""Behavior labels from a file of their own, as epochs of a session.

    session = with_labels(session, LabelOptions(Path("monday.csv"), offset=12.5))
    session.epochs["labels/rearing"]

Formats are those of `analysis.parts.LABEL_READERS`.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from analysis.neural.interval_table import IntervalTable, epochs_of
from analysis.neural.session import NeuralSession
from analysis.neural.settings import LabelOptions
from analysis.parts import LABEL_READERS
from rodent.errors import InputError, unknown
from rodent.files import reading
from rodent.reader import FileStart, descriptions, recognised

TABLE = "labels"
"""Name of the table of epochs."""


@dataclasses.dataclass(frozen=True)
class Labels:
    """Intervals of behavior."""

    edges: np.ndarray
    """Start and stop of each, seconds from the beginning of the labels, shape (n, 2)."""
    names: tuple[str, ...]
    """Behavior of each interval."""
    notes: tuple[str, ...] = ()
    """What a user should know of the file."""


def with_labels(session: NeuralSession, options: LabelOptions) -> NeuralSession:
    """The session with the labels of a file as epochs; unchanged if the options name no file.

    Raises:
        InputError: the file is missing, damaged, of no known format, or without any interval; or the labels
            and the spikes do not overlap in time.
    """
    if options.file is None:
        if options != LabelOptions():
            raise InputError("--labels.fps, .offset, .recording and .format need --labels.file")
        return session
    labels = read_labels(options)
    edges = labels.edges + options.offset
    first, last = session.span
    if edges[:, 0].min() > last or edges[:, 1].max() < first:
        raise InputError(
            f"{options.file}: the labels, {edges.min():g} to {edges.max():g} s, and the spikes, {first:g} to "
            f"{last:g} s, do not overlap; check --labels.offset"
        )
    tables = {**session.tables, TABLE: IntervalTable(edges, {"behavior": np.array(labels.names, str)})}
    epochs, notes = epochs_of({TABLE: tables[TABLE]})
    return dataclasses.replace(
        session,
        tables=tables,
        epochs={**session.epochs, **epochs},
        notes=(*session.notes, *labels.notes, *notes),
    )


def read_labels(options: LabelOptions) -> Labels:
    """Read a file of behavior labels; errors as for `with_labels`."""
    file = FileStart.of(options.file or "")
    reader = recognised(LABEL_READERS, file, options.format)
    if reader is None:
        raise InputError(
            f"{file.path} is no file of behavior labels; formats are: {descriptions(LABEL_READERS)}"
        )
    with reading(file.path):
        labels = reader.read(file.path, options)
    if not len(labels.edges):
        raise InputError(f"{file.path} has no interval of any behavior")
    return labels


def of_frames(labels: np.ndarray, options: LabelOptions, names: Sequence[str], none: int | None) -> Labels:
    """Intervals of labels of one number per frame.

    Args:
        labels: whole numbers, shape (frames,).
        options: with the frame rate.
        names: of the numbers, in the order of the sorted numbers that occur.
        none: the number of frames without a behavior.

    Raises:
        InputError: the frame rate is not given.
    """
    if options.fps is None:
        raise InputError(f"{options.file} has a label per frame and no frame rate; give it: --labels.fps")
    _, which = np.unique(labels, return_inverse=True)
    starts = np.flatnonzero(np.diff(which, prepend=-1))
    edges = np.column_stack([starts, np.append(starts[1:], len(labels))]) / options.fps
    kept = np.ones(len(starts), bool) if none is None else labels[starts] != none
    each = [names[i] for i in which[starts[kept]].tolist()]
    return Labels(edges[kept], tuple(each))


def chosen_recording(names: Sequence[str], options: LabelOptions) -> str:
    """The recording whose labels are used.

    Raises:
        InputError: there are several and none is chosen, or there is none of the name.
    """
    if not options.recording and len(names) == 1:
        return names[0]
    if not options.recording:
        raise InputError(
            f"{options.file} has labels of {len(names)} recordings: {', '.join(names)}; choose one: "
            "--labels.recording"
        )
    if options.recording not in names:
        raise unknown("recording", options.recording, names, f"{options.file} (--labels.recording)")
    return options.recording
