"""Spikes as plain arrays: npz or HDF5.

A file holds either `counts` (bins, neurons) with `bin_seconds` or `fps` and, if wanted,
`names` (neurons,); or `times` (spikes,) in seconds with `neurons` (spikes,), the integer id
of each spike's neuron; or a group `spikes` with a dataset of times per neuron. A group `units`
may hold a table of the neurons: a number or text for each, such as `units/region`. Whatever else
is in it is not looked at. Pickled objects are never loaded.
"""

import math
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from analysis.neural.counts import MOST_BYTES, read_counts
from analysis.neural.session import NeuralSession
from analysis.neural.spikes import SAME_RATE, SpikeCounts, SpikeTimes
from analysis.neural.table import as_column, as_text
from rodent.errors import InputError
from rodent.files import open_hdf5, reading

FIELDS = ("counts", "bin_seconds", "fps", "names", "times", "neurons")
TRAINS = "spikes/"  # and the neuron: a dataset of its spike times
TABLE = "units/"  # and the column: an entry for each neuron


def read_npz(path: Path) -> NeuralSession:
    """Read spikes from an npz file.

    Raises:
        InputError: damaged, or something in it is missing, contradictory or no spike data.
    """
    return _session(path, "npz", *_read_npz(path))


def read_hdf5(path: Path) -> NeuralSession:
    """Read spikes from a plain HDF5 file; raises as `read_npz` does."""
    return _session(path, "HDF5", *_read_hdf5(path))


def checked_times(path: Path, name: str, array: Any) -> np.ndarray:
    """Spike times as float64, shape (spikes,).

    Raises:
        InputError: no numbers, of another shape, or not finite.
    """
    times = _numbers(path, name, array, ndim=1, shape="(spikes,)").astype(float)
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


def _session(path: Path, kind: str, arrays: dict[str, np.ndarray], others: list[str]) -> NeuralSession:
    columns = {name: arrays.pop(name) for name in list(arrays) if name.startswith(TABLE)}
    spikes = _spikes(path, arrays, others)
    return NeuralSession(path, kind, spikes, _table(path, columns, spikes.names))


