"""Tables of behavior labels: events of BORIS, syllables of keypoint-moseq.

BORIS exports aggregated events, with columns `Behavior`, `Start (s)` and `Stop (s)`, and tabular events, with
`Time`, `Behavior` and `Status` or `Behavior type` (START, STOP, POINT), below lines about the observation
(olivierfriard/BORIS, `boris/export_events.py`). keypoint-moseq writes one row per frame with a column
`syllable` (dattalab/keypoint-moseq, `keypoint_moseq/io.py`).
"""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from analysis.neural.labels import Labels, of_frames
from analysis.neural.seconds import whole_numbers
from analysis.neural.settings import LabelOptions
from rodent.errors import InputError
from rodent.files import reading
from rodent.reader import FileStart, Reader

BEHAVIOR, SUBJECT, START, STOP, TIME = "Behavior", "Subject", "Start (s)", "Stop (s)", "Time"
STATUS = ("Status", "Behavior type")
SYLLABLE = "syllable"


def _rows(path: Path) -> list[list[str]]:
    with reading(path), open(path, newline="", encoding="utf-8-sig") as stream:
        text = stream.read()
    separator = max(",;\t", key=text[:4096].count)
    try:
        return list(csv.reader(text.splitlines(), delimiter=separator))
    except csv.Error as error:
        raise InputError(f"{path} is no CSV table: {error}") from error


def _header(file: FileStart, *names: str) -> bool:
    """Whether a line of the start of a text has all these columns."""
    lines = file.start.decode("utf-8", errors="replace").splitlines() if file.is_text else []
    return any(all(name in _cells(line) for name in names) for line in lines)


def _cells(line: str) -> list[str]:
    separator = max(",;\t", key=line.count)
    return [cell.strip(' "\ufeff') for cell in line.split(separator)]


def read_boris(path: Path, options: LabelOptions) -> Labels:
    """Read the events of BORIS.

    Raises:
        InputError: damaged, a time is no number, or an event begins or ends twice.
    """
    rows = _rows(path)
    at = next((i for i, row in enumerate(rows) if BEHAVIOR in row and {START, TIME} & set(row)), None)
    if at is None:
        raise InputError(f"{path} has no row with the columns {BEHAVIOR} and {START} or {TIME}")
    header = rows[at]
    events = [dict(zip(header, row, strict=False)) for row in rows[at + 1 :] if any(row)]
    return _aggregated(events, path) if START in header else _tabular(events, path)


def _aggregated(events: list[dict[str, str]], path: Path) -> Labels:
    edges, names, points = [], [], 0
    for event in events:
        start, stop = (_number(event.get(name, ""), f"{path}: {name}") for name in (START, STOP))
        if stop > start:
            edges.append((start, stop))
            names.append(event[BEHAVIOR])
        else:
            points += 1
    return Labels(np.reshape(edges, (-1, 2)), tuple(names), _left_out(points, path))


def _tabular(events: list[dict[str, str]], path: Path) -> Labels:
    edges, names, points = [], [], 0
    begun: dict[tuple[str, str], list[float]] = defaultdict(list)
    for event in events:
        status = next((event[name].strip().upper() for name in STATUS if event.get(name)), "")
        time, key = _number(event.get(TIME, ""), f"{path}: {TIME}"), (event.get(SUBJECT, ""), event[BEHAVIOR])
        if status == "START":
            if begun[key]:
                raise InputError(f"{path}: {key[1]} begins at {time:g} s and has not ended before")
            begun[key].append(time)
        elif status == "STOP":
            if not begun[key]:
                raise InputError(f"{path}: {key[1]} ends at {time:g} s and has not begun before")
            edges.append((begun[key].pop(), time))
            names.append(key[1])
        else:
            points += 1
    if open_ := [f"{name} ({times[0]:g} s)" for (_, name), times in begun.items() if times]:
        raise InputError(f"{path}: these begin and do not end: {', '.join(open_)}")
    return Labels(np.reshape(edges, (-1, 2)), tuple(names), _left_out(points, path))


def _left_out(points: int, path: Path) -> tuple[str, ...]:
    return (f"{path.name}: {points} events without duration are left out",) if points else ()


def _number(text: str, what: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"{what} is {text!r}; a number of seconds is expected")
    return value


def read_moseq(path: Path, options: LabelOptions) -> Labels:
    """Read a table with the syllable of each frame.

    Raises:
        InputError: damaged, or a syllable is no whole number.
    """
    header, *rows = _rows(path)
    at = header.index(SYLLABLE)
    try:
        values = np.array([float(row[at]) for row in rows if any(row)])
    except (ValueError, IndexError) as error:
        raise InputError(f"{path}: a {SYLLABLE} is no number: {error}") from error
    numbers = whole_numbers(values, f"{path}: {SYLLABLE}")
    return of_frames(numbers, options, [f"syllable {n}" for n in np.unique(numbers).tolist()], None)


def _is_boris(file: FileStart) -> bool:
    return _header(file, BEHAVIOR, START, STOP) or any(_header(file, BEHAVIOR, TIME, name) for name in STATUS)


BORIS = Reader("events of BORIS", _is_boris, read_boris)
MOSEQ = Reader("CSV of keypoint-moseq", lambda file: _header(file, SYLLABLE), read_moseq)
