"""A folder that one process works on at a time.

with held(run.folder, "rodent train"):
    ...                 # another process is refused; the error names who holds the folder

The operating system releases a lock when its process ends, however it ends.
"""

import contextlib
import datetime
import fcntl
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from rodent.errors import InputError
from rodent.files import explain_os_errors

FILE = "lock"
"""Name of the file that is locked; it names the last holder."""


@contextlib.contextmanager
def held(folder: Path, work: str) -> Iterator[None]:
    """Hold a folder during a block.

    Args:
        folder: that exists.
        work: what is done, for the message to others.

    Raises:
        InputError: another process holds it; the message names the process.
    """
    path = folder / FILE
    with explain_os_errors(path):
        file = path.open("a+")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise InputError(
                f"{folder} is in use by {holder}; wait until that has ended, or choose another folder"
            ) from None
        since = datetime.datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        file.truncate(0)
        file.write(f"{work} (process {os.getpid()} on {platform.node()}, since {since})\n")
        file.flush()
        yield
