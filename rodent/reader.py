"""Readers of file formats: how a file is recognised, and how it is read.

    READER = Reader("TRC of OpenSim", lambda file: file.start.startswith(b"PathFileType"), read_trc)

    file = FileStart.of(Path("rat.trc"))
    reader = recognised(KEYPOINT_READERS, file)     # None if no reader recognises the file
    reader.read(file.path, options)

Readers of keypoints and clips are in `rodent.parts`, those of spikes in `analysis.parts`. Packages add more
by entry points. A package's reader comes before the built-in ones, which are tried in the order of their
table.
"""

import dataclasses
import functools
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from rodent.errors import InputError
from rodent.files import open_hdf5, reading
from rodent.registry import Registry

Options = TypeVar("Options")
Content = TypeVar("Content")
_START = 2**16  # bytes: the header rows of a wide table
_TEXT = b"\t\r\n\f"  # control characters of texts


@dataclasses.dataclass(frozen=True)
class FileStart:
    """What a reader may look at to recognise a file. What is expensive is read once, when asked for."""

    path: Path
    """The file or folder."""
    start: bytes
    """Its first 65,536 bytes; empty for a folder."""

    @classmethod
    def of(cls, path: Path | str) -> "FileStart":
        """The start of a file.

        Raises:
            InputError: no such file or folder, it is empty, or it cannot be read.
        """
        path = Path(path)
        if path.is_dir():
            return cls(path, b"")
        if not path.exists():
            raise InputError(f"no such file: {path}")
        with reading(path), open(path, "rb") as stream:
            start = stream.read(_START)
        if not start:
            raise InputError(f"{path} is empty")
        return cls(path, start)

    @property
    def suffix(self) -> str:
        """Suffix of the name, in lower case, such as `.csv`."""
        return self.path.suffix.lower()

    @property
    def is_folder(self) -> bool:
        """Whether this is a folder."""
        return self.path.is_dir()

    @functools.cached_property
    def is_hdf5(self) -> bool:
        """HDF5, and what is built on it: NWB, MAT of version 7.3."""
        import h5py

        return not self.is_folder and bool(h5py.is_hdf5(self.path))

    @property
    def is_mat(self) -> bool:
        """A MAT file of version 5 to 7.2."""
        return self.start.startswith(b"MATLAB 5.0")

    @property
    def is_npz(self) -> bool:
        """A zip file, such as npz."""
        return self.start.startswith(b"PK\x03\x04")

    @property
    def is_text(self) -> bool:
        """A file without control characters and NUL bytes, such as CSV."""
        return bool(self.start) and not any(byte < 32 and byte not in _TEXT for byte in self.start)

    @property
    def is_pickle(self) -> bool:
        """A pickle of Python objects, which can run code and is never read."""
        return self.start[:1] == b"\x80" and self.start[1:2] in b"\x02\x03\x04\x05"

    @functools.cached_property
    def members(self) -> tuple[str, ...]:
        """Names of the arrays of an npz, the variables of a MAT file, the top-level members of HDF5.

        Raises:
            InputError: the file is damaged.
        """
        if self.is_npz:
            with reading(self.path), zipfile.ZipFile(self.path) as archive:
                return tuple(name.removesuffix(".npy") for name in archive.namelist())
        if self.is_mat:
            from rodent.mat import mat_variables

            return mat_variables(self.path)
        if self.is_hdf5:
            with reading(self.path), open_hdf5(self.path) as file:
                return tuple(file)
        return ()

    @functools.cached_property
    def attributes(self) -> Mapping[str, Any]:
        """Attributes of an HDF5 file; empty for others."""
        if not self.is_hdf5:
            return {}
        with reading(self.path), open_hdf5(self.path) as file:
            return dict(file.attrs)

    def has(self, *places: str) -> bool:
        """Whether an HDF5 file has all these groups or datasets, such as `pose/keypoints`."""
        if not self.is_hdf5:
            return False
        with reading(self.path), open_hdf5(self.path) as file:
            return all(place in file for place in places)


@dataclasses.dataclass(frozen=True)
class Reader(Generic[Options, Content]):
    """How files of one format are recognised and read."""

    description: str
    """Name of the format in messages, such as `CSV of anipose`."""
    recognises: Callable[[FileStart], bool]
    """Whether a file is of this format, by its content or suffix. It should be false for files of others."""
    read: Callable[[Path, Options], Content]
    """Reads the file. Errors are `InputError`; others that reading libraries raise become one."""


def recognised(
    registry: Registry[Reader[Options, Content]], file: FileStart, name: str = ""
) -> Reader[Options, Content] | None:
    """The reader of a file; None if no reader recognises it.

    Args:
        registry: the readers.
        file: the file.
        name: of the reader, if the user chose one; then it is not asked whether it recognises the file.

    Raises:
        InputError: the name is unknown, the file is damaged, or readers of two packages recognise it.
    """
    if name:
        return registry.get(name, "--format")
    built_in = [name for name, origin in registry.origins().items() if origin == "built in"]
    found = [name for name in registry.names() if name not in built_in and _recognises(registry, name, file)]
    if len(found) > 1:
        options = " or ".join(f"--format {name}" for name in found)
        raise InputError(f"{file.path} is recognised by several added readers; choose one: {options}")
    if found:
        return registry.get(found[0])
    return next((registry.get(name) for name in built_in if _recognises(registry, name, file)), None)


def _recognises(registry: Registry[Reader[Any, Any]], name: str, file: FileStart) -> bool:
    reader = _usable(registry, name)
    with reading(file.path):
        return reader is not None and bool(reader.recognises(file))


def _usable(registry: Registry[Reader[Any, Any]], name: str) -> Reader[Any, Any] | None:
    try:
        return registry.get(name)
    except InputError:  # a broken package must not stop the reading of other formats
        return None


def descriptions(registry: Registry[Reader[Any, Any]]) -> str:
    """The formats of all readers, for messages."""
    readers = {name: _usable(registry, name) for name in registry.names()}
    return ", ".join(
        f"{name} (cannot be imported)" if reader is None else reader.description
        for name, reader in readers.items()
    )
