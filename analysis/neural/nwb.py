"""NWB files: units with spike times, epochs, position and pose.

Read through pynwb, after its schemas (NWB 2, `nwb.misc.yaml`, `nwb.epoch.yaml`, `nwb.behavior.yaml`)
and that of ndx-pose. Spike times and tables are read at once, series of behavior when asked for, and
raw recordings never.
"""

import contextlib
import functools
import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.neural.arrays import checked_times
from analysis.neural.epochs import INVALID
from analysis.neural.interval_table import IntervalTable, epochs_of
from analysis.neural.seconds import require_no_unit
from analysis.neural.session import Behavior, NeuralSession
from analysis.neural.settings import SpikeOptions
from analysis.neural.spikes import SpikeTimes
from analysis.neural.table import as_column
from analysis.neural.timeseries import epoch, intervals, series
from rodent.errors import InputError
from rodent.files import existing_file, one_line, reading
from rodent.keypoints.units import METRES, unit_named
from rodent.reader import Reader

if TYPE_CHECKING:
    from pynwb import NWBFile

    from analysis.neural.timeseries import Series

_RADIANS = {
    "radians": 1.0,
    "radian": 1.0,
    "rad": 1.0,
    "degrees": math.pi / 180,
    "degree": math.pi / 180,
    "deg": math.pi / 180,
}


def read_nwb(path: Path, options: SpikeOptions) -> NeuralSession:
    """Read a session. A table of intervals that is damaged is left out, with a note.

    Raises:
        InputError: damaged, or without units that have spike times.
    """
    require_no_unit(options, path, "NWB")
    with open_nwb(path) as nwb:
        table, observed, times, ends = _units(nwb, path)
        tables, broken = _tables(nwb)
        places = _behavior(nwb)
    names = _names(table, len(ends))
    neurons = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
    spikes = SpikeTimes(path, times, neurons, names, observed)
    epochs, notes = epochs_of(tables)
    notes += broken
    if INVALID in epochs:
        invalid = epochs[INVALID]
        spikes = spikes.within(np.asarray(epoch(np.array([spikes.span])).set_diff(invalid).values))
        notes.append(f"{invalid.tot_length():g} s of invalid_times are left out")
    unread = [f"{name} ({unit})" for name, (_, unit, factor) in places.items() if factor is None]
    if unread:
        notes.append(f"not read, as the unit is no length or angle: {', '.join(unread)}")
    readers = {
        name: functools.partial(_read_series, path, identity, factor)
        for name, (identity, _, factor) in places.items()
        if factor is not None
    }
    return NeuralSession(path, "NWB", spikes, table, epochs, tables, Behavior(readers), tuple(notes))


@contextlib.contextmanager
def open_nwb(path: Path) -> "Iterator[NWBFile]":
    """Open an NWB file without reading its arrays.

    Raises:
        InputError: missing or damaged, or something in it is not as the schema has it.
    """
    from hdmf.build import BuildError, ConstructError
    from hdmf.build.errors import ContainerConfigurationError

    with warnings.catch_warnings():
        # of schema versions, and of what other programs wrote a little differently
        warnings.simplefilter("ignore")
        import ndx_pose  # noqa: F401  # its types, for files that do not bring them
        from pynwb import NWBHDF5IO

        try:
            with reading(path), NWBHDF5IO(existing_file(path), "r", load_namespaces=True) as io:
                yield io.read()
        except (BuildError, ConstructError, ContainerConfigurationError, AttributeError) as error:
            # some begin with all that is in the file
            reason = one_line(error)[-300:]
            raise InputError(f"{path} is no valid NWB file: … {reason}") from error


def _units(
    nwb: "NWBFile", path: Path
) -> tuple[dict[str, np.ndarray], tuple[np.ndarray, ...] | None, np.ndarray, np.ndarray]:
    """Table, observed intervals, all spike times, and where those of each unit end."""
    units = nwb.units
    if units is None or not len(units):
        raise InputError(f"{path} has no units: an NWB file of sorted spikes is expected")
    if "spike_times" not in units.colnames:
        raise InputError(f"{path}: units have no spike_times; they have: {', '.join(units.colnames)}")
    times, ends = _ragged(units["spike_times"], len(units), f"{path}: units/spike_times")
    times = checked_times(path, "units/spike_times", times)
    if not len(times):
        raise InputError(f"{path}: there are no spikes, the spike_times of all {len(units)} units are empty")
    observed = None
    if "obs_intervals" in units.colnames:
        edges, stops = _ragged(units["obs_intervals"], len(units), f"{path}: units/obs_intervals")
        if edges.ndim != 2 or edges.shape[1] != 2:
            raise InputError(
                f"{path}: units/obs_intervals has shape {edges.shape}; (intervals, 2) is expected"
            )
        observed = tuple(intervals(one) for one in np.split(edges.astype(float), stops[:-1]))
        if not any(map(len, observed)):
            raise InputError(f"{path}: units/obs_intervals says that no unit was observed at any time")
    return _of_electrodes(units, path) | _plain_columns(units), observed, times, ends


def _ragged(column: Any, rows: int, what: str) -> tuple[np.ndarray, np.ndarray]:
    """All entries of a ragged column, and where those of each row end."""
    if not hasattr(column, "target"):
        raise InputError(f"{what} has one entry per unit and no index; a list for each unit is expected")
    values, ends = np.asarray(column.target.data[:]), np.asarray(column.data[:], np.int64)
    if len(ends) != rows or (np.diff(ends, prepend=0) < 0).any() or (rows and ends[-1] != len(values)):
        raise InputError(
            f"{what}: its index does not fit {rows} units and {len(values)} entries; is it damaged?"
        )
    return values, ends


