"""npz of pynapple: a TsGroup of spike times, or a TsdFrame of counts.

Times are seconds. Columns of metadata that are arrays of numbers or texts become the units table. Others are
pickled and left out.
"""

from pathlib import Path

import numpy as np

from analysis.neural.arrays import checked_times
from analysis.neural.counts import read_counts
from analysis.neural.seconds import require_no_unit, whole_numbers
from analysis.neural.session import NeuralSession
from analysis.neural.settings import SpikeOptions
from analysis.neural.spikes import SpikeCounts, SpikeTimes
from analysis.neural.table import as_column
from analysis.neural.timeseries import intervals
from rodent.errors import InputError
from rodent.keypoints.timing import first_uneven
from rodent.npz import read_npz
from rodent.reader import FileStart, Reader

PARTS = ("type", "t", "d", "index", "keys", "columns", "start", "end")
GROUP, TIMES, COUNTS, SINGLE = "TsGroup", "Ts", "TsdFrame", "Tsd"


def is_pynapple(file: FileStart) -> bool:
    """Whether an npz has the type and the time support of an object of pynapple."""
    return file.is_npz and {"type", "t", "start", "end"} <= set(file.members)


def read(path: Path, options: SpikeOptions) -> NeuralSession:
    """Read a session.

    Raises:
        InputError: damaged, of another type, or not what its type must be.
    """
    require_no_unit(options, path, "npz of pynapple")
    arrays, found = read_npz(path, lambda name: name in PARTS)
    kind = str(np.ravel(arrays["type"])[0]) if np.size(arrays["type"]) else ""
    if kind in (GROUP, TIMES):
        spikes, notes = _times(path, arrays, kind), ()
    elif kind in (COUNTS, SINGLE):
        spikes, notes = _counts(path, arrays), ("counts of pynapple are read; a TsGroup has exact times",)
    else:
        raise InputError(
            f"{path} is a {kind or 'nameless object'} of pynapple; {GROUP} or {COUNTS} is expected"
        )
    return NeuralSession(
        path, f"{kind} of pynapple", spikes, _table(path, found, len(spikes.names)), notes=notes
    )


def _times(path: Path, arrays: dict[str, np.ndarray], kind: str) -> SpikeTimes:
    times = checked_times(path, "t", arrays["t"])
    if not len(times):
        raise InputError(f"{path}: there are no spikes, t is empty")
    if kind == TIMES:
        neurons, keys = np.zeros(len(times), np.int64), np.zeros(1, np.int64)
    else:
        neurons = whole_numbers(_part(path, arrays, "index"), f"{path}: index")
        keys = np.unique(arrays.get("keys", neurons))
    if len(neurons) != len(times):
        raise InputError(f"{path}: there are {len(times)} times and {len(neurons)} entries of index")
    if not np.isin(neurons, keys).all():
        raise InputError(f"{path}: index has a neuron {neurons[~np.isin(neurons, keys)][0]} that keys lack")
    support = intervals(_support(path, arrays))
    return SpikeTimes(
        path,
        times,
        np.searchsorted(keys, neurons),
        tuple(map(str, keys.tolist())),
        (support,) * len(keys) if len(support) else None,
    )


def _counts(path: Path, arrays: dict[str, np.ndarray]) -> SpikeCounts:
    times, values = checked_times(path, "t", arrays["t"]), _part(path, arrays, "d")
    counts = read_counts(values[:, None] if values.ndim == 1 else values, f"{path}: d")
    if len(times) != len(counts):
        raise InputError(f"{path}: there are {len(times)} times and {len(counts)} rows of d")
    if len(times) < 2 or (at := first_uneven(times)) is not None:
        where = f" at bin {at}" if len(times) > 1 else ""
        raise InputError(f"{path}: its bins are not evenly spaced{where}; save the TsGroup instead of counts")
    if not counts.any():
        raise InputError(f"{path}: there are no spikes, all counts are zero")
    bin_seconds = float(f"{(times[-1] - times[0]) / (len(times) - 1):.9g}")
    names = np.ravel(arrays.get("columns", np.arange(counts.shape[1])))
    if len(names) != counts.shape[1]:
        raise InputError(f"{path}: columns has {len(names)} names for {counts.shape[1]} columns of d")
    # times are those of the middles of bins
    return SpikeCounts(
        path, counts, tuple(map(str, names.tolist())), bin_seconds, start=float(times[0] - bin_seconds / 2)
    )


def _support(path: Path, arrays: dict[str, np.ndarray]) -> np.ndarray:
    start, end = (np.ravel(arrays[name]).astype(float) for name in ("start", "end"))
    if len(start) != len(end):
        raise InputError(f"{path}: there are {len(start)} starts and {len(end)} ends of its time support")
    return np.column_stack([start, end])


def _table(path: Path, found: tuple[str, ...], neurons: int) -> dict[str, np.ndarray]:
    """Metadata of the neurons: arrays of one entry for each."""
    others = [name for name in found if name not in PARTS and not name.startswith("_")]
    columns = {}
    for name in others:
        try:
            arrays, _ = read_npz(path, (name,))
        except InputError:  # pickled
            continue
        column = as_column(arrays[name])
        if column is not None and len(column) == neurons:
            columns[name] = column
    return columns


def _part(path: Path, arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    if name not in arrays:
        raise InputError(f"{path} has no array {name}, as pynapple writes it; it has: {', '.join(arrays)}")
    return arrays[name]


READER = Reader("npz of pynapple", is_pynapple, read)
