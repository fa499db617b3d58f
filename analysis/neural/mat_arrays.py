"""Spikes as arrays in a MAT file of version 5 to 7.2, with the names that npz have.

Instead of a group, `spikes` is a cell array with the times of each neuron. MATLAB stores rows and columns of
numbers as matrices, and whole numbers as doubles.
"""

from pathlib import Path
from typing import Any

import numpy as np

from analysis.neural.arrays import FIELDS, TRAINS, session_of
from analysis.neural.counts import read_counts
from analysis.neural.session import NeuralSession
from analysis.neural.settings import SpikeOptions
from rodent.mat import load_mat, mat_variables
from rodent.reader import FileStart, Reader


def read(path: Path, options: SpikeOptions) -> NeuralSession:
    """Read a session.

    Raises:
        InputError: damaged, or something in it is missing, contradictory or no spike data.
    """
    arrays = {name: values for name, values in load_mat(path, (*FIELDS, "spikes")).items() if name[0] != "_"}
    cells = arrays.pop("spikes", None)
    if is_cells_of_numbers(cells):
        trains = enumerate(np.ravel(cells).tolist(), start=1)
        arrays |= {f"{TRAINS}{number}": np.ravel(train) for number, train in trains}
    if "counts" in arrays:
        arrays["counts"] = read_counts(arrays["counts"], f"{path}: counts")
    if "names" in arrays:
        arrays["names"] = np.array([str(np.ravel(name)[0]) for name in np.ravel(arrays["names"])])
    return session_of(path, "MAT", arrays, mat_variables(path), options)


def is_cells_of_numbers(cells: Any) -> bool:
    """Whether a variable of a MAT file is a cell array of which every cell holds numbers, or nothing."""
    if not (isinstance(cells, np.ndarray) and cells.dtype == object and cells.size):
        return False
    each = [np.asarray(cell) for cell in cells.ravel().tolist()]
    return any(cell.size for cell in each) and all(
        cell.dtype.names is None and cell.dtype.kind in "biuf" for cell in each
    )


def is_arrays(file: FileStart) -> bool:
    """Whether a MAT file has arrays of counts or times, or a cell array of spike times."""
    if not file.is_mat:
        return False
    if "spikes" in file.members:
        return is_cells_of_numbers(load_mat(file.path, ("spikes",)).get("spikes"))
    return bool({"counts", "times"} & set(file.members))


READER = Reader("MAT of counts or times", is_arrays, read)
