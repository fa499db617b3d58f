"""Files of spikes, of any format; the content decides which it is.

session = read_session(Path("monday.nwb"))
session = read_session(Path("spikes.mat"), metres_per_pixel=0.0025)
"""

import zipfile
from pathlib import Path

from analysis.neural.session import NeuralSession
from rodent.errors import InputError
from rodent.files import existing_file, open_hdf5, reading


def read_session(path: Path | str, metres_per_pixel: float | None = None) -> NeuralSession:
    """Read a recorded session.

    Args:
        path: NWB, a session of Aldarondo et al. (2024), a MAT file of tetrodes, or npz or HDF5 of counts or
            times.
        metres_per_pixel: scale of positions that a file gives in pixels.

    Raises:
        InputError: the file is missing, damaged, of no known format, holds no spikes, or something in it
            is missing or contradictory; the message names it.
    """
    import h5py

    from analysis.neural.arrays import read_npz
    from analysis.neural.tetrodes import is_matlab, read_tetrodes

    path = existing_file(Path(path))
    with reading(path):
        kinds = {"zip": zipfile.is_zipfile(path), "hdf5": h5py.is_hdf5(path), "matlab": is_matlab(path)}
    if kinds["matlab"]:
        return read_tetrodes(path, metres_per_pixel)
    if metres_per_pixel is not None:
        raise InputError(f"{path} has no positions in pixels; leave out --metres-per-pixel")
    if kinds["zip"]:
        return read_npz(path)
    if kinds["hdf5"]:
        return _read_hdf5(path)
    with path.open("rb") as file:
        start = file.read(6)
    hint = "; this is a bare npy array: save it with numpy.savez" if start == b"\x93NUMPY" else ""
    raise InputError(f"{path} is neither an npz nor an HDF5, NWB or MAT file, or is damaged{hint}")


def _read_hdf5(path: Path) -> NeuralSession:
    from analysis.neural.aldarondo import is_session, read_session_file
    from analysis.neural.arrays import read_hdf5
    from analysis.neural.nwb import read_nwb

    with reading(path), open_hdf5(path) as file:
        members = tuple(file)
        is_nwb = "nwb_version" in file.attrs
        is_matlab = any("MATLAB_class" in file[name].attrs for name in members)
        schema = file.attrs.get("schema")
    if schema is not None:
        raise InputError(f"{path} is a file of {schema!r}, which holds no spikes")
    if is_matlab:
        raise InputError(f"{path} is a MAT file of version 7.3; save it again in MATLAB with -v7")
    if is_nwb:
        return read_nwb(path)
    return read_session_file(path) if is_session(members) else read_hdf5(path)
