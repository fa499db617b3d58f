"""Checks of folders and disks: the data folder, the cache folder, and free space."""

import gzip
import itertools
import os
import shlex
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from rodent.doctor.finding import Finding
from rodent.errors import InputError
from rodent.files import reading
from rodent.folders import DATA_VARIABLE, cache_folder, data_folder

ROOM = 0.5e9  # bytes needed for runs, videos and compiled functions
_SEARCHED = 2000  # most files of the data folder that are checked
_LISTED = 8  # most files that are listed


def data_finding() -> Finding:
    """Whether RODENT_DATA is set to a folder, and the clip files in it."""
    try:
        folder = data_folder()
    except InputError as error:
        return Finding("data folder", "fault", str(error), f"unset {DATA_VARIABLE}")
    if folder is None:
        return Finding(
            "data folder",
            "note",
            f"{DATA_VARIABLE} is not set; required only for motion in your own folder",
            f"export {DATA_VARIABLE}=FOLDER",
        )
    names = [str(path.relative_to(folder)) for path in motion_files(folder)]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return Finding("data folder", "ok", f"{folder}: clips in {', '.join(names[:_LISTED]) or 'no file'}{more}")


def motion_files(folder: Path) -> list[Path]:
    """The clip files in a folder and its subfolders, detected by content."""
    return sorted(path for path in itertools.islice(_files(folder), _SEARCHED) if holds_motion(path))


def holds_motion(path: Path) -> bool:
    """Whether a file contains clips, from its table of contents or first bytes."""
    try:
        with reading(path):
            return path.is_file() and _lists_motion(path)
    except InputError:
        return False  # damaged, or not readable


def cache_finding(folder: Path | None = None) -> Finding:
    """Whether downloads and compiled functions can be cached."""
    folder = folder or cache_folder()
    try:
        with tempfile.TemporaryFile(dir=_existing(folder)):
            return Finding("cache folder", "ok", str(folder))
    except OSError as error:
        reason = error.strerror
    mend = shlex.join(["export", f"XDG_CACHE_HOME={Path(tempfile.gettempdir()) / 'cache'}"])
    return Finding("cache folder", "fault", f"{folder} cannot be written: {reason}", mend)


def disk_findings(folders: dict[str, Path]) -> list[Finding]:
    """Whether there is enough free space for files; folders on one disk share a finding."""
    disks: dict[int, list[str]] = {}
    for what, folder in folders.items():
        disks.setdefault(_existing(folder).stat().st_dev, []).append(what)
    findings = []
    for names in disks.values():
        free = shutil.disk_usage(_existing(folders[names[0]])).free
        found = f"{free / 1e9:.1f} GB free for {' and '.join(names)}"
        if free >= ROOM:
            findings.append(Finding("disk", "ok", found))
        else:
            mend = shlex.join(["rm", "-r", str(cache_folder())])
            findings.append(Finding("disk", "fault", f"{found}; {ROOM / 1e9:g} GB are required", mend))
    return findings


def _lists_motion(path: Path) -> bool:
    if path.suffix == ".npz":
        with zipfile.ZipFile(path) as archive:
            return "qpos.npy" in archive.namelist()
    if path.suffix in (".h5", ".hdf5"):
        import h5py

        with h5py.File(path, "r") as file:
            return "qpos" in file or file.attrs.get("schema") == "virtual-rodent/clips"
    if path.name.endswith((".json", ".json.gz")):
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            return b'"mocap_hz"' in file.read(1000)
    return False


def _existing(folder: Path) -> Path:
    """The folder, or its nearest parent that exists."""
    if os.path.lexists(folder):
        return folder
    return next(path for path in folder.absolute().parents if os.path.lexists(path))


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)
