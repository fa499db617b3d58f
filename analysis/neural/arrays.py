"""Spikes, or calcium, as plain arrays: npz or HDF5.

A file holds either `counts` (bins, neurons) with `bin_seconds` or `fps` and, if wanted,
`names` (neurons,); or `times` (spikes,) in seconds with `neurons` (spikes,), the integer id
of each spike's neuron; or a group `spikes` with a dataset of times per neuron. A file without
spikes may hold `signals` (bins, neurons), real numbers, in place of counts. A group `units`
may hold a table of the neurons: a number or text for each, such as `units/region`. Whatever else
is in it is not looked at. Pickled objects are never loaded.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.neural.counts import MOST_BYTES, read_counts
from analysis.neural.seconds import column, seconds, whole_numbers
from analysis.neural.session import NeuralSession
from analysis.neural.settings import SpikeOptions
from analysis.neural.signals import Signals, read_signals
from analysis.neural.spikes import SAME_RATE, SpikeCounts, SpikeTimes
from analysis.neural.table import as_column, as_text
from rodent import npz
from rodent.errors import InputError
from rodent.files import open_hdf5, reading
from rodent.reader import FileStart, Reader

FIELDS = ("counts", "signals", "bin_seconds", "fps", "names", "times", "neurons")
SIGNALS = "signals"  # calcium
TRAINS = "spikes/"  # and the neuron: a dataset of its spike times
TABLE = "units/"  # and the column: an entry for each neuron


def read_npz(path: Path, options: SpikeOptions) -> NeuralSession:
    """Read spikes from an npz file.

    Raises:
        InputError: damaged, or something in it is missing, contradictory or no spike data.
    """
    arrays, found = npz.read_npz(path, lambda name: name in FIELDS or name.startswith((TRAINS, TABLE)))
    if "counts" in arrays:
        arrays["counts"] = read_counts(arrays["counts"], f"{path}: counts")
    return session_of(path, "npz", arrays, found, options)


def read_hdf5(path: Path, options: SpikeOptions) -> NeuralSession:
    """Read spikes from a plain HDF5 file; raises as `read_npz` does."""
    with reading(path), open_hdf5(path) as file:
        is_matlab = any(
            "MATLAB_class" in member.attrs for member in map(file.get, file) if member is not None
        )
    if is_matlab:
        raise InputError(f"{path} is a MAT file of version 7.3; save it again in MATLAB with -v7")
    return session_of(path, "HDF5", *_read_hdf5(path), options)


def checked_times(path: Path, name: str, array: Any) -> np.ndarray:
    """Spike times as float64, shape (spikes,).

    Raises:
        InputError: no numbers, of another shape, or not finite.
    """
    times = column(array, f"{path}: {name}", "iuf").astype(float)
    if not np.isfinite(times).all():
        i = int(np.argmin(np.isfinite(times)))
        raise InputError(f"{path}: {name}[{i}] is {times[i]}; times must be finite, in seconds")
    return times


def of_trains(path: Path, trains: dict[str, np.ndarray], place: str) -> SpikeTimes:
    """Spikes of the spike times of each neuron, which must be checked already.

    Args:
        path: the file.
        trains: seconds, shape (spikes,) each, by the neuron's name.
        place: what holds them in the file, for messages.

    Raises:
        InputError: there is no spike.
    """
    lengths = [len(train) for train in trains.values()]
    if not sum(lengths):
        raise InputError(f"{path}: there are no spikes, all {len(trains)} {place} are empty")
    times = np.concatenate(list(trains.values()))
    return SpikeTimes(path, times, np.repeat(np.arange(len(trains)), lengths), tuple(trains))


def session_of(
    path: Path, kind: str, arrays: dict[str, np.ndarray], others: Sequence[str], options: SpikeOptions
) -> NeuralSession:
    """The session that a file's arrays are, by their names.

    Args:
        path: the file.
        kind: of the file, for listings.
        arrays: those in `FIELDS`, and those whose names begin with `TRAINS` or `TABLE`; counts are read by
            `read_counts`.
        others: names of all arrays in the file, for messages.
        options: how it is read.

    Raises:
        InputError: something is missing, contradictory or no spike data.
    """
    columns = {name: arrays.pop(name) for name in list(arrays) if name.startswith(TABLE)}
    spikes = _spikes(path, arrays, others, options)
    return NeuralSession(path, kind, spikes, _table(path, columns, spikes.names))


def _table(path: Path, arrays: dict[str, np.ndarray], names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The units table, in the order of the neurons: by its column `id`, where it has one."""
    plain = {name.removeprefix(TABLE): as_column(array) for name, array in arrays.items()}
    columns = {name: entries for name, entries in plain.items() if entries is not None}
    ids = as_text(columns["id"]).tolist() if "id" in columns else list(names)
    for name, entries in columns.items():
        if len(entries) != len(ids):
            raise InputError(
                f"{path}: units/{name} has {len(entries)} entries for {len(ids)} neurons; one each is "
                "expected"
            )
    at = {one: i for i, one in enumerate(ids)}
    if len(at) < len(ids):
        raise InputError(f"{path}: units/id names a neuron twice")
    missing = [name for name in names if name not in at]
    if missing:
        raise InputError(f"{path}: units/id has no neuron {missing[0]!r}; it has: {', '.join(ids[:30])}")
    order = [at[name] for name in names]
    return {name: entries[order] for name, entries in columns.items()}


