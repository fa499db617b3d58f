"""`rodent study`: the folder of a study."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro


@dataclasses.dataclass(frozen=True)
class StudyNew:
    """Make the folder of a new study: README, specification, and a Makefile with the commands.

    `make` in this folder trains a policy, records it, lesions it, compares it with neurons if there are
    spikes, and writes one page. `rodent report FOLDER` writes the page again.

    Example: rodent study new lesions-of-walking
    """

    folder: tyro.conf.Positional[Path]
    """The folder to make."""

    def run(self) -> None:
        """Write the files."""
        from rodent.pages.output import say
        from rodent.study import new_study

        written = new_study(self.folder)
        say(f"{self.folder}: {', '.join(path.name for path in written)}; next: make -C {self.folder}")


@dataclasses.dataclass(frozen=True)
class StudyStatus:
    """Show which results of a study are there, and which are not made yet.

    Example: rodent study status rearing
    """

    folder: tyro.conf.Positional[Path]
    """The folder of a study."""
    json: bool = False
    """Print one JSON object."""

    def run(self) -> None:
        """Look and print."""
        from rodent.pages.output import print_json, print_table
        from rodent.study import read_study

        study = read_study(self.folder)
        missing, present = study.missing, study.results
        if self.json:
            print_json({"title": study.config.title, "present": present, "missing": missing})
            return
        rows = [[name, "there"] for name in present] + [[name, "not made yet"] for name in missing]
        print_table(["result", ""], rows)


@dataclasses.dataclass(frozen=True)
class StudyCommand:
    """Begin a study: the folder with its commands, whose results `rodent report` joins on one page.

    Example: rodent study new lesions-of-walking
    """

    action: Annotated[
        Annotated[StudyNew, tyro.conf.subcommand("new")]
        | Annotated[StudyStatus, tyro.conf.subcommand("status")],
        tyro.conf.arg(name=""),
    ]

    def run(self) -> None:
        """Run the chosen command."""
        self.action.run()
