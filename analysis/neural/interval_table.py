"""Tables of intervals as NWB has them: start, stop, and columns that may name kinds of epochs."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from analysis.neural.table import as_text, missing
from analysis.neural.timeseries import epoch, intervals

if TYPE_CHECKING:
    from pynapple import IntervalSet

MOST_KINDS = 50
"""Different entries of a column that are taken for kinds of epochs."""
TAGS = "tags"
"""The column of free texts that NWB's table of epochs has."""


@dataclasses.dataclass(frozen=True)
class IntervalTable:
    """Intervals, and what is known of each.

    Attributes:
        edges: start and stop of each, seconds, as the file has them, shape (n, 2).
        columns: numbers or texts by name, shape (n,) each.
    """

    edges: np.ndarray
    columns: Mapping[str, np.ndarray]

    @property
    def texts(self) -> tuple[str, ...]:
        """Columns of texts, if not of too many different ones to be kinds."""
        texts = [name for name, column in self.columns.items() if column.dtype.kind == "U"]
        return tuple(name for name in texts if len(np.unique(self.columns[name])) <= MOST_KINDS)

    @property
    def naming(self) -> tuple[str, ...]:
        """Columns that name kinds, two or more; the tags of NWB where there is no other."""
        found = [name for name in self.texts if len(self.kinds(name)) > 1]
        return tuple(name for name in found if name != TAGS) or tuple(found)

    def kinds(self, column: str) -> "dict[str, IntervalSet]":
        """The intervals of each kind, those that overlap or touch joined; rows without a kind left out."""
        there = ~missing(self.columns[column])
        edges, texts = self.edges[there], as_text(self.columns[column][there])
        found = {kind: intervals(edges[texts == kind]) for kind in np.unique(texts).tolist()}
        return {kind: epoch(edges) for kind, edges in found.items() if len(edges)}


def epochs_of(tables: Mapping[str, IntervalTable]) -> "tuple[dict[str, IntervalSet], list[str]]":
    """Every table of intervals, whole and by each kind that a column of texts names."""
    epochs, notes = {}, []
    for name, table in tables.items():
        whole = intervals(table.edges)
        if len(whole):
            epochs[name] = epoch(whole)
        for column in table.texts:
            epochs |= {f"{name}/{kind}": one for kind, one in table.kinds(column).items()}
        n = len(table.edges)
        if lost := n - len(whole):
            notes.append(
                f"{lost} of {n} intervals of {name} overlap others, touch them or do not last, and are joined"
            )
    return epochs, notes