def _spikes(
    path: Path, arrays: dict[str, np.ndarray], others: Sequence[str], options: SpikeOptions
) -> SpikeCounts | SpikeTimes:
    """The one form of spikes that is there."""
    if not arrays:
        raise InputError(
            f"{path} holds no spikes: expected counts with bin_seconds or fps, times with neurons, or a "
            f"group spikes with times per neuron; there are: {', '.join(others) or 'no arrays'}"
        )
    forms = [form for form in _FORMS if any(name.startswith(form) for name in arrays)]
    # calcium beside spikes is something else that is in the file
    forms = [form for form in forms if form != SIGNALS] or forms
    if len(forms) > 1:
        raise InputError(
            f"{path} holds both {' and '.join(_FORMS[form][0] for form in forms)}; keep one of them"
        )
    if not forms:
        raise InputError(f"{path} has {', '.join(arrays)} but neither counts, times nor a group spikes")
    return _FORMS[forms[0]][1](path, arrays, options)


def _of_counts(path: Path, arrays: dict[str, np.ndarray], options: SpikeOptions) -> SpikeCounts:
    counts = _upright(path, arrays, "counts")
    if not counts.any():
        raise InputError(f"{path}: there are no spikes, all counts are zero")
    return SpikeCounts(path, counts, _names(path, arrays, counts, "counts"), _bin_seconds(path, arrays))


def _of_signals(path: Path, arrays: dict[str, np.ndarray], options: SpikeOptions) -> Signals:
    arrays = arrays | {SIGNALS: read_signals(arrays[SIGNALS], f"{path}: {SIGNALS}")}
    signals = _upright(path, arrays, SIGNALS)
    return Signals(path, signals, _names(path, arrays, signals, SIGNALS), _bin_seconds(path, arrays))


def _names(path: Path, arrays: dict[str, np.ndarray], counts: np.ndarray, key: str) -> tuple[str, ...]:
    """Names of the neurons, shape (neurons,)."""
    names = tuple(str(n) for n in range(counts.shape[1]))
    if "names" in arrays:
        given = np.atleast_1d(arrays["names"])
        names = tuple(n.decode() if isinstance(n, bytes) else str(n) for n in given.tolist())
    if len(names) != counts.shape[1] or len(set(names)) != len(names):
        raise InputError(f"{path}: names has {len(set(names))} names for {counts.shape[1]} columns of {key}")
    return names


def _bin_seconds(path: Path, arrays: dict[str, np.ndarray]) -> float:
    found = {}
    for key in ("bin_seconds", "fps"):
        if key in arrays:
            value = _numbers(path, key, arrays[key].reshape(-1), ndim=1, shape="a single number")
            if value.size != 1 or not 0 < value[0] < math.inf:
                raise InputError(
                    f"{path}: {key} is {np.array2string(value, threshold=5)}; one positive number is expected"
                )
            found[key] = float(value[0]) if key == "bin_seconds" else 1 / float(value[0])
    if not found:
        raise InputError(f"{path} has counts but does not say of how long a bin: add bin_seconds or fps")
    seconds = list(found.values())
    if not math.isclose(seconds[0], seconds[-1], rel_tol=SAME_RATE):
        raise InputError(
            f"{path}: bin_seconds {seconds[0]:g} contradicts fps {1 / seconds[-1]:g}; keep one of them"
        )
    return seconds[-1]


