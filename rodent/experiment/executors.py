"""Executors by name, or from a TOML file with their settings.

read_executor("local")
read_executor("slurm.toml")               # name = "slurm", partition = "cpu", jobs = 100
"""

from pathlib import Path
from typing import Any

from rodent.configs import TAG, from_json
from rodent.errors import InputError
from rodent.experiment.drive import Executor
from rodent.files import read_toml
from rodent.parts import EXECUTORS


def read_executor(given: str) -> Executor:
    """The executor of a name, with its defaults, or of a TOML file.

    Raises:
        InputError: there is none of this name, a setting is unknown or makes no sense, or the executor cannot
            run here.
    """
    if not given.endswith(".toml"):
        EXECUTORS.require(given)
        return EXECUTORS.config(given)()
    path = Path(given)
    content = read_toml(path)
    if not isinstance(name := content.pop(TAG, None), str):
        raise InputError(
            f"{path} lacks the name of the executor; expected one of {', '.join(EXECUTORS.names())}"
        )
    kind: Any = EXECUTORS.config(name, str(path))
    return from_json(kind, content, path, name)
