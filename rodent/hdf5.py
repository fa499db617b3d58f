"""Writing HDF5 files, also where the disk is full.

with new_hdf5(path) as file:             # an h5py.File, which appears at `path` if the block succeeds
    file["qpos"] = qpos

HDF5 crashes the process if it cannot write while it closes a file or a dataset. So it writes to an object
that keeps the first error, which is raised when the file is closed.
"""

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rodent.files import atomic_path

if TYPE_CHECKING:
    import h5py


@contextlib.contextmanager
def new_hdf5(path: Path, **options: Any) -> Iterator["h5py.File"]:
    """Write an HDF5 file atomically.

    Args:
        path: to write.
        options: of `h5py.File`.

    Raises:
        InputError: it cannot be written there.
        WorkError: the disk is full.
    """
    import h5py

    with atomic_path(path) as temporary, temporary.open("w+b", buffering=0) as stream:
        target = _Target(stream)
        try:
            with h5py.File(target, "w", **options) as file:
                yield file
        finally:
            if target.error is not None:
                raise target.error


class _Target:
    """A file for h5py. After an error nothing is written any more.

    Args:
        stream: the file, open for reading and writing without a buffer.

    Attributes:
        error: the first one; None if there was none.
    """

    def __init__(self, stream: io.FileIO):
        self._stream = stream
        self.error: OSError | None = None
        self.seek, self.tell = stream.seek, stream.tell
        self.read, self.readinto = stream.read, stream.readinto

    def write(self, data: Any) -> int:
        """Write all of some bytes."""
        self._try(lambda: self._write(memoryview(data)))
        return len(data)

    def truncate(self, size: int) -> int:
        """Make the file this long, bytes."""
        self._try(lambda: self._stream.truncate(size))
        return size

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def _write(self, data: memoryview) -> None:
        while data:
            data = data[self._stream.write(data) :]

    def _try(self, act: Callable[[], object]) -> None:
        if self.error is not None:
            return
        try:
            act()
        except OSError as error:
            self.error = error
