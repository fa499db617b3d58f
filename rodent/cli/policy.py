"""`rodent policy`: policies by name, built in or of a lab's own catalogue."""

import dataclasses
import shlex
from pathlib import Path
from typing import Annotated

import tyro


@dataclasses.dataclass(frozen=True)
class List:
    """List the policies that have names, built in or of the catalogue, and where they are.

    Example: rodent policy list
    """

    json: bool = False
    """Print one JSON object instead of a table."""

    def run(self) -> None:
        """Print all policies."""
        from rodent.pages.output import print_json, print_table
        from rodent.policy.catalogue import listed_policies

        rows = listed_policies()
        if self.json:
            print_json({"policies": rows})
            return
        cells = [
            [
                row["name"],
                *(row[part] or "" for part in ("task", "body", "network")),
                row["from"] if row["folder"] else f"not here: rodent policy fetch {row['name']}",
                row["about"],
            ]
            for row in rows
        ]
        print_table(["policy", "task", "body", "network", "from", "about"], cells)


@dataclasses.dataclass(frozen=True)
class Fetch:
    """Download a policy of the catalogue, and print the path of its folder.

    The environment variable RODENT_POLICIES names the catalogue. Commands fetch a policy when they need it;
    fetch it before where they have no network. The hashes are always checked.

    Example: rodent policy fetch rat-walk
    """

    name: tyro.conf.Positional[str]
    """Name of a policy of the catalogue, as `rodent policy list` shows it."""
    json: bool = False
    """Print one JSON object instead of the path."""

    def run(self) -> None:
        """Fetch, then print the path and the next command."""
        from rodent.pages.output import print_json, say
        from rodent.policy.catalogue import fetch_policy, find_published
        from rodent.policy.policy import load_policy

        policy = find_published(self.name)
        folder = fetch_policy(policy)
        loaded = load_policy(folder)  # refused here if it needs a newer version, or a part that is missing
        if self.json:
            print_json({**dataclasses.asdict(policy), "digest": loaded.digest(), "folder": str(folder)})
            return
        print(folder)
        texts = {"": policy.about, "licence ": policy.licence, "please cite ": policy.citation}
        say("; ".join([repr(loaded), *(before + text for before, text in texts.items() if text)]))
        say(f"next: rodent view {shlex.quote(self.name)}")


@dataclasses.dataclass(frozen=True)
class Entry:
    """Print the entry of a policy folder for a catalogue: its address and the hashes of its files.

    Upload the folder that `rodent export` wrote, and append the entry to a file that others name by the
    environment variable RODENT_POLICIES. Addresses begin with https:, http: or file:.

    Example: rodent policy entry rat-walk --address https://example.org/rat-walk
    """

    folder: tyro.conf.Positional[Path]
    """The policy folder. Its name becomes the name of the policy."""
    address: str
    """Address of the uploaded folder. `file:rat-walk` is a folder beside the catalogue."""
    licence: str = ""
    """The terms that the policy may be used under, such as CC-BY-4.0."""
    citation: str = ""
    """The work to cite."""

    def run(self) -> None:
        """Check the folder and print."""
        from rodent.policy.catalogue import entry_text
        from rodent.policy.policy import load_policy

        load_policy(self.folder)
        print(entry_text(self.folder, self.address, self.licence, self.citation), end="")


@dataclasses.dataclass(frozen=True)
class PolicyCommand:
    """Policies by name: list, fetch, or publish them in a catalogue.

    Example: rodent policy list
    """

    action: Annotated[
        Annotated[List, tyro.conf.subcommand("list")]
        | Annotated[Fetch, tyro.conf.subcommand("fetch")]
        | Annotated[Entry, tyro.conf.subcommand("entry")],
        tyro.conf.arg(name=""),
    ]

    def run(self) -> None:
        """Run the chosen command."""
        self.action.run()
