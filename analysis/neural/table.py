"""Columns of a units table: a number or text for each neuron.

as_text(np.array([3.0, 0.5]))                   # ["3", "0.5"], what options and groups are named by
summary(np.array(["M1", "DLS", "M1"]))          # "DLS (1), M1 (2)"
"""

from typing import Any

import numpy as np

NONE = "none"
"""What a missing entry is called."""

_MOST_LISTED = 12  # different entries of a column that are listed


def as_column(values: Any) -> np.ndarray | None:
    """Values as a column, shape (rows,): numbers as they are, texts as str; None if they are neither."""
    values = np.asarray(values)
    if values.ndim != 1 or values.dtype.kind not in "biufSUO":
        return None
    if values.dtype.kind not in "SO":
        return values
    return np.array(
        [one.decode(errors="replace") if isinstance(one, bytes) else str(one) for one in values.tolist()], str
    )


def missing(column: np.ndarray) -> np.ndarray:
    """Where there is no entry: an empty text, or NaN; bool, shape (rows,)."""
    if column.dtype.kind == "f":
        return np.isnan(column)
    return column == "" if column.dtype.kind == "U" else np.zeros(len(column), bool)


def as_text(column: np.ndarray) -> np.ndarray:
    """Entries as they are written, whole numbers without a point; `none` for missing ones, shape (rows,)."""
    texts = column.astype(str)
    if column.dtype.kind == "f":
        texts = np.array([f"{one:.12g}" for one in column.tolist()], str)
    return np.where(missing(column), NONE, texts)


def summary(column: np.ndarray) -> str:
    """What is in a column, for messages: its entries and how often each comes, or how many there are.

    >>> summary(np.array([10.0, 20.0, 10.0]))
    '10 (2), 20 (1)'
    >>> summary(np.arange(100))
    'from 0 to 99'
    """
    entries, counts = np.unique(column, return_counts=True)
    if len(entries) <= _MOST_LISTED:
        return ", ".join(f"{one} ({n})" for one, n in zip(as_text(entries), counts, strict=True))
    if column.dtype.kind in "iuf":
        low, high = as_text(np.array([np.nanmin(column), np.nanmax(column)]))
        return f"from {low} to {high}"
    return f"{len(entries)} different, such as {', '.join(map(str, entries[:3]))}"
