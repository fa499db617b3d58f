"""Reading and writing files so that nothing is lost, half-written or misread.

with atomic_path(out) as temporary:      # renamed to `out` only if the block succeeds
    write_to(temporary)
with open_hdf5(path, "virtual-rodent/clips", version=1) as file:
    ...                                  # written by `rodent.hdf5`
"""

import contextlib
import errno
import gzip
import json
import os
import platform
import re
import shutil
import tokenize
import tomllib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rodent.errors import InputError, WorkError, one_line

if TYPE_CHECKING:
    import h5py

_REFUSED = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.ENOENT),
    errno.ENOTEMPTY,  # a new folder, which another process has made meanwhile
)


@contextlib.contextmanager
def atomic_path(path: Path, *, new: bool = False) -> Iterator[Path]:
    """Yield a temporary sibling of `path`, a file or folder, that takes its name on success.

    The temporary keeps the suffix, because writers choose a format by it. On any error
    it is removed and whatever stood at `path` before is untouched. What a killed process
    of this machine has left of an earlier try is removed, too.

    Args:
        path: to write.
        new: whether a folder replaces an empty one alone: of two processes that make it, one succeeds.

    Raises:
        InputError: the path has no name, the parent folder is missing or cannot be written, or a new folder
            is there already.
        WorkError: the disk is full.
    """
    path = Path(path)
    if not path.name:
        raise InputError(f"cannot write {path}: name a file or folder in it")
    _require_parent(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}@{platform.node()}.part{path.suffix}")
    try:
        with explain_os_errors(path):
            _remove_leftovers(path)
            yield temporary
            if temporary.is_dir() and path.is_dir() and not new:
                _swap_folders(temporary, path)
            else:
                os.replace(temporary, path)
    finally:
        _remove(temporary)


def require_room_for_files(*paths: Path | None) -> None:
    """Ask before long work whether results can be written to files, those that are given.

    Raises:
        InputError: a parent folder is missing or cannot be written, or a folder has the name of a file.
    """
    for path in filter(None, paths):
        _require_parent(path)
        if path.is_dir():
            raise InputError(f"cannot write {path}: it is a folder, and a file is expected; name another")


def require_room_for_folder(path: Path) -> None:
    """Ask before long work whether results can be put into a folder, which need not be there yet.

    Raises:
        InputError: its parent is missing or cannot be written, or a file has its name.
    """
    if path.is_dir():
        _require_permission(path, path)
        return
    _require_parent(path)
    if path.exists():
        raise InputError(f"cannot write to {path}: it is a file, and a folder is expected; name another")


def _require_parent(path: Path) -> None:
    if not path.parent.is_dir():
        raise InputError(f"cannot write {path}: the folder {path.parent} does not exist; create it first")
    _require_permission(path, path.parent)


def _require_permission(path: Path, folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"cannot write {path}: no permission to write in the folder {folder}")


@contextlib.contextmanager
def explain_os_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says while `path` is written into one clear line."""
    path = _lasting(path)
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:  # orbax says ValueError
        number = getattr(error, "errno", None)
        if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or "No space left" in str(error):
            raise WorkError(f"disk full while writing {path}; free some space and run again") from error
        if isinstance(error, FileExistsError):
            raise InputError(f"cannot write {path}: {error.filename} is a file, not a folder") from error
        if number in _REFUSED:
            raise InputError(f"cannot write {path}: {os.strerror(number)}") from error
        raise


def _lasting(path: Path) -> Path:
    """The path that a temporary one of `atomic_path` gets; any other as it is."""
    found = re.fullmatch(r"\.(.+)\.\d+@.*\.part(\.\w+)?", path.name)
    return path.with_name(found[1] + (found[2] or "")) if found else path


def existing_file(path: Path) -> Path:
    """The path, if a file stands there.

    Raises:
        InputError: nothing or a folder stands there.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; a file is expected")
    if not path.exists():
        raise InputError(f"no such file: {path}")
    return path


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        InputError: missing, not JSON, or not readable.
    """
    with reading(existing_file(path)):
        try:
            return json.loads(path.read_text())
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path} is not JSON: {error}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file holds.

    Raises:
        InputError: missing, not TOML, or not readable.
    """
    with reading(existing_file(path)):
        try:
            return tomllib.loads(path.read_text())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path} is not TOML: {one_line(error)}") from error


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in one line what is wrong with a file that cannot be read or parsed.

    Libraries have many words for damage: h5py alone raises OSError, RuntimeError, KeyError,
    TypeError and ValueError. Wrap only what reads.
    """
    try:
        yield
    except InputError:
        raise
    except PermissionError as error:
        raise InputError(f"cannot read {path}: permission denied") from error
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is truncated or damaged: {one_line(error)}") from error
    except json.JSONDecodeError as error:
        raise InputError(f"{path} is not valid JSON: {one_line(error)}") from error
    except RecursionError as error:
        raise InputError(f"{path} is nested too deeply") from error
    except MemoryError as error:
        raise InputError(f"{path} claims more data than fits in memory; is it damaged?") from error
    except (OSError, RuntimeError, LookupError, ValueError, TypeError, tokenize.TokenError) as error:
        if "allow_pickle" in str(error):
            raise InputError(
                f"{path} holds pickled Python objects, which can run code and are never read; "
                "save plain arrays of numbers and strings"
            ) from error
        raise InputError(f"{path} is damaged: {one_line(error)}") from error


@contextlib.contextmanager
def open_hdf5(path: Path, schema: str | None = None, version: int | None = None) -> Iterator["h5py.File"]:
    """Open an HDF5 file for reading, checking what kind it is.

    Args:
        path: the file.
        schema: expected value of the attribute `schema`; None to accept any HDF5 file.
        version: expected value of the attribute `version`, where a schema is expected.

    Raises:
        InputError: missing, not HDF5, truncated, or of another schema or version.
    """
    import h5py

    path = existing_file(path)
    try:
        file = h5py.File(path, "r")
    except PermissionError as error:
        raise InputError(f"cannot read {path}: permission denied") from error
    except OSError as error:
        cause = (
            "truncated or damaged" if h5py.is_hdf5(path) or "truncated" in str(error) else "not an HDF5 file"
        )
        raise InputError(f"{path} is {cause}") from error
    with file:
        with reading(path):
            found, number = file.attrs.get("schema"), file.attrs.get("version")
        found = found.decode(errors="replace") if isinstance(found, bytes) else found
        if schema is not None and found != schema:
            raise InputError(f"{path} has schema {found!r}; {schema!r} is expected")
        if schema is not None and number != version:
            raise InputError(f"{path} is version {number} of {schema}; this program reads version {version}")
        try:
            yield file
        except OSError as error:
            raise InputError(f"{path} is truncated or damaged: {error}") from error


def _remove_leftovers(path: Path) -> None:
    """Remove temporaries of `path` whose process, of this machine, is no more."""
    parts = (re.escape(part) for part in (path.stem, platform.node(), path.suffix))
    temporary = re.compile(r"\.{}\.(\d+)@{}\.(?:part|old){}".format(*parts))
    for entry in os.scandir(path.parent):
        found = temporary.fullmatch(entry.name)
        if found and not _runs(int(found[1])):
            _remove(Path(entry.path))


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is of another user
        return True
    return True


def _swap_folders(new: Path, old: Path) -> None:
    retired = new.with_name(new.name.removesuffix(old.suffix).removesuffix(".part") + ".old" + old.suffix)
    os.replace(old, retired)
    os.replace(new, old)
    shutil.rmtree(retired)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
