"""Uninterrupted chunks of a session, all of one length, and the bins that each of them predicts.

    windows = Windows.of(session.piece, length=100, reach=5, memory=10)
    session.columns[windows.bins]               # (windows, length, columns)
    windows.predicted                           # (windows, length), each bin at most once

A bin is predicted if the bins within reach of the lags are in its chunk. A core with memory begins every
chunk anew, so that the first bins of a chunk inside a piece only fill the memory.
"""

import dataclasses
import itertools

import numpy as np


@dataclasses.dataclass(frozen=True)
class Windows:
    """Chunks of bins.

    Attributes:
        bins: shape (windows, length); a chunk that is longer than its piece repeats the last bin.
        predicted: bins that this chunk predicts, bool, shape (windows, length).
        reach: bins from a predicted bin to the furthest lag.
    """

    bins: np.ndarray
    predicted: np.ndarray
    reach: int

    @classmethod
    def of(cls, piece: np.ndarray, length: int, reach: int, memory: int = 0) -> "Windows":
        """Cut pieces into chunks.

        Args:
            piece: of each bin, -1 for bins that are not used, shape (bins,).
            length: of a chunk, bins.
            reach: of the lags, bins.
            memory: bins that only fill the memory of the core.
        """
        step = length - 2 * reach - memory
        bins, predicted = [], []
        edges = np.flatnonzero(np.r_[True, np.diff(piece) != 0, True])
        for begin, end in itertools.pairwise(edges):
            if piece[begin] < 0:
                continue
            done = begin + reach
            for start in range(int(begin), max(int(end) - 2 * reach, int(begin)), step):
                chunk = start + np.arange(length)
                bins.append(np.minimum(chunk, end - 1))
                last = min(start + length, end) - reach
                predicted.append((chunk >= done) & (chunk < last))
                done = last
        shape = (len(bins), length)
        return cls(np.array(bins, int).reshape(shape), np.array(predicted, bool).reshape(shape), reach)

    @property
    def rows(self) -> np.ndarray:
        """The predicted bins, in order, shape (rows,)."""
        return self.bins[self.predicted]
