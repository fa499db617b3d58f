"""Make the folder of a new study from templates."""

from importlib.resources import files
from pathlib import Path

from rodent.errors import InputError
from rodent.files import atomic_path, require_room_for_folder

_TEMPLATES = ("README.md", "Makefile", "study.toml", "lesions.toml", "population.toml")


def new_study(folder: Path) -> tuple[Path, ...]:
    """Write the files of a new study.

    Args:
        folder: to make; its name is that of the study.

    Returns:
        the files.

    Raises:
        InputError: the folder exists and is not empty, or cannot be made.
    """
    require_room_for_folder(folder)
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty; name a new folder")
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        for name in _TEMPLATES:
            text = (files("rodent.study") / "templates" / name).read_text()
            (temporary / name).write_text(text.replace("{name}", folder.resolve().name))
    return tuple(folder / name for name in _TEMPLATES)