def _plain_columns(table: Any) -> dict[str, np.ndarray]:
    """Columns with a number or text per row, by name; the first is the rows' id.

    Of objects, such as the electrode group of a unit, the names are taken; of lists of texts, such as
    the tags of an epoch, the texts with commas between them.
    """
    columns = {"id": np.asarray(table.id.data[:])}
    for name in table.colnames:
        column = table[name]
        data = column.target.data if hasattr(column, "target") else column.data
        if hasattr(column, "table") or len(getattr(data, "shape", (0,))) > 1:
            continue
        if not hasattr(column, "target"):
            values = [getattr(one, "name", one) for one in data[:]]
        elif getattr(data, "dtype", np.dtype(object)).kind in "SUO":
            texts, ends = _ragged(column, len(table), f"{table.name}/{name}")
            values = [", ".join(map(str, one)) for one in np.split(texts, ends[:-1])]
        else:
            continue
        if (plain := as_column(values)) is not None:
            columns[name] = plain
    return columns


def _of_electrodes(units: Any, path: Path) -> dict[str, np.ndarray]:
    """Group and location of each unit's electrodes, joined by + where a unit has several."""
    if "electrodes" not in units.colnames:
        return {}
    column, what = units["electrodes"], f"{path}: units/electrodes"
    if hasattr(column, "target"):
        rows, ends = _ragged(column, len(units), what)
        table = column.target.table
    else:
        rows, ends, table = np.asarray(column.data[:]), 1 + np.arange(len(units)), column.table
    if len(rows) and not (rows.min() >= 0 and rows.max() < len(table)):
        raise InputError(f"{what} names row {rows.max()} of {len(table)} electrodes; is it damaged?")
    known, found = _plain_columns(table), {}
    group = "group_name" if "group_name" in known else "group"
    for name, source in (("electrode_group", group), ("electrode_location", "location")):
        if source in known:
            texts = known[source].astype(str)
            each = [dict.fromkeys(texts[own].tolist()) for own in np.split(rows, ends[:-1])]
            found[name] = np.array(["+".join(one) for one in each], str)
    return found


def _names(table: dict[str, np.ndarray], units: int) -> tuple[str, ...]:
    names = tuple(map(str, table["id"].tolist()))
    return names if len(set(names)) == units else tuple(map(str, range(units)))


def _tables(nwb: "NWBFile") -> tuple[dict[str, IntervalTable], list[str]]:
    """Every table of intervals; notes of those that cannot be read.

    Raises:
        InputError: the one of times that are not to be used cannot be read.
    """
    found, notes = {}, []
    for item in sorted(nwb.objects.values(), key=lambda item: item.name):
        if type(item).__name__ != "TimeIntervals":
            continue
        try:
            found[item.name] = _interval_table(item)
        except (InputError, LookupError, ValueError, TypeError, OSError) as error:
            if item.name == INVALID:
                raise InputError(f"the table {INVALID} cannot be read: {one_line(error)}") from error
            notes.append(f"the table {item.name} cannot be read and is left out: {one_line(error)}")
    return found, notes


def _interval_table(item: Any) -> IntervalTable:
    columns = _plain_columns(item)
    edges = np.column_stack([columns.pop("start_time"), columns.pop("stop_time")]).astype(float)
    del columns["id"]
    return IntervalTable(edges, columns)


def _behavior(nwb: "NWBFile") -> dict[str, tuple[str, str, float | None]]:
    """Series by name: its object's id, its unit, and the unit in metres or radians, if it is either."""
    found = {}
    for identity, item in nwb.objects.items():
        kind = type(item).__name__
        if kind not in ("SpatialSeries", "PoseEstimationSeries"):
            continue
        pose = item.parent if kind == "PoseEstimationSeries" else None
        unit = unit_named(item.unit or "")
        factor = METRES[unit] if unit else _RADIANS.get((item.unit or "").lower())
        name = f"{pose.name}/{item.name}" if pose is not None else item.name
        found[name] = (identity, item.unit, factor)
    positions = [
        n for n, (i, _, f) in found.items() if type(nwb.objects[i].parent).__name__ == "Position" and f
    ]
    if len(positions) == 1 and "position" not in found:
        found["position"] = found.pop(positions[0])
    return found


def _read_series(path: Path, identity: str, factor: float) -> "Series":
    with open_nwb(path) as nwb:
        item = nwb.objects[identity]
        what = f"{path}: {item.name}"
        values = np.asarray(item.data[:], float) * item.conversion + (item.offset or 0.0)
        if item.timestamps is None and not item.rate:
            raise InputError(f"{what} has neither timestamps nor a rate")
        # MatNWB has the axes in reverse order: (coordinates, samples)
        if values.ndim == 2 and values.shape[0] <= 3 < values.shape[1]:
            values = values.T
        if item.timestamps is None:
            times = (item.starting_time or 0.0) + np.arange(len(values)) / item.rate
        else:
            times = np.ravel(np.asarray(item.timestamps[:], float))
    columns = list("xyz"[: values.shape[1]]) if values.ndim == 2 and values.shape[1] <= 3 else None
    return series(times, values * factor, columns, what)


READER = Reader("NWB", lambda file: "nwb_version" in file.attributes, read_nwb)
