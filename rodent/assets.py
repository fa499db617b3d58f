"""Where the files that the simulator loads are found."""

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
