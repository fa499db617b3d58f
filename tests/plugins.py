"""Packages with entry points, as pip would have installed them, made in a folder and put on the path."""

from pathlib import Path

import pytest


def install(
    folder: Path, patch: pytest.MonkeyPatch, package: str, group: str, entries: dict[str, str], code: str
) -> None:
    """Make `package` 0.1 with one module of the same name (- as _) and these entry points.

    Args:
        folder: an empty one.
        patch: puts the folder on the path until the test is over.
        package: its name.
        group: of the entry points, such as `virtual_rodent.tasks`.
        entries: attributes of the module by the name of the entry point.
        code: the module.
    """
    module = package.replace("-", "_")
    info = folder / f"{module}-0.1.dist-info"
    info.mkdir(parents=True)
    (folder / f"{module}.py").write_text(code)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.1\n")
    lines = [f"{name} = {module}:{attribute}" for name, attribute in entries.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines]) + "\n")
    patch.syspath_prepend(str(folder))
