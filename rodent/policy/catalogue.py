"""Policies by name: those that are built in, and those that a lab publishes in a catalogue of its own.

    folder = policy_path("rat-position")        # built in
    folder = policy_path("rat-walk")            # of the catalogue that RODENT_POLICIES names; fetched once

A catalogue is a TOML file with an entry for each policy, which `rodent policy entry` writes:

    [rat-walk]
    address = "https://example.org/rat-walk"    # of the policy folder
    sha256 = { "policy.json" = "41f…", "params.safetensors" = "9be…" }

Files with another hash are refused, wherever they come from.
"""

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

from rodent.assets import asset_path, built_in, path_or_built_in
from rodent.errors import InputError, unknown
from rodent.files import existing_file, read_json, read_toml
from rodent.json_fields import Field
from rodent.policy.card import POLICY
from rodent.published import SCHEMES, Published, fetch, local_copy, sha256_of

CATALOGUE_VARIABLE = "RODENT_POLICIES"
FILES = ("policy.json", "params.safetensors")
"""The files of a policy folder."""
_TEXTS = ("about", "licence", "citation")
_FIELDS = ("address", "sha256", *_TEXTS)
_NAME = re.compile(r"[\w-]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PolicyFile(Published):
    """One of the two files of a published policy."""

    kind: ClassVar[str] = "policies"


@dataclasses.dataclass(frozen=True)
class PublishedPolicy:
    """An entry of a catalogue."""

    name: str
    address: str
    """Address of the policy folder."""
    sha256: Mapping[str, str]
    """Of each of its files, 64 hexadecimal digits."""
    about: str = ""
    """What it can do, in a sentence."""
    licence: str = ""
    """The terms it may be used under."""
    citation: str = ""
    """The work to cite."""

    @property
    def files(self) -> tuple[PolicyFile, ...]:
        """Its files, each at its own address."""
        return tuple(
            PolicyFile(
                name=f"{file} of {self.name}",
                address=f"{self.address.rstrip('/')}/{file}",
                file=f"{self.name}/{file}",
                sha256=self.sha256[file],
                size=None,
            )
            for file in FILES
        )


def catalogue() -> dict[str, PublishedPolicy]:
    """All policies of the catalogue that the environment variable RODENT_POLICIES names; else none.

    Raises:
        InputError: there is no such file, or an entry is wrong; the message names it.
    """
    name = os.environ.get(CATALOGUE_VARIABLE)
    return read_catalogue(Path(name)) if name else {}


def read_catalogue(path: Path) -> dict[str, PublishedPolicy]:
    """The entries of a catalogue. Addresses such as `file:rat-walk` are relative to its folder.

    Raises:
        InputError: there is no such file, or an entry is wrong; the message names it.
    """
    return {name: _entry(name, entry, path) for name, entry in read_toml(path).items()}


def _entry(name: str, entry: Any, path: Path) -> PublishedPolicy:
    where = f"{path}: policy {name!r}"
    if not _NAME.fullmatch(name):
        raise InputError(f"{where}: letters, digits, - and _ are expected in a name")
    if name in built_in_policies():
        raise InputError(f"{where} has the name of a built-in policy; choose another one")
    if not isinstance(entry, dict):
        raise InputError(f"{where} is {entry!r}; a table with address and sha256 is expected")
    for field in entry:
        if field not in _FIELDS:
            raise unknown("field", field, _FIELDS, where)
    hashes = entry.get("sha256")
    if not isinstance(hashes, dict) or set(hashes) != set(FILES):
        raise InputError(f"{where}: sha256 must have one hash for each of {' and '.join(FILES)}")
    for file, value in hashes.items():
        if not isinstance(value, str) or not _SHA256.fullmatch(value):
            raise InputError(f"{where}: sha256 of {file} is {value!r}; 64 digits from 0 to f are expected")
    texts = {field: entry.get(field, "") for field in ("address", *_TEXTS)}
    for field, value in texts.items():
        if not isinstance(value, str):
            raise InputError(f"{where}: {field} is {value!r}; a text is expected")
    address = _absolute(texts.pop("address"), path.parent, where)
    return PublishedPolicy(name, address, hashes, **texts)


def _absolute(address: str, folder: Path, where: str) -> str:
    """The address; relative ones of files are taken from a folder."""
    parts = urlsplit(address)
    if parts.scheme not in SCHEMES or not (parts.netloc or parts.path):
        raise InputError(
            f"{where}: address is {address!r}; it must begin with https://, or be file: and a folder"
        )
    if parts.scheme != "file":
        return address
    return f"file://{quote(str((folder / unquote(parts.path)).absolute()))}"


def built_in_policies() -> dict[str, Path]:
    """The folders of the built-in policies, by name."""
    return {path.name: path for path in sorted(asset_path("policies").glob("[!.]*"))}


def find_published(name: str) -> PublishedPolicy:
    """The entry of the catalogue with that name.

    Raises:
        InputError: there is no catalogue, or no such entry.
    """
    entries = catalogue()
    if not entries:
        raise InputError(
            f"there is no catalogue of policies; name one: export {CATALOGUE_VARIABLE}=policies.toml"
        )
    if name not in entries:
        raise unknown("policy", name, entries, os.environ[CATALOGUE_VARIABLE])
    return entries[name]


def local_folder(policy: PublishedPolicy) -> Path | None:
    """The folder with complete copies of both files; None if one must be downloaded.

    Raises:
        InputError: a copy has other content.
    """
    copies = [local_copy(file) for file in policy.files]
    return copies[0].parent if copies[0] and copies[1] else None


def fetch_policy(policy: PublishedPolicy) -> Path:
    """The folder of a published policy; its files are downloaded into the cache if there are no copies.

    Raises:
        InputError: a copy has other content, or the cache cannot be written.
        WorkError: the download failed, or a hash is wrong.
    """
    card, params = (fetch(file) for file in policy.files)
    if card.parent != params.parent:
        raise InputError(f"{card.parent} lacks {params.name}; put both files of {policy.name} there")
    return card.parent


def policy_path(name: Path | str) -> Path:
    """The folder that a name or a path stands for: a path, a built-in policy, or one of the catalogue.

    Raises:
        InputError: a bare name that neither a file, a built-in policy nor the catalogue has.
        WorkError: the policy could not be downloaded.
    """
    path = Path(name)
    if not _bare(path) or built_in(path, "policies"):
        return path_or_built_in(path, "policies")
    entries = catalogue()
    if path.name in entries:
        return fetch_policy(entries[path.name])
    if entries and not path.suffix:
        known = ", ".join([*built_in_policies(), *entries])
        raise InputError(f"no such file or folder: {path}; built in or in the catalogue are: {known}")
    return path_or_built_in(path, "policies")


def names_policy(path: Path) -> bool:
    """Whether a path is a folder, or the name of a policy that is built in or in the catalogue."""
    return path.is_dir() or bool(built_in(path, "policies")) or (_bare(path) and path.name in catalogue())


def _bare(path: Path) -> bool:
    return path.parent == Path() and not path.exists()


def entry_text(folder: Path, address: str, licence: str = "", citation: str = "") -> str:
    """The entry of a policy folder, as TOML, for a catalogue.

    Args:
        folder: the policy folder, whose name is that of the policy.
        address: where the folder is, or will be, published.
        licence, citation: terms, and the work to cite; left out if empty.

    Raises:
        InputError: a file is missing, or the name or the address cannot be used.
    """
    hashes = {file: sha256_of(existing_file(folder / file)) for file in FILES}
    name = folder.absolute().name
    texts = {"address": address, "about": about(folder), "licence": licence, "citation": citation}
    _entry(name, {**texts, "sha256": hashes}, Path("the new entry"))
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in texts.items() if value]
    hashed = ", ".join(f'"{file}" = "{value}"' for file, value in hashes.items())
    return "\n".join([f"[{name}]", *lines, f"sha256 = {{ {hashed} }}"]) + "\n"


