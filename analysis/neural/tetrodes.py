"""MAT files of sorted tetrodes, and the tracked position beside them.

The variable `spikes` is a cell array, tetrodes × units, or cells in cells, {day}{epoch}{tetrode}{unit}, of
which one day and epoch are filled. A cell is empty or a struct whose field `time` holds spike times in
seconds of the recorder's clock and, if there, `timerange` when the recording began and ended. A file
`*.videoPositionTracking` in the same folder is the animal's position on that clock. Such is the linear track
of nelpy/example-data.
"""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from analysis.neural.arrays import checked_times, of_trains
from analysis.neural.seconds import seconds
from analysis.neural.session import Behavior, NeuralSession
from analysis.neural.settings import SpikeOptions
from analysis.neural.spikes import SpikeTimes
from analysis.neural.timeseries import intervals
from analysis.neural.tracker import SUFFIX, Track, read_tracker
from rodent.errors import InputError
from rodent.mat import read_mat
from rodent.reader import Reader

KIND = "MAT of tetrodes"

_DEEPEST = 6  # cells in cells


def read_tetrodes(path: Path, options: SpikeOptions) -> NeuralSession:
    """Read a session. Without a scale of the tracked position it has none.

    Raises:
        InputError: damaged, without such spikes, or the tracker's clock is another.
    """
    metres_per_pixel = options.metres_per_pixel
    spikes, table = _spikes(path, options)
    beside = sorted(path.parent.glob(f"*{SUFFIX}"))
    if len(beside) != 1:
        if metres_per_pixel is not None:
            raise InputError(f"{path} has {len(beside)} files *{SUFFIX} beside it; one is expected")
        note = f"{len(beside) or 'no'} files *{SUFFIX} lie beside it, so that there is no position"
        return NeuralSession(path, KIND, spikes, table, notes=(note,))
    track = read_tracker(beside[0])
    _same_clock(path, spikes, track)
    if metres_per_pixel is None:
        note = "the tracked position is in pixels and is not used; give --metres-per-pixel"
        return NeuralSession(path, KIND, spikes, table, notes=(*track.notes, note))
    position = functools.partial(track.position, metres_per_pixel)
    note = f"positions are at {1000 * metres_per_pixel:g} mm per pixel, which was given and not measured"
    behavior = Behavior({"position": position})
    return NeuralSession(path, KIND, spikes, table, behavior=behavior, notes=(*track.notes, note))


def _spikes(path: Path, options: SpikeOptions) -> tuple[SpikeTimes, dict[str, np.ndarray]]:
    """Spikes, and tetrode and unit of each neuron, counted from 1."""
    cells = _variable(path)
    found = dict(_structs(cells, (), path))
    if not found:
        raise InputError(f"{path}: no cell of spikes holds a struct with the field time")
    epochs = sorted({place[:-2] for place in found})
    if len(epochs) > 1:
        some = ", ".join("spikes" + "".join(f"{{{i}}}" for i in epoch) for epoch in epochs[:4])
        raise InputError(f"{path} holds several epochs, {some}; save one of them")
    trains, observed, places = {}, [], []
    for place, cell in found.items():
        name = f"spikes{{{'}{'.join(map(str, place))}}}"
        times = checked_times(path, f"{name}.time", np.ravel(_field(cell, "time")))
        if not len(times):
            continue
        trains[".".join(map(str, place[-2:]))] = times
        places.append(place)
        if "timerange" in (cell.dtype.names or ()):
            observed.append(_range(_field(cell, "timerange"), f"{path}: {name}.timerange"))
    spikes = of_trains(path, trains, "units")
    if observed and len(observed) < len(trains):
        raise InputError(
            f"{path}: {len(observed)} of {len(trains)} units have a timerange; all or none should"
        )
    times = seconds(spikes.times, options, f"{path}: spikes")
    spikes = SpikeTimes(path, times, spikes.neurons, spikes.names, tuple(observed) or None)
    numbers = np.array([(0, *place)[-2:] for place in places])
    return spikes, {"tetrode": numbers[:, 0], "unit": numbers[:, 1]}


def _variable(path: Path) -> Any:
    # structs become plain arrays with fields
    cells = read_mat(path, "spikes", ("spikes",))["spikes"]
    kind = cells.dtype if isinstance(cells, np.ndarray) else type(cells).__name__
    if not (isinstance(cells, np.ndarray) and cells.dtype.kind == "O"):
        raise InputError(
            f"{path}: spikes has type {kind}; a cell array, tetrodes × units, is expected; "
            "counts are named counts, with bin_seconds or fps"
        )
    return cells


def _structs(cell: Any, place: tuple[int, ...], path: Path) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The structs in cells in cells, with the indices of each, counted from 1."""
    if not getattr(cell, "size", 0):
        return
    if cell.dtype.names:
        if "time" not in cell.dtype.names:
            raise InputError(
                f"{path}: spikes{place} has no field time; it has: {', '.join(cell.dtype.names)}"
            )
        yield place, cell
        return
    if cell.dtype != object or len(place) > _DEEPEST:
        raise InputError(
            f"{path}: spikes{place} has type {cell.dtype}; a struct with the field time is expected"
        )
    # a row or column of cells has one index
    flat = cell.ravel() if max(cell.shape) == cell.size else cell
    for index, inner in np.ndenumerate(flat):
        yield from _structs(inner, place + tuple(i + 1 for i in index), path)


def _field(cell: Any, name: str) -> Any:
    return cell[name].flat[0]


def _range(edges: Any, what: str) -> np.ndarray:
    """When a unit was recorded, shape (1, 2)."""
    there = intervals(np.asarray(edges, float).reshape(-1, 2)) if np.size(edges) == 2 else np.zeros((0, 2))
    if len(there) != 1:
        raise InputError(
            f"{what} is {np.ravel(edges)[:4]}; a beginning and a later end are expected, seconds"
        )
    return there


def _same_clock(path: Path, spikes: SpikeTimes, track: Track) -> None:
    """Refuse spikes and positions that were not recorded at the same time."""
    (first, last), (begin, end) = spikes.span, track.seconds[[0, -1]]
    if first > end or last < begin:
        raise InputError(
            f"{path}: its spikes, {first:g} to {last:g} s, and {track.path.name}, {begin:g} to {end:g} s, "
            "do not overlap: they are not of one clock"
        )


READER = Reader(KIND, lambda file: file.is_mat, read_tetrodes)