def _upright(path: Path, arrays: dict[str, np.ndarray], key: str) -> np.ndarray:
    """Counts or signals as (bins, neurons); names tell which axis is that of the neurons."""
    counts = arrays[key]
    rows, columns = counts.shape
    names = np.atleast_1d(arrays["names"]).size if "names" in arrays else None
    if names == rows != columns:
        return counts.T
    if names is None and rows < columns:
        raise InputError(
            f"{path}: {key} has shape {counts.shape}: fewer bins than neurons? (bins, neurons) is expected; "
            "transpose it, or add names, one for each neuron"
        )
    return counts


def _of_times(path: Path, arrays: dict[str, np.ndarray], options: SpikeOptions) -> SpikeTimes:
    times = seconds(checked_times(path, "times", arrays["times"]), options, f"{path}: times")
    if "neurons" not in arrays:
        raise InputError(f"{path} has times but no neurons, the integer id of each spike's neuron")
    neurons = whole_numbers(arrays["neurons"], f"{path}: neurons")
    if neurons.shape != times.shape:
        raise InputError(
            f"{path}: there are {len(times)} times and {len(neurons)} neurons; one neuron per time is "
            "expected"
        )
    if not len(times):
        raise InputError(f"{path}: there are no spikes, times is empty")
    ids, columns = np.unique(neurons, return_inverse=True)
    return SpikeTimes(path, times, columns, tuple(map(str, ids.tolist())))


def _of_trains(path: Path, arrays: dict[str, np.ndarray], options: SpikeOptions) -> SpikeTimes:
    trains = {key.removeprefix(TRAINS): key for key in arrays if key.startswith(TRAINS)}
    # unit 10 after unit 9
    names = sorted(trains, key=lambda name: (not name.isdigit(), int(name) if name.isdigit() else 0, name))
    checked = {name: checked_times(path, trains[name], arrays[trains[name]]) for name in names}
    together = np.concatenate(list(checked.values()))
    ends = np.cumsum([len(train) for train in checked.values()])[:-1]
    trains_s = np.split(seconds(together, options, f"{path}: times in spikes"), ends)
    return of_trains(path, dict(zip(checked, trains_s, strict=True)), "datasets in spikes")


_FORMS: dict[str, tuple[str, Callable[..., SpikeCounts | SpikeTimes]]] = {
    "counts": ("counts", _of_counts),
    "times": ("times", _of_times),
    TRAINS: ("a group spikes", _of_trains),
    SIGNALS: ("signals", _of_signals),
}


def _numbers(path: Path, name: str, array: Any, ndim: int, shape: str) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype.kind not in "biuf":
        raise InputError(f"{path}: {name} has type {array.dtype}; numbers are expected")
    if array.ndim != ndim:
        raise InputError(f"{path}: {name} has shape {array.shape}; {shape} is expected")
    return array


def _read_hdf5(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    import h5py

    with reading(path), open_hdf5(path) as file:
        # scalars may be attributes, of the file or of the counts
        attributes = dict(file.attrs)
        for name in (SIGNALS, "counts"):
            if isinstance(file.get(name), h5py.Dataset):
                attributes |= dict(file[name].attrs)
        arrays = {name: np.asarray(attributes[name]) for name in ("bin_seconds", "fps") if name in attributes}
        for name in FIELDS:
            if isinstance(dataset := file.get(name), h5py.Dataset):
                arrays[name] = (
                    read_counts(dataset, f"{path}: {name}") if name == "counts" else _whole(path, dataset)
                )
        trains = file.get("spikes")
        if isinstance(trains, h5py.Group):
            for name, train in trains.items():
                if not isinstance(train, h5py.Dataset):
                    raise InputError(
                        f"{path}: spikes/{name} is a group; a dataset of times in seconds is expected"
                    )
                arrays[f"{TRAINS}{name}"] = _whole(path, train)
        table = file.get("units")
        if isinstance(table, h5py.Group):
            columns = {name: one for name, one in table.items() if isinstance(one, h5py.Dataset)}
            arrays |= {f"{TABLE}{name}": _whole(path, one) for name, one in columns.items() if one.ndim == 1}
        return arrays, list(file)


def _whole(path: Path, dataset: Any) -> np.ndarray:
    if dataset.nbytes > MOST_BYTES:
        raise InputError(
            f"{path}: {dataset.name.strip('/')} declares shape {dataset.shape}, {dataset.nbytes:.3g} bytes; "
            f"at most {MOST_BYTES:.3g} are read; is it damaged?"
        )
    return dataset[()]


def _is_plain(file: FileStart) -> bool:
    return file.is_hdf5 and "schema" not in file.attributes


NPZ = Reader("npz of counts or times", lambda file: file.is_npz, read_npz)
HDF5 = Reader("HDF5 of counts or times", _is_plain, read_hdf5)