def _table(path: Path, arrays: dict[str, np.ndarray], names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The units table, in the order of the neurons: by its column `id`, where it has one."""
    plain = {name.removeprefix(TABLE): as_column(array) for name, array in arrays.items()}
    columns = {name: column for name, column in plain.items() if column is not None}
    ids = as_text(columns["id"]).tolist() if "id" in columns else list(names)
    for name, column in columns.items():
        if len(column) != len(ids):
            raise InputError(
                f"{path}: units/{name} has {len(column)} entries for {len(ids)} neurons; one each is expected"
            )
    at = {one: i for i, one in enumerate(ids)}
    if len(at) < len(ids):
        raise InputError(f"{path}: units/id names a neuron twice")
    missing = [name for name in names if name not in at]
    if missing:
        raise InputError(f"{path}: units/id has no neuron {missing[0]!r}; it has: {', '.join(ids[:30])}")
    order = [at[name] for name in names]
    return {name: column[order] for name, column in columns.items()}


def _spikes(path: Path, arrays: dict[str, np.ndarray], others: list[str]) -> SpikeCounts | SpikeTimes:
    """The one form of spikes that is there."""
    if not arrays:
        raise InputError(
            f"{path} holds no spikes: expected counts with bin_seconds or fps, times with neurons, or a "
            f"group spikes with times per neuron; there are: {', '.join(others) or 'no arrays'}"
        )
    forms = [form for form in _FORMS if any(name.startswith(form) for name in arrays)]
    if len(forms) > 1:
        raise InputError(
            f"{path} holds both {' and '.join(_FORMS[form][0] for form in forms)}; keep one of them"
        )
    if not forms:
        raise InputError(f"{path} has {', '.join(arrays)} but neither counts, times nor a group spikes")
    return _FORMS[forms[0]][1](path, arrays)


def _of_counts(path: Path, arrays: dict[str, np.ndarray]) -> SpikeCounts:
    counts = arrays["counts"]
    if not counts.any():
        raise InputError(f"{path}: there are no spikes, all counts are zero")
    names = tuple(str(n) for n in range(counts.shape[1]))
    if "names" in arrays:
        given = np.atleast_1d(arrays["names"])
        names = tuple(n.decode() if isinstance(n, bytes) else str(n) for n in given.tolist())
    if len(names) != counts.shape[1] or len(set(names)) != len(names):
        raise InputError(f"{path}: names has {len(set(names))} names for {counts.shape[1]} columns of counts")
    return SpikeCounts(path, counts, names, _bin_seconds(path, arrays))


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


def _of_times(path: Path, arrays: dict[str, np.ndarray]) -> SpikeTimes:
    times = checked_times(path, "times", arrays["times"])
    if "neurons" not in arrays:
        raise InputError(f"{path} has times but no neurons, the integer id of each spike's neuron")
    neurons = _numbers(path, "neurons", arrays["neurons"], ndim=1, shape="(spikes,)")
    if neurons.dtype.kind not in "iu":
        raise InputError(f"{path}: neurons has type {neurons.dtype}; integer ids are expected")
    if neurons.shape != times.shape:
        raise InputError(
            f"{path}: there are {len(times)} times and {len(neurons)} neurons; one neuron per time is "
            "expected"
        )
    if not len(times):
        raise InputError(f"{path}: there are no spikes, times is empty")
    ids, columns = np.unique(neurons, return_inverse=True)
    return SpikeTimes(path, times, columns, tuple(map(str, ids.tolist())))


def _of_trains(path: Path, arrays: dict[str, np.ndarray]) -> SpikeTimes:
    trains = {key.removeprefix(TRAINS): key for key in arrays if key.startswith(TRAINS)}
    # unit 10 after unit 9
    names = sorted(trains, key=lambda name: (not name.isdigit(), int(name) if name.isdigit() else 0, name))
    checked = {name: checked_times(path, trains[name], arrays[trains[name]]) for name in names}
    return of_trains(path, checked, "datasets in spikes")


_FORMS: dict[str, tuple[str, Callable[..., SpikeCounts | SpikeTimes]]] = {
    "counts": ("counts", _of_counts),
    "times": ("times", _of_times),
    TRAINS: ("a group spikes", _of_trains),
}


def _numbers(path: Path, name: str, array: Any, ndim: int, shape: str) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype.kind not in "biuf":
        raise InputError(f"{path}: {name} has type {array.dtype}; numbers are expected")
    if array.ndim != ndim:
        raise InputError(f"{path}: {name} has shape {array.shape}; {shape} is expected")
    return array


def _read_npz(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """The arrays that may mean something by name, and the names of all."""
    name = "its list of arrays"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {}
            for name in file.files:
                if name in FIELDS or name.startswith((TRAINS, TABLE)):
                    _check_size(path, name, file.zip)
                    arrays[name] = file[name]
            others = file.files
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise InputError(
                f"{path}: {name} holds Python objects; save plain arrays of numbers or texts"
            ) from error
        raise InputError(f"{path}: {name} is damaged: {error}") from error
    except (OSError, EOFError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{path}: {name} is damaged: {error}") from error
    if "counts" in arrays:
        arrays["counts"] = read_counts(arrays["counts"], f"{path}: counts")
    return arrays, others


def _check_size(path: Path, name: str, archive: zipfile.ZipFile) -> None:
    """Refuse an array that would not fit into memory before it is read, and one whose header lies."""
    member = next((n for n in (f"{name}.npy", name) if n in archive.namelist()), name)
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = header(file)
        declared = math.prod(shape) * dtype.itemsize
        stored = archive.getinfo(member).file_size - file.tell()
    if declared > min(MOST_BYTES, stored) and not dtype.hasobject:
        raise InputError(
            f"{path}: {name} declares shape {shape}, {declared:.3g} bytes of which {stored} are there and "
            f"{MOST_BYTES:.3g} would be read; is it damaged?"
        )


def _read_hdf5(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    import h5py

    with reading(path), open_hdf5(path) as file:
        # scalars may be attributes, of the file or of the counts
        attributes = dict(file.attrs)
        if isinstance(file.get("counts"), h5py.Dataset):
            attributes |= dict(file["counts"].attrs)
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
