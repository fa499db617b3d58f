"""Results that show themselves in a notebook.

    found = rodent.evaluate(policy, clips)
    found                       # one line at a prompt, a table in a notebook
    found.to_frame()            # a pandas frame, a row per clip
    found.plot(axes)            # on axes of one's own, or on new ones

A result has its table as columns (`columns`) and one line about itself (`__repr__`). The frame and the HTML
follow from these. pandas and xarray are needed only for what returns their objects.
"""

import abc
import importlib
from collections.abc import Mapping, Sequence
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.errors import InputError

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

SHOWN = 12
"""Rows and columns of a table that a notebook shows, if nothing else is said."""

Columns = Mapping[str, Sequence[Any] | np.ndarray]


class Result(abc.ABC):
    """A result with a table; see the module."""

    @abc.abstractmethod
    def columns(self) -> Columns:
        """The table: columns by name, all of one length."""

    @abc.abstractmethod
    def __repr__(self) -> str:
        """One line."""

    def to_frame(self) -> "pandas.DataFrame":
        """The table as a pandas frame.

        Raises:
            InputError: pandas is missing.
        """
        return frame(self.columns())

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.columns())


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows as columns, in the order in which these first come up; what a row lacks is None.

    A mapping in a cell becomes columns of its own:

    >>> columns_of([{"clip": "walk", "error": {"hand": 1.0, "foot": 2.0}}])
    {'clip': ['walk'], 'error/hand': [1.0], 'error/foot': [2.0]}
    """
    flat = [_flat(row) for row in rows]
    names = dict.fromkeys(name for row in flat for name in row)
    return {name: [row.get(name) for row in flat] for name in names}


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            found |= {f"{name}/{key}": inner for key, inner in _flat(value).items()}
        else:
            found[name] = value
    return found


def frame(columns: Columns) -> "pandas.DataFrame":
    """Columns as a pandas frame.

    Raises:
        InputError: pandas is missing.
    """
    return require_package("pandas").DataFrame(dict(columns))


def require_package(name: str) -> Any:
    """A package of the extra `notebook`, imported.

    Raises:
        InputError: it is missing.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise InputError(f"this needs {name}: pip install 'virtual-rodent[notebook]'") from None


def new_axes(axes: "Axes | None") -> "Axes":
    """The axes, or those of a new figure, which a notebook shows."""
    if axes is not None:
        return axes
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(6.0, 3.5), layout="constrained")[1]


def html_table(title: str, columns: Columns, most: int = SHOWN) -> str:
    """A title and a table as HTML, with all text escaped; at most so many rows, and `SHOWN` columns."""
    names = list(columns)[:SHOWN]
    n = len(next(iter(columns.values()))) if columns else 0
    rows = islice(zip(*(columns[name] for name in names), strict=True), most)
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{escape(_text(cell))}</td>' for cell in row)}</tr>" for row in rows)
    rest = [f"{n - most} more rows"] if n > most else []
    rest += [f"{len(columns) - SHOWN} more columns"] if len(columns) > SHOWN else []
    note = f"<p>{', '.join(rest)}: <code>to_frame()</code> has all</p>" if rest else ""
    return f"<p><code>{escape(title)}</code></p><table><tr>{head}</tr>{body}</table>{note}"


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return f"{cell:.4g}" if isinstance(cell, float | np.floating) else str(cell)
