"""Events that the session's file tells of: the beginnings and ends of its epochs, and times in its tables.

    times = file_events(session)
    times["trials/start"], times["trials/cue_time"]     # seconds on the spikes' clock, in order

Of an NWB file:

- every table of intervals, such as trials: `TABLE/start` and `TABLE/stop`, and `TABLE/COLUMN` for each column
  that holds times, that is, values within their row's interval;
- the same of each kind of interval that a column of texts names, `TABLE/KIND/start`, or, where two columns
  use the same text, `TABLE/COLUMN=KIND/start`; columns of true and false and of whole numbers are kinds as
  well, `TABLE/COLUMN=VALUE/start`;
- every `EventsTable`, `AnnotationSeries` and series of `BehavioralEvents` by its name, and each of its texts.

Of other files: `EPOCH/start` and `EPOCH/stop`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from analysis.neural.nwb import open_nwb
from analysis.neural.session import NeuralSession

_MOST_KINDS = 50  # different values in a column that are taken for kinds
_SLACK = 1.0  # seconds by which a time in a table may lie outside of its interval, as a cue before it does
_FEWEST = 3  # times in a column; fewer lie within their intervals by chance
_BOUNDS = ("start_time", "stop_time")


def file_events(session: NeuralSession) -> dict[str, np.ndarray]:
    """Times of all events that the session's file tells of, by name; seconds on the spikes' clock, in order.

    Raises:
        InputError: the file cannot be read.
    """
    if session.kind == "NWB":
        return _nwb_events(session.path)
    found = {}
    for name, epoch in session.epochs.items():
        found[f"{name}/start"] = np.asarray(epoch.start, float)
        found[f"{name}/stop"] = np.asarray(epoch.end, float)
    return found


def interval_events(name: str, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Events of one table of intervals.

    Args:
        name: of the table.
        columns: arrays with one value per row, `start_time` and `stop_time` among them; a column of lists of
            times has an object per row.
    """
    start, stop = (np.asarray(columns[bound], float) for bound in _BOUNDS)
    ends = {"start": start, "stop": stop}
    found = {f"{name}/{end}": _in_order(times) for end, times in ends.items()}
    others = {key: values for key, values in columns.items() if key not in _BOUNDS}
    for key, values in others.items():
        times, rows = _flat(values)
        if are_times(times, start[rows], stop[rows]):
            found[f"{name}/{key}"] = _in_order(times)
    for kind, rows in _kinds(name, others):
        found |= {f"{kind}/{end}": _in_order(times[rows]) for end, times in ends.items()}
    return {key: times for key, times in found.items() if len(times)}


def are_times(values: np.ndarray, start: np.ndarray, stop: np.ndarray) -> bool:
    """Whether values are times within their intervals, seconds, rather than durations or anything else.

    Args:
        values: NaN where there is none, shape (n,).
        start, stop: of the interval of each, shape (n,).
    """
    if values.dtype.kind != "f":
        return False
    known = np.isfinite(values)
    within = (values >= start - _SLACK) & (values <= stop + _SLACK)
    return bool(known.sum() >= _FEWEST and within[known].all())


def _kinds(name: str, columns: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Kinds of rows that columns tell of: a name, and which rows, bool."""
    texts = {key: values for key, values in columns.items() if values.dtype.kind == "U"}
    numbers = {key: values for key, values in columns.items() if values.dtype.kind in "biu"}
    used = Counter(text for values in texts.values() for text in np.unique(values).tolist())
    for key, values in (texts | numbers).items():
        each, counts = np.unique(values, return_counts=True)
        if len(each) > _MOST_KINDS or counts.max() == 1:
            continue  # a name or number of the row itself
        for value in each.tolist():
            alone = key in texts and used[value] == 1
            told = str(value).lower() if isinstance(value, bool) else value
            yield (f"{name}/{told}" if alone else f"{name}/{key}={told}"), values == value


def _flat(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values of a column, one or a list per row, and the row of each."""
    if values.dtype != object:
        return values, np.arange(len(values))
    lengths = [len(row) for row in values]
    flat = np.concatenate([np.asarray(row) for row in values]) if sum(lengths) else np.zeros(0)
    return flat, np.repeat(np.arange(len(values)), lengths)


def _in_order(times: np.ndarray) -> np.ndarray:
    return np.sort(times[np.isfinite(times)])


def _nwb_events(path: Path) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    with open_nwb(path) as nwb:
        for item in nwb.objects.values():
            kind, name = type(item).__name__, item.name
            if kind == "TimeIntervals" and name != "invalid_times":
                found |= interval_events(name, _columns(item))
            elif kind == "EventsTable":
                columns = _columns(item)
                found |= _marked(name, np.asarray(columns.pop("timestamp"), float), columns)
            elif kind == "AnnotationSeries":
                times = np.asarray(item.timestamps[:], float)
                found |= _marked(name, times, {"annotation": np.asarray(item.data[:]).astype(str)})
            elif type(item.parent).__name__ == "BehavioralEvents" and item.timestamps is not None:
                found |= _marked(name, np.asarray(item.timestamps[:], float), {})
    return dict(sorted(found.items()))


def _marked(name: str, times: np.ndarray, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Events that are moments: all of them, and each kind."""
    found = {name: times} | {kind: times[rows] for kind, rows in _kinds(name, columns)}
    return {key: _in_order(values) for key, values in found.items() if np.isfinite(values).any()}


def _columns(table: Any) -> dict[str, np.ndarray]:
    """Columns of a table with a number, a text, or a list of numbers per row."""
    found = {}
    for name in table.colnames:
        column = table[name]
        if hasattr(column, "table"):
            continue
        if hasattr(column, "target"):
            values = np.asarray(column.target.data[:])
            if values.ndim == 1 and values.dtype.kind == "f":
                rows = np.split(values, np.asarray(column.data[:], np.int64)[:-1])
                found[name] = np.empty(len(rows), object)
                for i, row in enumerate(rows):
                    found[name][i] = row
            continue
        values = np.asarray(column.data[:])
        if values.ndim == 1 and values.dtype.kind in "biufSUO":
            found[name] = values if values.dtype.kind in "biuf" else values.astype(str)
    return found
