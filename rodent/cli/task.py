"""`rodent task`: what a policy can be asked to do."""

import dataclasses
from typing import Literal

import tyro


@dataclasses.dataclass(frozen=True)
class TaskCommand:
    """List the tasks: what each asks of a policy, whether it needs clips, and which package it is from.

    The settings of a task are shown by: rodent train --task NAME --help

    Example: rodent task list
    """

    show: tyro.conf.Positional[Literal["list"]]
    """`list`: all tasks."""
    json: bool = False
    """Print one JSON object instead of a table."""

    def run(self) -> None:
        """Print."""
        from rodent.pages.output import print_json, print_table
        from rodent.tasks.listing import listed_tasks

        rows = listed_tasks()
        if self.json:
            print_json({"tasks": rows})
            return
        cells = [
            [row["name"], row["asks"], "yes" if row["needs_clips"] else "no", row["from"]] for row in rows
        ]
        print_table(["task", "asks", "clips", "from"], cells)
