"""A file that others publish: its address and its hash are known, and no other content is used.

    path = fetch(entry)        # from RODENT_DATA, else the cache, else the address

A file with another hash is refused, wherever it comes from. Addresses begin with `https:` or `http:`, or with
`file:` for a file that is read where it is.
"""

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote, urlsplit

from rodent.errors import InputError, WorkError, one_line
from rodent.files import explain_os_errors, reading
from rodent.folders import DATA_VARIABLE, cache_folder, data_folder
from rodent.progress import progress

if TYPE_CHECKING:
    from requests import RequestException

SCHEMES = ("https", "http", "file")
"""What an address can begin with."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Published:
    """A file at an address."""

    kind: ClassVar[str] = "files"
    """Folder of the cache for files of this kind."""

    name: str
    """Name in messages."""
    address: str
    """Permanent address of this version of the file."""
    file: str
    """Path of the file in RODENT_DATA and in the cache."""
    sha256: str
    """Of the file, 64 hexadecimal digits."""
    size: int | None
    """Bytes; None if not stated."""

    @property
    def cached(self) -> Path:
        """Path of the downloaded file."""
        return cache_folder() / self.kind / self.file


def local_copy(entry: Published) -> Path | None:
    """Path of an existing complete copy: in RODENT_DATA, at a `file:` address, or in the cache.

    Returns:
        None if the file must be downloaded.

    Raises:
        InputError: RODENT_DATA is no folder; the file there, or at the address, has other content; or there
            is no file at a `file:` address.
    """
    folder = data_folder()
    if folder is not None and (path := folder / entry.file) and _checked(entry, path, "remove it"):
        return path
    parts = urlsplit(entry.address)
    if parts.scheme == "file":
        path = Path(unquote(parts.path))
        if _checked(entry, path, "correct its sha256 in the catalogue"):
            return path
        raise InputError(f"{entry.name}: there is no file {path}, where its address leads")
    # a damaged file in the cache is replaced by the next fetch
    return entry.cached if _is_whole(entry, entry.cached) else None


def _checked(entry: Published, path: Path, remedy: str) -> bool:
    """Whether the file is there.

    Raises:
        InputError: it is there with other content.
    """
    whole = _is_whole(entry, path)
    if whole is False:
        size = f" and {entry.size:,} bytes" if entry.size is not None else ""
        raise InputError(
            f"{path} is not {entry.name} as published: sha256 {entry.sha256[:12]}…{size} expected; is it cut "
            f"short? Replace it, or {remedy}"
        )
    return bool(whole)


def fetch(entry: Published) -> Path:
    """Path of the file; downloads it into the cache if there is no copy.

    Raises:
        InputError: a copy has other content, or the cache cannot be written.
        WorkError: the download failed, or its hash is wrong.
    """
    return local_copy(entry) or _download(entry)


def _download(entry: Published) -> Path:
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

    def __init__(self, total: int | None, advance: Callable[[int], None]):
        self.total = total
        self._left = total
        self._advance = advance

    def update(self, count: int) -> None:
        if self._left is not None:
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


def _is_whole(entry: Published, path: Path) -> bool | None:
    """Whether the file is the published one, by size and hash; None if there is no file."""
    with reading(path):
        if not path.exists():
            return None
        right_size = path.is_file() and entry.size in (None, path.stat().st_size)
        return right_size and sha256_of(path) == entry.sha256


def sha256_of(path: Path) -> str:
    """The sha256 of a file, 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
