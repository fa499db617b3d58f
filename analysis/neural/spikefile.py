"""Files of spikes: npz or HDF5.

A file holds either `counts` (bins, neurons) with `bin_seconds` or `fps` and, if wanted,
`names` (neurons,); or `times` (spikes,) in seconds with `neurons` (spikes,), the integer id
of each spike's neuron; or a group `spikes` with a dataset of times per neuron. Whatever else
is in it is not looked at. Pickled objects are never loaded.
"""

import math
import zipfile
import zlib
from pathlib import Path

import numpy as np

from analysis.neural.session import SAME_RATE, SpikeCounts, SpikeTimes
from rodent.errors import InputError
from rodent.files import existing_file, open_hdf5

FIELDS = ("counts", "bin_seconds", "fps", "names", "times", "neurons")
TRAINS = "spikes/"  # and the neuron: a dataset of its spike times


def read_spikes(path: Path) -> SpikeCounts | SpikeTimes:
    """Read and check a file of spikes; what it is is decided by its content.

    Raises:
        InputError: it is not such a file, or something in it is missing, contradictory or
            no spike data; the message names it.
    """
    path = Path(path)
    arrays = _read_arrays(path)
    trains = {key.removeprefix(TRAINS): array for key, array in arrays.items() if key.startswith(TRAINS)}
    forms = [form for form, there in (("counts", "counts" in arrays), ("times", "times" in arrays)) if there]
    forms += ["a group spikes"] if trains else []
    if len(forms) > 1:
        raise InputError(f"{path} holds both {' and '.join(forms)}; keep one of them")
    if trains:
        return _from_trains(path, trains)
    if "times" in arrays:
        return _from_times(path, arrays)
    if "counts" in arrays:
        return _from_counts(path, arrays)
    raise InputError(f"{path} has {', '.join(arrays)} but neither counts, times nor a group spikes")


def _from_counts(path: Path, arrays: dict[str, np.ndarray]) -> SpikeCounts:
    counts = _numbers(path, "counts", arrays["counts"], ndim=2, shape="(bins, neurons)")
    for bad, what in (
        (~np.isfinite(counts), "counts must be finite; leave out neurons and bins without data"),
        (counts < 0, "counts cannot be negative"),
        (counts != np.floor(counts), "counts must be whole numbers: spikes per bin, not smoothed rates"),
    ):
        if bad.any():
            row, column = (int(i) for i in np.argwhere(bad)[0])
            raise InputError(f"{path}: counts[{row}, {column}] is {counts[row, column]:g}; {what}")
    if not counts.any():
        raise InputError(f"{path}: there are no spikes, all counts are zero")
    names = tuple(str(n) for n in range(counts.shape[1]))
    if "names" in arrays:
        given = np.atleast_1d(arrays["names"])
        names = tuple(n.decode() if isinstance(n, bytes) else str(n) for n in given.tolist())
    if len(names) != counts.shape[1] or len(set(names)) != len(names):
        raise InputError(f"{path}: names has {len(set(names))} names for {counts.shape[1]} columns of counts")
    small = counts.astype(np.min_scalar_type(int(counts.max())))
    return SpikeCounts(path, small, names, _bin_seconds(path, arrays))