def about(folder: Path) -> str:
    """The first sentence of a policy's card; empty if it has no card."""
    card = folder / "README.md"
    if not card.is_file():
        return ""
    paragraphs = [part.strip() for part in card.read_text().split("\n\n")]
    first = next((part for part in paragraphs if part and part[0] not in "#|!"), "")
    return re.split(r"(?<=\.) |: |; ", " ".join(first.split()))[0]


def listed_policies() -> list[dict[str, Any]]:
    """Name, task, body and network of every policy, and the folder it is in, as `rodent policy list` prints.

    Those of the catalogue that are not downloaded yet have no folder, and of these only the name and what the
    catalogue says are known.
    """
    own = [_row(name, folder, "built in", about(folder)) for name, folder in built_in_policies().items()]
    return own + [_row(one.name, local_folder(one), one.address, one.about) for one in catalogue().values()]


def _row(name: str, folder: Path | None, source: str, text: str) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "task": None, "body": None, "network": None}
    if folder is not None:
        path = folder / "policy.json"
        card = Field(path, "", POLICY.upgraded(read_json(path), path))
        parts = {"task": card["task"], "body": card["scene"]["body"], "network": card["network"]}
        row |= {part: value["name"].text for part, value in parts.items()}
    return row | {"about": text, "from": source, "folder": folder and str(folder)}
