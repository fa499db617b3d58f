"""What `rodent --help` prints: every command in a line, in the order of a study."""

import inspect
import textwrap
from collections.abc import Mapping

GROUPS = {
    "Begin": ("doctor", "demo"),
    "Motion": ("clips", "register"),
    "Policies": ("policy", "task", "train", "evaluate", "export", "damage"),
    "Rollouts": ("rollout", "trials", "render", "view", "gait"),
    "Many of them": ("experiment", "population", "study", "drift"),
    "Neurons": ("spikes", "encode", "rsa", "events", "dynamics", "twin", "game"),
    "Pages": ("report",),
    "The shell": ("completion",),
}
"""The commands by what they are about."""


def overview(commands: Mapping[str, type], width: int) -> str:
    """The help of the whole program.

    Args:
        commands: the class of each command, by name.
        width: columns of the terminal.
    """
    names = [name for group in GROUPS.values() for name in group]
    longest = max(map(len, names))
    lines = [
        f"usage: rodent [-h] {{{','.join(names)}}}",
        "",
        "The virtual rat: train it on real motion, record it, compare it with neurons.",
    ]
    for title, group in GROUPS.items():
        lines += ["", title]
        for name in group:
            indent = f"  {name:<{longest}}  "
            lines.append(
                textwrap.fill(
                    _first_line(commands[name]),
                    width,
                    initial_indent=indent,
                    subsequent_indent=" " * len(indent),
                )
            )
    lines += [
        "",
        "`rodent COMMAND --help` explains a command, with an example; `--help-all` shows all of its options.",
        "`rodent --version` prints the version. Begin with: rodent demo --out demo",
    ]
    return "\n".join(lines)


def _first_line(command: type) -> str:
    """The first paragraph of a command's docstring, on one line."""
    return " ".join((inspect.getdoc(command) or "").split("\n\n")[0].split())
