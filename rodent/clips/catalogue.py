"""Public sets of clips, by name.

entry = find("mimic-mjx-demo")
entry.licence, entry.citation      # the terms, and whom to cite
clips = read_clips(fetch(entry))   # from RODENT_DATA, else the cache, else the network

`assets/motions/catalogue.toml` lists them. What is handed out always has the sha256 that
stands there: a file with another one is refused, wherever it comes from.
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
    """One public set of clips, as the catalogue has it."""

    name: str
    address: str
    """Of one state of the file that never changes."""
    file: str
    """What it is called in RODENT_DATA and in the cache."""
    size: int
    """Bytes."""
    sha256: str
    """Of the file, 64 hexadecimal digits."""
    clips: int
    """How many."""
    seconds: float
    """All clips together."""
    behaviors: Mapping[str, int]
    """How many clips of each behavior."""
    licence: str
    """The terms it may be used under."""
    citation: str
    """The work to cite."""

    @property
    def cached(self) -> Path:
        """Where it is kept once downloaded."""
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
    """Where the set lies already, whole: in RODENT_DATA or in the cache.

    Raises:
        InputError: RODENT_DATA names no folder, or a file there has the set's name and other content.
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
    # a damaged file in the cache is nobody's work: fetching replaces it
    return entry.cached if _is_whole(entry, entry.cached) else None


def fetch(entry: PublicClips) -> Path:
    """The set's file: where it lies already, else downloaded into the cache.

    Raises:
        InputError: RODENT_DATA holds another file of its name, or the cache cannot be written.
        WorkError: it cannot be downloaded, or what came is not the file that was published.
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
            bar: Any = _Bar(entry.size, advance)  # which pooch takes, though it is annotated as a bool
            # under another name until its hash is right, and removed if it is not
            pooch.retrieve(entry.address, f"sha256:{entry.sha256}", path.name, path.parent, progressbar=bar)
    except requests.RequestException as error:
        raise WorkError(f"cannot fetch {entry.name}: {_reason(error)}; {by_hand}") from error
    except ValueError as error:  # pooch's word for a wrong hash
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
    """A progress bar as pooch wants it. It counts to the size and no further: pooch counts whole chunks."""

    def __init__(self, total: int, advance: Callable[[int], None]):
        self.total = total
        self._left = total
        self._advance = advance

    def update(self, count: int) -> None:
        count = min(count, self._left)
        self._left -= count
        self._advance(count)

    def reset(self) -> None:
        """What was counted stays counted."""

    def close(self) -> None:
        """The bar is closed by whom it belongs to."""


def _reason(error: "RequestException") -> str:
    """Why a download failed, in a few words."""
    import requests

    if error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the transfer broke off"
    return f"the connection failed ({type(error).__name__})"


def _is_whole(entry: PublicClips, path: Path) -> bool | None:
    """Whether what stands there is the published file, by size and hash; None if nothing does."""
    with reading(path):
        if not path.exists():
            return None
        return path.is_file() and path.stat().st_size == entry.size and _sha256(path) == entry.sha256


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
