"""Shards of an experiment as files: the folder is the queue, and the truth.

    shards = Shards(folder, count=120)
    shards.missing()                          # what is left to do
    shards.complete(7, work)                  # do shard 7, unless it is there or another process does it

A shard is an .npz file of arrays, written under another name and renamed, so that it is there whole or not at
all. Two processes that do the same shard write the same bytes. A lock on a byte of the file `claims` tells
other processes that a shard is being done; it ends with the process.
"""

import contextlib
import dataclasses
import errno
import fcntl
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from rodent.errors import InputError, WorkError, one_line
from rodent.files import atomic_path, explain_os_errors, require_room_for_folder
from rodent.npz import read_npz

Columns = Mapping[str, np.ndarray]
Work = Callable[[int], Columns]
"""The pure function of the number of a shard that returns its arrays."""
_CLAIMS = "claims"
Done = Literal["written", "present", "claimed"]
"""What became of a shard: written now, there before, or being done by another process."""


def require_room_for_shards(folder: Path, kind: str) -> None:
    """Ask before long work whether a folder can be made for shards, or was begun for them.

    Args:
        folder: that need not be there yet.
        kind: of folder, with its article, for the message.

    Raises:
        InputError: its parent is missing, a file has its name, or it has other files.
    """
    require_room_for_folder(folder)
    # `making` writes the file of claims first
    if folder.exists() and any(folder.iterdir()) and not (folder / _CLAIMS).exists():
        raise InputError(f"{folder} has other files than those of {kind}; name a new folder")


@contextlib.contextmanager
def making(folder: Path, card: str) -> Iterator[bool]:
    """Make a folder of shards, or go on where a killed process stopped making it; one process at a time.

    Args:
        folder: that is made.
        card: name of the file that is written last.

    Yields:
        whether the card is still to be written.

    Raises:
        InputError: the folder cannot be written.
    """
    with explain_os_errors(folder):
        folder.mkdir(exist_ok=True)
        file = (folder / _CLAIMS).open("ab")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield not (folder / card).exists()


@dataclasses.dataclass(frozen=True)
class Shards:
    """The shards in a folder.

    Attributes:
        folder: with the folder `shards`; both exist.
        count: number of shards.
    """

    folder: Path
    count: int

    def path(self, number: int) -> Path:
        """The file of a shard."""
        return self.folder / "shards" / f"{number:06d}.npz"

    def done(self) -> dict[int, float]:
        """Times at which shards were written, in seconds since 1970, by number."""
        found = {}
        for path in (self.folder / "shards").glob("[0-9]*.npz"):
            with contextlib.suppress(FileNotFoundError, ValueError):
                found[int(path.stem)] = path.stat().st_mtime
        return {number: found[number] for number in sorted(found) if number < self.count}

    def missing(self) -> list[int]:
        """Numbers of shards that are not there, ascending."""
        done = self.done()
        return [number for number in range(self.count) if number not in done]

    def failures(self) -> dict[int, str]:
        """The last error of shards that failed and are missing, by number."""
        found = {}
        for path in sorted((self.folder / "failures").glob("[0-9]*.txt")):
            if not self.path(int(path.stem)).exists():
                with contextlib.suppress(FileNotFoundError):
                    found[int(path.stem)] = path.read_text().strip()
        return found

    def complete(self, number: int, work: Work) -> Done:
        """Do a shard, unless it is there or another process does it.

        Raises:
            InputError, WorkError: as the work; or the folder cannot be written, or the disk is full.
        """
        with self._claim(number) as mine:
            if not mine:
                return "claimed"
            if self.path(number).exists():
                return "present"
            self._remove_leftovers(number)
            try:
                self._write(number, work(number))
            except Exception as error:
                self._note_failure(number, error)
                raise
            (self.folder / "failures" / f"{number:06d}.txt").unlink(missing_ok=True)
        return "written"

    def read(self, number: int) -> dict[str, np.ndarray]:
        """The arrays of a shard.

        Raises:
            InputError: it is missing or damaged.
        """
        return read_npz(self.path(number), lambda name: True)[0]

    def _write(self, number: int, columns: Columns) -> None:
        with atomic_path(self.path(number)) as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **columns)

    def _note_failure(self, number: int, error: Exception) -> None:
        path = self.folder / "failures" / f"{number:06d}.txt"
        # the disk may be full; the error itself goes on
        with contextlib.suppress(OSError, WorkError), atomic_path(path) as temporary:
            now = time.strftime("%Y-%m-%d %H:%M:%S")
            temporary.write_text(f"{now} {type(error).__name__}: {one_line(error)}\n")

    def _remove_leftovers(self, number: int) -> None:
        """Remove what killed processes have left of a shard."""
        for path in (self.folder / "shards").glob(f".{number:06d}.*"):
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _claim(self, number: int) -> Iterator[bool]:
        """Hold the lock of a shard; yields whether it is held."""
        path = self.folder / _CLAIMS
        with explain_os_errors(path):
            file = path.open("ab")
        with file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
            except (BlockingIOError, PermissionError):
                yield False
                return
            except OSError as error:
                # without locks, two processes may do the same shard; they write the same bytes
                if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                    raise
            yield True
