"""`rodent clips list` and `rodent clips fetch`: public sets of clips."""

import dataclasses
import shlex

import tyro


@dataclasses.dataclass(frozen=True)
class List:
    """List public sets of clips, their licences, and whether they are downloaded.

    Example: rodent clips list
    """

    json: bool = False
    """Print one JSON object, with addresses, hashes and citations, instead of a table."""

    def run(self) -> None:
        """Print all sets."""
        from rodent.clips.catalogue import catalogue, local_copy
        from rodent.pages.output import print_json, print_table

        entries = catalogue().values()
        paths = {entry.name: local_copy(entry) for entry in entries}
        if self.json:
            rows = [dataclasses.asdict(e) | {"path": _text(paths[e.name])} for e in entries]
            print_json({"sets": rows})
            return
        print_table(
            ["name", "behaviors", "clips", "size", "licence", "here"],
            [
                [
                    e.name,
                    ", ".join(f"{behavior} ×{count}" for behavior, count in e.behaviors.items()),
                    e.clips,
                    f"{e.size / 1e6:.1f} MB",
                    e.licence,
                    _text(paths[e.name]) or f"no: rodent clips fetch {e.name}",
                ]
                for e in entries
            ],
        )


@dataclasses.dataclass(frozen=True)
class Fetch:
    """Download a public set of clips, and print the path of the file.

    A copy in the folder RODENT_DATA or in the cache is used if there is one. The hash is always checked.

    Example: rodent clips fetch mimic-mjx-demo
    """

    name: tyro.conf.Positional[str]
    """Name of a set, as `rodent clips list` shows it."""
    json: bool = False
    """Print one JSON object instead of the path."""

    def run(self) -> None:
        """Fetch, then print the path and the next commands."""
        from rodent.clips.catalogue import fetch, find
        from rodent.pages.output import print_json, say

        entry = find(self.name)
        path = fetch(entry)
        if self.json:
            print_json(dataclasses.asdict(entry) | {"path": str(path)})
            return
        print(path)
        file = shlex.quote(str(path))
        say(
            f"{entry.clips} clips, {entry.seconds:g} s; licence {entry.licence}; please cite {entry.citation}"
        )
        say(f"next: rodent clips info {file}")
        say(f"or:   rodent train --clips {file} --out runs/{entry.name} --minutes 25")


def _text(path: object) -> str | None:
    return None if path is None else str(path)
