"""Tables of units that the acts of an experiment name, and their copies in its folder.

names = table_names(config.arm)                             # one for each act, dose and draw, in order
without_tables("silence decoder/layer_0[in a.csv] to zero") # "… [in table] …": the same wherever it lies
files = write_tables(folder, inputs.tables)                 # {"a.csv": "0f3a….csv"}
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from rodent.errors import InputError
from rodent.experiment.spec import ArmConfig, names_tables, renamed_tables
from rodent.experiment.treatments import filled_acts
from rodent.files import atomic_path

_FOLDER = "tables"


def without_tables(act: str) -> str:
    """The text of an act without the names of its tables."""
    return renamed_tables(act, lambda name: "table")


def table_names(arms: Sequence[ArmConfig]) -> list[str]:
    """Names of the tables of all acts, sites, doses and draws, in their order.

    Raises:
        InputError: an act is not understood.
    """
    return [name for arm in arms for one in filled_acts(arm, names_tables) for name in one.tables]


def file_digest(path: Path) -> str:
    """A hash of the content of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def write_tables(folder: Path, tables: Mapping[str, Path]) -> dict[str, str]:
    """Copy tables to the folder of an experiment; returns the files' names, with their hashes, by name."""
    (folder / _FOLDER).mkdir(exist_ok=True)
    files = {}
    for name, path in tables.items():
        files[name] = f"{file_digest(path)}{path.suffix.lower()}"
        with atomic_path(folder / _FOLDER / files[name]) as temporary:
            temporary.write_bytes(path.read_bytes())
    return files


def read_tables(folder: Path, files: Mapping[str, str]) -> dict[str, Path]:
    """The copies of tables in the folder of an experiment, by their names in the acts.

    Raises:
        InputError: one is missing, or is not what it was.
    """
    found = {name: folder / _FOLDER / file for name, file in files.items()}
    for name, path in found.items():
        if not path.is_file():
            raise InputError(f"{path} is missing: the copy of the table {name}; begin again in a new folder")
        if file_digest(path) != path.stem:
            raise InputError(
                f"{path}, the copy of the table {name}, was changed: its hash is {file_digest(path)}; "
                "begin again in a new folder"
            )
    return found
