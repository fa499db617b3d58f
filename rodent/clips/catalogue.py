"""Public sets of clips, by name.

entry = find("mimic-mjx-demo")
entry.licence, entry.citation      # the terms, and whom to cite
clips = read_clips(fetch(entry))   # from RODENT_DATA, else the cache, else the network

`assets/motions/catalogue.toml` lists them, with the sha256 of each file. Files with another hash are
refused, wherever they come from.
"""

import dataclasses
import hashlib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rodent.assets import asset_path
from rodent.errors import InputError, WorkError, unknown
from rodent.files import explain_os_errors, one_line, reading
from rodent.folders import DATA_VARIABLE, cache_folder, data_folder
from rodent.progress import progress

if TYPE_CHECKING:
    from requests import RequestException


@dataclasses.dataclass(frozen=True)
class PublicClips:
    """An entry of the catalogue."""

    name: str
    address: str
    """Permanent address of this version of the file."""
    file: str
    """Name of the file in RODENT_DATA and in the cache."""
    size: int
    """Bytes."""
    sha256: str
    """Of the file, 64 hexadecimal digits."""
    clips: int
    """Number of clips."""
    seconds: float
    """Total duration of the clips."""
    behaviors: Mapping[str, int]
    """Number of clips of each behavior."""
    licence: str
    """The terms it may be used under."""
    citation: str
    """The work to cite."""

    @property
    def cached(self) -> Path:
        """Path of the downloaded file."""
        return cache_folder() / "clips" / self.file


def catalogue() -> dict[str, PublicClips]:
    """All public sets, by name."""
    entries = tomllib.loads(asset_path("motions", "catalogue.toml").read_text())
    return {name: PublicClips(name, **entry) for name, entry in entries.items()}


def find(name: str) -> PublicClips:
    """The set of that name.

    Raises:
        InputError: there is none.
    """
    entries = catalogue()
    if name not in entries:
        raise unknown("set of clips", name, entries)
    return entries[name]


def local_copy(entry: PublicClips) -> Path | None:
    """Path of an existing complete copy, in RODENT_DATA or in the cache; None if there is none.

    Raises:
        InputError: RODENT_DATA is no folder, or a file of the same name there has other content.
    """
    folder = data_folder()
    if folder is not None:
        path = folder / entry.file
        whole = _is_whole(entry, path)
        if whole is False:
            raise InputError(
                f"{path} is not {entry.name} as published: sha256 {entry.sha256[:12]}… and {entry.size:,} "
                "bytes are expected; is it cut short? Replace it, or remove it to have the set downloaded"
            )
        if whole:
            return path
    # a damaged file in the cache is replaced by the next fetch
    return entry.cached if _is_whole(entry, entry.cached) else None


def fetch(entry: PublicClips) -> Path:
    """Path of the set's file; downloads it into the cache if there is no copy.

    Raises:
        InputError: RODENT_DATA has another file of the same name, or the cache cannot be written.
        WorkError: the download failed, or its hash is wrong.
    """
    return local_copy(entry) or _download(entry)


def _download(entry: PublicClips) -> Path:
    import pooch
    import requests

    path = entry.cached
    by_hand = (
        f"download {entry.address} elsewhere and put it here as {path}, "
        f"or as {entry.file} into the folder that {DATA_VARIABLE} names"
    )
    pooch.get_logger().setLevel("WARNING")
    try:
        with explain_os_errors(path), progress(f"fetching {entry.name}", entry.size, "bytes") as advance:
            path.parent.mkdir(parents=True, exist_ok=True)
            bar: Any = _Bar(entry.size, advance)  # pooch accepts it, though annotated as bool
            # pooch renames it only if the hash is right, and removes it otherwise
            pooch.retrieve(entry.address, f"sha256:{entry.sha256}", path.name, path.parent, progressbar=bar)
    except requests.RequestException as error:
        raise WorkError(f"cannot fetch {entry.name}: {_reason(error)}; {by_hand}") from error
    except ValueError as error:  # raised by pooch for a wrong hash
        raise WorkError(
            f"what {entry.address} sent is not {entry.name} as published: its sha256 is not "
            f"{entry.sha256[:12]}…; nothing of it was kept. Try again, or {by_hand}"
        ) from error
    except (InputError, OSError) as error:
        raise InputError(
            f"{entry.name} cannot be kept in the cache: {one_line(error)}; "
            f"set XDG_CACHE_HOME to a folder that can be written, or {by_hand}"
        ) from error
    return path


class _Bar:
    """A progress bar with the interface of pooch. It is clipped at the size: pooch counts whole chunks."""

    def __init__(self, total: int, advance: Callable[[int], None]):
        self.total = total
        self._left = total
        self._advance = advance

    def update(self, count: int) -> None:
        count = min(count, self._left)
        self._left -= count
        self._advance(count)

    def reset(self) -> None:
        """Required by pooch; keeps the count."""

    def close(self) -> None:
        """Required by pooch; the owner closes the bar."""


def _reason(error: "RequestException") -> str:
    """Short reason why a download failed."""
    import requests

    if error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the transfer broke off"
    return f"the connection failed ({type(error).__name__})"


def _is_whole(entry: PublicClips, path: Path) -> bool | None:
    """Whether the file is the published one, by size and hash; None if there is no file."""
    with reading(path):
        if not path.exists():
            return None
        return path.is_file() and path.stat().st_size == entry.size and _sha256(path) == entry.sha256


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
