"""Where the files that the simulator loads are found."""

from collections.abc import Mapping
from pathlib import Path

from rodent.errors import InputError


def asset_path(*parts: str) -> Path:
    """The path of a file below `assets/`, in a checkout or an installed wheel.

    Raises:
        InputError: there is no such asset; the message lists the folder's files.
    """
    here = Path(__file__).parent
    # a wheel packs the folder inside the package; a checkout has it beside the package
    root = next(r for r in (here / "_assets", here.parent / "assets") if r.is_dir())
    path = root.joinpath(*parts)
    if not path.exists():
        siblings = sorted(p.name for p in path.parent.glob("*")) if path.parent.is_dir() else []
        raise InputError(f"no asset {'/'.join(parts)}; there are: {', '.join(siblings) or 'none'}")
    return path


def built_in(name: Path | str, folder: str, suffix: str = "") -> Path | None:
    """The asset that a bare name stands for; None where it is a path, or no asset's name.

    Args:
        name: such as `gaits`; a file or folder of that name comes first.
        folder: below `assets/`, where names are looked up.
        suffix: of the assets that have names.
    """
    name = Path(name)
    if name.exists() or name.parent != Path():
        return None
    return _named(folder, suffix).get(name.name)


def path_or_built_in(path: Path | str, folder: str, suffix: str = "") -> Path:
    """What `built_in` finds, else the path as it is.

    Raises:
        InputError: a bare name that neither a file nor an asset has; the message lists the assets.
    """
    path = Path(path)
    if found := built_in(path, folder, suffix):
        return found
    require_known(path, {folder: suffix})
    return path


def require_known(path: Path, folders: Mapping[str, str]) -> None:
    """Refuse a bare name that neither a file nor an asset has.

    Args:
        path: a path or a name.
        folders: below `assets/`, where names are looked up, with the suffix of the assets that have names.

    Raises:
        InputError: the message lists the assets.
    """
    if path.parent != Path() or path.suffix or path.exists():
        return
    assets = {name for folder, suffix in folders.items() for name in _named(folder, suffix)}
    if path.name not in assets:
        known = ", ".join(sorted(assets))
        raise InputError(f"no such file or folder: {path}; built in are: {known}")


def _named(folder: str, suffix: str) -> dict[str, Path]:
    return {path.name.removesuffix(suffix): path for path in asset_path(folder).glob(f"[!.]*{suffix}")}
