"""What commands have written: whether it is whole, and whether it is the same as before."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import av
import h5py
import numpy as np
import pyarrow.parquet
import safetensors.numpy

SAME = (".h5", ".npz", ".mp4", ".parquet", ".safetensors", ".npy")
"""Suffixes of files whose bytes follow from what was computed; others have times in them."""
_PASSING = (
    "checkpoints",
    "events.out.tfevents",
    "lock",
    "claims",
)  # their number depends on time and on tries


def fingerprints(folder: Path) -> dict[str, str]:
    """A hash of every lasting file in a folder; of those with times in them, of their names."""
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest() if path.suffix in SAME else ""
        for name, path in _files(folder).items()
    }


def unlike(folder: Path, first: dict[str, str]) -> list[str]:
    """Names of files that are missing, more, or others than those of the first time."""
    found = fingerprints(folder)
    return sorted(name for name in {*first, *found} if first.get(name) != found.get(name))


def broken(folder: Path) -> list[str]:
    """Names of files that cannot be read to their end, each with the reason."""
    found = []
    for name, path in _files(folder).items():
        try:
            _READ.get(path.suffix, Path.read_bytes)(path)
        except Exception as error:  # noqa: BLE001 whatever it is, the file is not whole
            found.append(f"{name}: {error}")
    return found


def leftovers(folder: Path) -> list[str]:
    """Temporary files and folders in a folder."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if (path.name.startswith(".") and (".part" in path.name or ".old" in path.name))
        or "orbax-checkpoint-tmp" in path.name
    ]


def _files(folder: Path) -> dict[str, Path]:
    """The files of a folder by name, without those that are temporary or depend on time."""
    paths = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        name: path
        for name, path in paths.items()
        if not any(part.startswith((".", *_PASSING)) for part in Path(name).parts)
    }


def _hdf5(path: Path) -> None:
    with h5py.File(path) as file:
        file.visititems(lambda name, one: one[()] if isinstance(one, h5py.Dataset) else None)


def _film(path: Path) -> None:
    with av.open(str(path)) as film:
        frames = sum(1 for _ in film.decode(video=0))
        if frames != film.streams.video[0].frames:
            raise ValueError(f"{frames} frames")


def _page(path: Path) -> None:
    if not path.read_text().rstrip().endswith("</html>"):
        raise ValueError("it does not end")


_READ: dict[str, Callable[[Path], object]] = {
    ".h5": _hdf5,
    ".npz": lambda path: dict(np.load(path)),
    ".mp4": _film,
    ".parquet": pyarrow.parquet.read_table,
    ".safetensors": safetensors.numpy.load_file,
    ".json": lambda path: json.loads(path.read_text()),
    ".html": _page,
}
