"""Licences of the installed packages that this project is built on, as they state them.

for licence in licences():
    print(licence.package, licence.version, licence.terms)
"""

import dataclasses
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rodent.doctor.installation import PROJECT

_LONGEST = 60  # characters of a licence's name; more is its text
_CLASSIFIER = "License :: "


@dataclasses.dataclass(frozen=True)
class Licence:
    """A package and its licence. The names of the fields are keys of the JSON output."""

    package: str
    """Name of the package."""
    version: str
    """The installed version."""
    terms: str
    """The licence, such as `Apache-2.0`; `not stated` if its metadata has none."""


def licences(project: str = PROJECT) -> list[Licence]:
    """Licences of all installed packages that a project and its extras require, also indirectly, by name."""
    found = {one.metadata["Name"]: one for one in _required(project)}
    return [
        Licence(name, found[name].version, terms(found[name].metadata))
        for name in sorted(found, key=str.lower)
    ]


def terms(stated: metadata.PackageMetadata) -> str:
    """The licence in the metadata of a package.

    >>> from email.message import Message
    >>> message = Message()
    >>> message["Classifier"] = "License :: OSI Approved :: BSD License"
    >>> terms(message)
    'BSD License'
    """
    if expressions := stated.get_all("License-Expression"):
        return str(expressions[0])
    text = " ".join(str((stated.get_all("License") or [""])[0]).split())
    kinds = [
        line.rpartition(" :: ")[2]
        for line in map(str, stated.get_all("Classifier") or ())
        if line.startswith(_CLASSIFIER) and line != _CLASSIFIER + "OSI Approved"
    ]
    if text and len(text) <= _LONGEST and text.upper() != "UNKNOWN":
        return text
    return ", ".join(kinds) or "not stated"


def _required(project: str) -> Iterator[metadata.Distribution]:
    """The installed packages that a project requires, each once, without the project itself."""
    waiting, seen = [(project, frozenset(_extras(project)))], set[tuple[str, str]]()
    while waiting:
        name, extras = waiting.pop()
        for requirement in map(Requirement, metadata.requires(name) or ()):
            marker, key = requirement.marker, canonicalize_name(requirement.name)
            wanted = [extra for extra in ("", *extras) if marker is None or marker.evaluate({"extra": extra})]
            steps = {(key, extra) for extra in ("", *requirement.extras)}
            if not wanted or steps <= seen:
                continue
            try:
                installed = metadata.distribution(key)
            except metadata.PackageNotFoundError:
                continue  # of an extra that is not installed
            if (key, "") not in seen and key != canonicalize_name(project):
                yield installed
            seen |= steps
            waiting.append((key, frozenset(requirement.extras)))


def _extras(project: str) -> list[str]:
    return metadata.metadata(project).get_all("Provides-Extra") or []
