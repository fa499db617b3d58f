"""The one command `rodent`: each module here is a command, a dataclass with `run()`."""

from rodent.cli.main import main

__all__ = ["main"]
