"""What was found."""

import dataclasses
from typing import Literal


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    """What."""
    state: Literal["ok", "note", "fault"]
    """`ok`: it works. `note`: it could be better, or is absent and only needed for some work.
    `fault`: something needed is broken."""
    found: str
    """How it is, in a line."""
    mend: str | None = None
    """The command that mends it, where there is something to mend."""
