"""The result of a check."""

import dataclasses
from typing import Literal


@dataclasses.dataclass(frozen=True)
class Finding:
    """The result of one check. The names of the fields are keys of the JSON output."""

    subject: str
    """What is checked."""
    state: Literal["ok", "note", "fault"]
    """`ok`: it works. `note`: it could be better, or it is missing and only required for some commands.
    `fault`: a requirement does not work."""
    found: str
    """The result in one line."""
    mend: str | None = None
    """The command that fixes the problem, if there is one."""
