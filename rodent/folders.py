"""The two folders outside of a project: data of one's own, and what is kept between runs."""

import os
from pathlib import Path

from rodent.errors import InputError

DATA_VARIABLE = "RODENT_DATA"


def data_folder() -> Path | None:
    """The folder that the environment variable RODENT_DATA names; None if it names none.

    Raises:
        InputError: it names something that is no folder.
    """
    name = os.environ.get(DATA_VARIABLE)
    if not name:
        return None
    folder = Path(name)
    if not os.path.isdir(folder):  # nor one that may not be looked into
        raise InputError(
            f"{DATA_VARIABLE} names {name}, which is no folder; create it or unset {DATA_VARIABLE}"
        )
    return folder


def cache_folder() -> Path:
    """Where downloads are kept, as the operating system has it; on Linux below XDG_CACHE_HOME.

    It need not exist yet.
    """
    import pooch

    return pooch.os_cache("virtual-rodent")
