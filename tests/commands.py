"""The commands of the program, as their help tells of them."""

import contextlib
import functools
import io
import os
import re
from unittest import mock

import pytest

from rodent.cli import main

# `usage: rodent clips [-h] {list,info}`: the line of a command that has commands of its own
HAS_COMMANDS = re.compile(r"^usage: .*\[-h\](?: \[.*\])? \{([\w,-]+)\}$", re.MULTILINE)


def help_of(command: tuple[str, ...]) -> str:
    """What `rodent COMMAND --help` prints, no line broken."""
    page = io.StringIO()
    with (
        mock.patch.dict(os.environ, {"COLUMNS": "400"}),
        contextlib.redirect_stdout(page),
        pytest.raises(SystemExit) as stop,
    ):
        main([*command, "--help"])
    assert stop.value.code == 0
    return page.getvalue()


@functools.cache
def all_help(command: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """The help of this command and of all below it."""
    text = help_of(command)
    pages = {command: text}
    if found := HAS_COMMANDS.search(text):
        for name in found[1].split(","):
            pages |= all_help((*command, name))
    return pages


def examples(text: str) -> list[str]:
    """The example command lines of a page of help."""
    # above the first box: what stands inside the boxes belongs to other commands
    return re.findall(r"^Example: (rodent .*)$", text.split("╭")[0], re.MULTILINE)
