"""Public sets of clips, by name.

entry = find("mimic-mjx-demo")
entry.licence, entry.citation      # the terms, and whom to cite
clips = read_clips(fetch(entry))   # from RODENT_DATA, else the cache, else the network

`assets/motions/catalogue.toml` lists them, with the sha256 of each file. Files with another hash are
refused, wherever they come from.
"""

import dataclasses
import tomllib
from collections.abc import Mapping
from typing import ClassVar

from rodent.assets import asset_path
from rodent.errors import unknown
from rodent.published import Published, fetch, local_copy

__all__ = ["PublicClips", "catalogue", "fetch", "find", "local_copy"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PublicClips(Published):
    """An entry of the catalogue."""

    kind: ClassVar[str] = "clips"

    size: int
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


def catalogue() -> dict[str, PublicClips]:
    """All public sets, by name."""
    entries = tomllib.loads(asset_path("motions", "catalogue.toml").read_text())
    return {name: PublicClips(name=name, **entry) for name, entry in entries.items()}


def find(name: str) -> PublicClips:
    """The set of that name.

    Raises:
        InputError: there is none.
    """
    entries = catalogue()
    if name not in entries:
        raise unknown("set of clips", name, entries)
    return entries[name]
