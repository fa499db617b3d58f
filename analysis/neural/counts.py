"""Arrays of counts, read block by block and checked on the way, so that large files need little memory."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rodent.errors import InputError

BLOCK_BYTES = 2**24
"""Read at a time, so that a file of any size needs little more memory than the counts that are kept."""
MOST_BYTES = 2**32
"""Of counts in memory; a file that declares more is damaged, or no session."""

_FAULTS: tuple[tuple[Callable[[np.ndarray], np.ndarray], str], ...] = (
    (lambda x: ~np.isfinite(x), "counts must be finite; leave out neurons and bins without data"),
    (lambda x: x < 0, "counts cannot be negative"),
    (lambda x: x != np.floor(x), "counts must be whole numbers: spikes per bin, not smoothed rates"),
)


def read_counts(
    counts: Any, what: str, columns: np.ndarray | None = None, advance: Callable[[int], None] = lambda n: None
) -> np.ndarray:
    """Counts of spikes in the smallest type that holds them, shape (bins, neurons).

    Args:
        counts: an array or an HDF5 dataset, shape (bins, columns).
        what: its file and name, for messages.
        columns: those to keep; None for all.
        advance: called with the number of bins after each block.

    Raises:
        InputError: not of two dimensions, no numbers, too large, or a value is no count of spikes.
    """
    if counts.dtype.kind not in "biuf":
        raise InputError(f"{what} has type {counts.dtype}; numbers are expected")
    if len(counts.shape) != 2 or 0 in counts.shape:
        raise InputError(f"{what} has shape {counts.shape}; (bins, neurons) is expected")
    bins, width = counts.shape
    kept = np.arange(width) if columns is None else columns
    if bins * len(kept) > MOST_BYTES or width * counts.dtype.itemsize > BLOCK_BYTES:
        raise InputError(
            f"{what} has shape {counts.shape}, more than a session can have; is the file damaged, "
            "or are bins and neurons exchanged?"
        )
    rows = block_rows(counts)
    read = np.zeros((bins, len(kept)), np.uint8)
    for start in range(0, bins, rows):
        block = np.asarray(counts[start : start + rows])[:, kept]
        _check(block, start, kept, what)
        largest = np.min_scalar_type(int(block.max(initial=0)))
        if largest.itemsize > read.dtype.itemsize:
            read = read.astype(largest)
        read[start : start + len(block)] = block
        advance(len(block))
    return read


def block_rows(counts: Any) -> int:
    """Rows of an array or dataset to read at a time: whole chunks, about as many as fit into a block."""
    rows = max(1, BLOCK_BYTES // max(1, counts.shape[1] * counts.dtype.itemsize))
    chunk = (getattr(counts, "chunks", None) or (1,))[0]
    return max(1, rows // chunk) * chunk


def _check(block: np.ndarray, start: int, columns: np.ndarray, what: str) -> None:
    if block.dtype.kind in "bu":
        return
    for is_bad, why in _FAULTS:
        if (bad := is_bad(block)).any():
            row, column = (int(i) for i in np.argwhere(bad)[0])
            raise InputError(f"{what}[{start + row}, {columns[column]}] is {block[row, column]:g}; {why}")
