"""Trial programs in separate processes, because they may crash, print or hang.

with Trial("import json; print(json.dumps({'two': 2}))") as trial:
    trial.outcome(seconds=10).values["two"]
"""

import dataclasses
import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from typing import Any, Self

_WIDTH = 160  # most characters of an error message


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The outcome of a trial."""

    values: Mapping[str, Any] | None
    """The JSON object in the last line of the output; None if the program failed."""
    reason: str = ""
    """Reason of the failure, in one line."""


class Trial:
    """A running Python program; leaving the context kills it."""

    def __init__(self, program: str, environment: Mapping[str, str] | None = None):
        """Start the program.

        Args:
            program: prints a JSON object as its last line.
            environment: environment variables to change.
        """
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", program],
            # -P: modules in the current folder are not imported by mistake
            env=os.environ | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            # stuck in a driver, where signals have no effect: do not wait for it
            return

    def outcome(self, seconds: float) -> Outcome:
        """Wait for the end, at most this number of seconds from the start."""
        try:
            left = self._began + seconds - time.monotonic()
            out, err = self._process.communicate(timeout=max(left, 0.1))
        except subprocess.TimeoutExpired:
            return Outcome(None, f"no result within {seconds:g} s")
        if self._process.returncode < 0:
            return Outcome(None, f"it crashed: signal {-self._process.returncode}")
        if self._process.returncode > 0:
            return Outcome(
                None,
                textwrap.shorten(_last_line(err), _WIDTH, placeholder="…")
                or f"exit code {self._process.returncode}",
            )
        try:
            return Outcome(json.loads(_last_line(out)))
        except json.JSONDecodeError:
            return Outcome(None, f"unexpected output {_last_line(out)[:_WIDTH]!r}")


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