def _bin_seconds(path: Path, arrays: dict[str, np.ndarray]) -> float:
    found = {}
    for key in ("bin_seconds", "fps"):
        if key in arrays:
            value = _numbers(path, key, arrays[key].reshape(-1), ndim=1, shape="a single number")
            if value.size != 1 or not 0 < value[0] < math.inf:
                raise InputError(
                    f"{path}: {key} is {np.array2string(value, threshold=5)}; one positive number is wanted"
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


def _from_times(path: Path, arrays: dict[str, np.ndarray]) -> SpikeTimes:
    times = _times(path, "times", arrays["times"])
    if "neurons" not in arrays:
        raise InputError(f"{path} has times but no neurons, the integer id of each spike's neuron")
    neurons = _numbers(path, "neurons", arrays["neurons"], ndim=1, shape="(spikes,)")
    if neurons.dtype.kind not in "iu":
        raise InputError(f"{path}: neurons has type {neurons.dtype}; integer ids are wanted")
    if neurons.shape != times.shape:
        raise InputError(
            f"{path}: there are {len(times)} times and {len(neurons)} neurons; one neuron per time is wanted"
        )
    if not len(times):
        raise InputError(f"{path}: there are no spikes, times is empty")
    ids, columns = np.unique(neurons, return_inverse=True)
    return SpikeTimes(path, times, columns, tuple(map(str, ids.tolist())))


def _from_trains(path: Path, trains: dict[str, np.ndarray]) -> SpikeTimes:
    # unit 10 after unit 9
    names = sorted(trains, key=lambda name: (not name.isdigit(), int(name) if name.isdigit() else 0, name))
    times = [_times(path, f"{TRAINS}{name}", trains[name]) for name in names]
    lengths = [len(t) for t in times]
    if not sum(lengths):
        raise InputError(f"{path}: there are no spikes, all {len(names)} datasets in spikes are empty")
    return SpikeTimes(path, np.concatenate(times), np.repeat(np.arange(len(names)), lengths), tuple(names))


def _times(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    times = _numbers(path, name, array, ndim=1, shape="(spikes,)").astype(float)
    if not np.isfinite(times).all():
        i = int(np.argmin(np.isfinite(times)))
        raise InputError(f"{path}: {name}[{i}] is {times[i]}; times must be finite, in seconds")
    return times


def _numbers(path: Path, name: str, array: np.ndarray, ndim: int, shape: str) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype.kind not in "biuf":
        raise InputError(f"{path}: {name} has type {array.dtype}; numbers are wanted")
    if array.ndim != ndim or (ndim == 2 and not array.size):
        raise InputError(f"{path}: {name} has shape {array.shape}; {shape} is wanted")
    return array


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays that may mean something, by name, of an npz or HDF5 file.

    Raises:
        InputError: it is neither, damaged, or holds none of them.
    """
    import h5py

    path = existing_file(path)
    if zipfile.is_zipfile(path):
        arrays, others = _read_npz(path)
    elif h5py.is_hdf5(path):
        arrays, others = _read_hdf5(path)
    else:
        with path.open("rb") as file:
            start = file.read(6)
        hint = "; this is a bare npy array: save it with numpy.savez" if start == b"\x93NUMPY" else ""
        raise InputError(f"{path} is neither an npz nor an HDF5 file, or is damaged{hint}")
    if not arrays:
        raise InputError(
            f"{path} holds no spikes: wanted are counts with bin_seconds or fps, times with neurons, or a "
            f"group spikes with times per neuron; there are: {', '.join(others) or 'no arrays'}"
        )
    return arrays


def _read_npz(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    name = "its list of arrays"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {}
            for name in file.files:
                if name in FIELDS or name.startswith(TRAINS):
                    arrays[name] = file[name]
            return arrays, file.files
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise InputError(f"{path}: {name} holds Python objects; save plain arrays of numbers") from error
        raise InputError(f"{path}: {name} is damaged: {error}") from error
    except (OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{path}: {name} is damaged: {error}") from error


def _read_hdf5(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    import h5py

    with open_hdf5(path) as file:
        # scalars may be attributes, of the file or of the counts
        attributes = dict(file.attrs)
        if isinstance(file.get("counts"), h5py.Dataset):
            attributes |= dict(file["counts"].attrs)
        arrays = {name: np.asarray(attributes[name]) for name in ("bin_seconds", "fps") if name in attributes}
        for name in FIELDS:
            if isinstance(file.get(name), h5py.Dataset):
                arrays[name] = file[name][()]
        trains = file.get("spikes")
        if isinstance(trains, h5py.Group):
            for name, train in trains.items():
                if not isinstance(train, h5py.Dataset):
                    raise InputError(
                        f"{path}: spikes/{name} is a group; a dataset of times in seconds is wanted"
                    )
                arrays[f"{TRAINS}{name}"] = train[()]
        return arrays, list(file)
