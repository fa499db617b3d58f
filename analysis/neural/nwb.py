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
from analysis.neural.session import Behavior, NeuralSession
from analysis.neural.spikes import SpikeTimes
from analysis.neural.timeseries import epoch, intervals, series
from rodent.errors import InputError
from rodent.files import existing_file, one_line, reading
from rodent.keypoints.units import METRES, unit_named

if TYPE_CHECKING:
    from pynapple import IntervalSet
    from pynwb import NWBFile

    from analysis.neural.session import Series

_RADIANS = {
    "radians": 1.0,
    "radian": 1.0,
    "rad": 1.0,
    "degrees": math.pi / 180,
    "degree": math.pi / 180,
    "deg": math.pi / 180,
}
_MOST_KINDS = 50  # different texts in a column of epochs that are taken for kinds of epochs


def read_nwb(path: Path) -> NeuralSession:
    """Read a session.

    Raises:
        InputError: damaged, or without units that have spike times.
    """
    with open_nwb(path) as nwb:
        table, observed, times, ends = _units(nwb, path)
        epochs, notes = _epochs(nwb)
        places = _behavior(nwb)
    names = _names(table, len(ends))
    neurons = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
    spikes = SpikeTimes(path, times, neurons, names, observed)
    if "invalid_times" in epochs:
        invalid = epochs["invalid_times"]
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
    return NeuralSession(path, "NWB", spikes, table, epochs, Behavior(readers), tuple(notes))


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
        raise InputError(f"{path} has no units: an NWB file of sorted spikes is wanted")
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
            raise InputError(f"{path}: units/obs_intervals has shape {edges.shape}; (intervals, 2) is wanted")
        observed = tuple(intervals(one) for one in np.split(edges.astype(float), stops[:-1]))
        if not any(map(len, observed)):
            raise InputError(f"{path}: units/obs_intervals says that no unit was observed at any time")
    return _plain_columns(units), observed, times, ends


def _ragged(column: Any, rows: int, what: str) -> tuple[np.ndarray, np.ndarray]:
    """All entries of a ragged column, and where those of each row end."""
    if not hasattr(column, "target"):
        raise InputError(f"{what} has one entry per unit and no index; a list for each unit is wanted")
    values, ends = np.asarray(column.target.data[:]), np.asarray(column.data[:], np.int64)
    if len(ends) != rows or (np.diff(ends, prepend=0) < 0).any() or (rows and ends[-1] != len(values)):
        raise InputError(
            f"{what}: its index does not fit {rows} units and {len(values)} entries; is it damaged?"
        )
    return values, ends


def _plain_columns(table: Any) -> dict[str, np.ndarray]:
    """Columns with a number or text per row, by name; the first is the rows' id."""
    columns = {"id": np.asarray(table.id.data[:])}
    for name in table.colnames:
        column = table[name]
        if hasattr(column, "target") or hasattr(column, "table"):
            continue
        values = np.asarray(column.data[:])
        if values.ndim == 1 and values.dtype.kind in "biufSUO":
            columns[name] = values if values.dtype.kind in "biuf" else values.astype(str)
    return columns


def _names(table: dict[str, np.ndarray], units: int) -> tuple[str, ...]:
    names = tuple(map(str, table["id"].tolist()))
    return names if len(set(names)) == units else tuple(map(str, range(units)))


def _epochs(nwb: "NWBFile") -> "tuple[dict[str, IntervalSet], list[str]]":
    """Every table of intervals, whole and by each kind that a column of texts names."""
    tables = {item.name: item for item in nwb.objects.values() if type(item).__name__ == "TimeIntervals"}
    epochs, notes = {}, []
    for name, table in sorted(tables.items()):
        columns = _plain_columns(table)
        edges = np.column_stack([columns["start_time"], columns["stop_time"]]).astype(float)
        kinds = {name: np.ones(len(edges), bool)}
        for values in columns.values():
            if values.dtype.kind == "U" and len(found := np.unique(values)) <= _MOST_KINDS:
                kinds |= {f"{name}/{kind}": values == kind for kind in found}
        for kind, rows in kinds.items():
            whole = intervals(edges[rows])
            if len(whole):
                epochs[kind] = epoch(whole)
        lost = len(edges) - len(epochs.get(name, ()))
        if lost:
            notes.append(
                f"{lost} of {len(edges)} intervals of {name} overlap others, touch them or do not last, and "
                "are joined"
            )
    return epochs, notes


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
        times = np.asarray(item.get_timestamps()[:], float)
    columns = list("xyz"[: values.shape[1]]) if values.ndim == 2 and values.shape[1] <= 3 else None
    return series(times, values * factor, columns, what)
