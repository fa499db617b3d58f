"""Arrays of npz and npy files, checked before they are read: nothing is unpickled, and no size is believed.

arrays, found = read_npz(path, ("points", "names"))
"""

import math
import zipfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO

import numpy as np

from rodent.errors import InputError
from rodent.files import reading

MOST_BYTES = 2**32
"""Of an array in memory; a file that declares more is damaged."""


def read_npz(
    path: Path, names: Collection[str] | Callable[[str], bool]
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Some arrays of an npz, and the names of all.

    Args:
        path: the file.
        names: of the arrays that are read, where they are there; or a function that says whether one is.

    Raises:
        InputError: the file is damaged, or one of these arrays holds Python objects.
    """
    is_read = names if callable(names) else names.__contains__
    arrays = {}
    with reading(path), zipfile.ZipFile(path) as archive:
        members = {name.removesuffix(".npy"): name for name in archive.namelist()}
        for name, member in members.items():
            if is_read(name):
                with archive.open(member) as stream:
                    check_header(stream, archive.getinfo(member).file_size, f"{path}: {name}")
                # numpy reads an array from the beginning of a stream
                with archive.open(member) as stream:
                    arrays[name] = np.lib.format.read_array(stream, allow_pickle=False)
    return arrays, tuple(members)


def read_npy(path: Path) -> np.ndarray:
    """The array of an npy.

    Raises:
        InputError: the file is damaged, or the array holds Python objects.
    """
    with reading(path), open(path, "rb") as stream:
        check_header(stream, path.stat().st_size, f"{path}: the array")
        stream.seek(0)
        return np.lib.format.read_array(stream, allow_pickle=False)


def check_header(stream: IO[bytes], size: int, what: str) -> None:
    """Refuse an array of Python objects, and one that declares more data than there are.

    Args:
        stream: of an npy, at its beginning.
        size: bytes of the whole npy.
        what: file and array, for messages.
    """
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    if dtype.hasobject:
        raise InputError(
            f"{what} holds pickled Python objects, which can run code and are never read; save plain arrays "
            "of numbers or texts"
        )
    declared, stored = math.prod(shape) * dtype.itemsize, size - stream.tell()
    if declared > min(MOST_BYTES, stored):
        raise InputError(
            f"{what} declares shape {shape}, {declared:.3g} bytes of which {stored} are there and "
            f"{MOST_BYTES:.3g} would be read; is it damaged?"
        )
