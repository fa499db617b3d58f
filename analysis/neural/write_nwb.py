"""Results written into a copy of an NWB file, as columns of its units table.

    write_units_columns(
        Path("monday.nwb"),
        Path("monday-scored.nwb"),
        session.names,
        {"bits_per_spike": scores, "q": q},
        {"bits_per_spike": "Held-out Poisson log-likelihood gain over the mean rate, bits per spike"},
    )

The file given is never written to. It is copied byte by byte, and the columns are added to the copy as the
schema of hdmf-common has them (`VectorData`). Nothing else is touched, so what other programs or extensions
wrote stays as it was. The copy takes its name only after pynwb has read the columns back.
"""

import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.neural.nwb import open_nwb, read_nwb
from analysis.neural.settings import SpikeOptions
from rodent.errors import InputError, WorkError, unknown
from rodent.files import atomic_path, existing_file, open_hdf5, reading

_UNITS = "units"


def write_units_columns(
    source: Path,
    target: Path,
    names: Sequence[str],
    columns: Mapping[str, Sequence[Any] | np.ndarray],
    descriptions: Mapping[str, str],
    *,
    replace: bool = False,
) -> None:
    """Copy an NWB file and add columns to the units table of the copy.

    Args:
        source: an NWB file with units, stored as HDF5.
        target: the copy; a file of this name is replaced.
        names: of the neurons that have values, each once, as `read_session` names them: ids, or, where ids
            are not unique, rows counted from 0.
        columns: by name, with one value per neuron named: numbers, true and false, or texts. Neurons that are
            not named get NaN, or an empty text.
        descriptions: of every column, for whoever opens the file: what it is, and its unit.
        replace: replace columns that have the same name, instead of refusing them. Only columns with one
            number or text per unit are replaced.

    Raises:
        InputError: the source has no units with spikes, target and source are one file, a neuron is unknown,
            or a column is there already or cannot have this name.
        ValueError: a column has not one number or text per name, or no description.
        WorkError: the disk is full, or pynwb cannot read what was written.
    """
    source, target = existing_file(Path(source)), Path(target)
    rows, n_units = _rows(source, names)
    values = {
        name: _of_units(name, column, rows, n_units, f"{source}: units/{name}")
        for name, column in columns.items()
    }
    if missing := [name for name in values if not descriptions.get(name)]:
        raise ValueError(f"columns without a description: {missing}; say what they are")
    check_units_columns(source, target, list(values), replace=replace)
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
        _add(temporary, values, descriptions)
        _check_read_back(temporary, values, target)


def check_units_columns(source: Path, target: Path, columns: Sequence[str], *, replace: bool = False) -> None:
    """Ask before long work whether columns of these names can be written into a copy of an NWB file.

    Args:
        source, target, replace: as for `write_units_columns`.
        columns: their names.

    Raises:
        InputError: target and source are one file, or a column is there already or cannot have this name.
    """
    source, target = existing_file(Path(source)), Path(target)
    if target.exists() and target.samefile(source):
        raise InputError(
            f"{target} is the file that is read, which is never changed; name another for the copy"
        )
    if target.suffix != ".nwb":
        raise InputError(f"{target}: the copy is an NWB file; let its name end in .nwb")
    if not target.parent.is_dir():
        raise InputError(f"{target}: the folder {target.parent} does not exist; create it first")
    with open_hdf5(source) as file:
        _check_links(file, source, target)
        for name in columns:
            _check_name(file[_UNITS], name, replace, source)


def _rows(path: Path, names: Sequence[str]) -> tuple[np.ndarray, int]:
    """Row of each neuron in the units table, shape (names,), and how many rows there are."""
    known = read_nwb(path, SpikeOptions()).names
    row_of = {name: row for row, name in enumerate(known)}
    for name in names:
        if name not in row_of:
            raise unknown("unit", name, known, f"{path}: units")
    if len(set(names)) < len(names):
        raise ValueError(f"units are given twice: {names}; each has one value per column")
    return np.array([row_of[name] for name in names], np.int64), len(known)


def _of_units(
    name: str, column: Sequence[Any] | np.ndarray, rows: np.ndarray, n: int, what: str
) -> np.ndarray:
    """A value for every unit of the file, shape (units,)."""
    given = np.asarray(column)
    if given.shape != rows.shape:
        raise ValueError(f"{what}: {given.shape} is not one value for each of {len(rows)} units named")
    if given.dtype.kind in "UO" and all(isinstance(text, str) for text in given):
        filled = np.full(n, "", object)
    elif given.dtype.kind in "biuf":
        whole = len(rows) == n and given.dtype.kind in "biu"
        filled = np.zeros(n, given.dtype) if whole else np.full(n, np.nan)
    else:
        raise ValueError(f"{what} has type {given.dtype}; numbers or texts can be columns")
    filled[rows] = given
    return filled


def _check_name(units: Any, name: str, replace: bool, path: Path) -> None:
    if not name or "/" in name or name == "." or name.endswith("_index"):
        raise InputError(f"{name!r} cannot name a column of units; use letters, digits and _ (not …_index)")
    if name not in units:
        return
    if not replace:
        raise InputError(
            f"{path}: units have a column {name!r} already; replace it (replace=True) or choose another name"
        )
    column = units[name]
    plain = getattr(column, "ndim", 0) == 1 and f"{name}_index" not in units
    if not plain or name == "id" or _text(column.attrs.get("neurodata_type")) != "VectorData":
        raise InputError(f"{path}: the column {name!r} of units is not one plain value per unit; it is kept")


def _check_links(file: Any, source: Path, target: Path) -> None:
    """Refuse to part a file from others that it links to by a relative path."""
    import h5py

    if source.parent.resolve() == target.parent.resolve():
        return
    groups = [file]
    while groups:
        group = groups.pop()
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                if not Path(link.filename).is_absolute():
                    raise InputError(
                        f"{source} links to {link.filename} beside it, which a copy in another folder "
                        "would not find; write the copy into the same folder"
                    )
            elif isinstance(link, h5py.HardLink) and isinstance(item := group[name], h5py.Group):
                groups.append(item)


def _add(path: Path, values: Mapping[str, np.ndarray], descriptions: Mapping[str, str]) -> None:
    import h5py

    with reading(path), h5py.File(path, "r+") as file:
        units = file[_UNITS]
        names = [_text(name) for name in units.attrs["colnames"]]
        for name, column in values.items():
            if name in units:
                del units[name]
            texts = column.dtype.kind == "O"
            # hdmf reads an enumeration of HDF5, which is what h5py makes of bool, as bool
            dataset = units.create_dataset(name, data=column, dtype=h5py.string_dtype() if texts else None)
            dataset.attrs.update(
                {
                    "description": descriptions[name],
                    "namespace": "hdmf-common",
                    "neurodata_type": "VectorData",
                    "object_id": str(uuid.uuid4()),
                }
            )
        names += [name for name in values if name not in names]
        units.attrs["colnames"] = np.array(names, h5py.string_dtype())


def _check_read_back(path: Path, values: Mapping[str, np.ndarray], target: Path) -> None:
    with open_nwb(path) as nwb:
        for name, column in values.items():
            found = np.asarray(nwb.units[name].data[:])
            same = (found == column) | ((column != column) & (found != found))
            if found.shape != column.shape or not same.all():
                raise WorkError(f"{target}: pynwb does not read units/{name} back as it was written")


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
