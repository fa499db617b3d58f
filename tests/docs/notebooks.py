"""Notebooks as a kernel runs them: cell by cell, with what the last line of a cell shows."""

import ast
import json
from pathlib import Path
from typing import Any

from tests.docs.snippets import ROOT

NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))


def cells(path: Path, kind: str = "code") -> list[str]:
    """The sources of a notebook's cells of a kind."""
    content = json.loads(path.read_text())
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == kind]


def run(path: Path) -> dict[str, Any]:
    """Run all cells in the present folder.

    Returns:
        the notebook's names; `shown` has what cells showed, as HTML or text.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    shown = []
    for number, source in enumerate(cells(path)):
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        place = f"{path.name}[{number}]"
        exec(compile(tree, place, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), place, "eval"), names)
            if value is not None and not source.rstrip().endswith(";"):
                page = value._repr_html_() if hasattr(value, "_repr_html_") else None
                shown.append(page or repr(value))
    return names | {"shown": shown}
