"""The section of a page with the software versions and seeds of its parts."""

import dataclasses
from collections.abc import Mapping, Sequence

from rodent.pages.page import Section, Table
from rodent.versions import versions


@dataclasses.dataclass(frozen=True)
class Provenance:
    """How one part of a page was made.

    Attributes:
        name: of the part, such as a file.
        versions: of the software, by package.
        seed: of its random numbers; None if there is none or it is unknown.
    """

    name: str
    versions: Mapping[str, str]
    seed: int | None


def provenance_section(parts: Sequence[Provenance]) -> Section:
    """A table with a row per package and a column per part, and the versions of this program last."""
    columns = {part.name: part.versions for part in parts} | {"this page": versions()}
    seeds = {part.name: part.seed for part in parts}
    packages = dict.fromkeys(package for column in columns.values() for package in column)
    rows = [[package, *(column.get(package, "-") for column in columns.values())] for package in packages]
    rows.append(["seed", *("-" if (seed := seeds.get(name)) is None else str(seed) for name in columns)])
    text = (
        "Software versions and seeds of each part. The same versions, seeds and input give the same result."
    )
    return Section("Versions and seeds", text, (Table(["", *columns], rows),))
