"""Windows of equal length that overlap, cut from uninterrupted pieces of time.

windows = Windows.cut(piece, length=50, overlap=10)
batch = windows.of(values)                  # (windows, length, channels)
joined = windows.joined(rates)              # (bins, channels), NaN in bins of no window
train, test = split_time(piece, fold=0)     # pieces whose other part is -1
"""

import dataclasses
import itertools

import numpy as np

from analysis.dynamics.settings import TIME_FOLDS
from rodent.errors import InputError

FEWEST = 4
"""Windows that a model is fitted to or scored on, at least."""
_BLOCKS = 4  # of each part of time, where there is enough of it


@dataclasses.dataclass(frozen=True)
class Windows:
    """Bins of all windows.

    Attributes:
        bins: indices of bins, shape (windows, length).
        n_bins: bins of the whole time.
    """

    bins: np.ndarray
    n_bins: int

    @classmethod
    def cut(cls, piece: np.ndarray, length: int, overlap: int = 0) -> "Windows":
        """Cut each piece into windows; the last ends with its piece. Pieces that are shorter are left out.

        Args:
            piece: of each bin, -1 for bins that are not used, shape (bins,).
            length: of a window, bins.
            overlap: of neighbouring windows at least, bins.
        """
        starts: list[int] = []
        edges = np.flatnonzero(np.r_[True, np.diff(piece) != 0, True])
        for begin, end in itertools.pairwise(edges.tolist()):
            if piece[begin] < 0 or end - begin < length:
                continue
            own = list(range(begin, end - length + 1, length - overlap))
            if own[-1] + length < end:
                own.append(end - length)
            starts += own
        return cls(np.array(starts, int)[:, None] + np.arange(length), len(piece))

    def __len__(self) -> int:
        return len(self.bins)

    def of(self, values: np.ndarray) -> np.ndarray:
        """Values (bins, channels) as (windows, length, channels)."""
        return values[self.bins]

    def joined(self, values: np.ndarray) -> np.ndarray:
        """Values of windows on the bins of the whole time; weights fall to the edges of a window.

        Args:
            values: shape (windows, length, channels).

        Returns:
            shape (bins, channels), NaN in bins that are in no window.
        """
        length = self.bins.shape[1]
        weight = np.minimum(np.arange(length), np.arange(length)[::-1]) + 1.0
        weights = np.broadcast_to(weight, self.bins.shape)
        total = np.zeros((self.n_bins, values.shape[2]))
        np.add.at(total, self.bins, weights[..., None] * values)
        sums = np.bincount(self.bins.ravel(), weights.ravel(), self.n_bins)[:, None]
        return np.divide(total, sums, out=np.full(total.shape, np.nan), where=sums > 0)

    def require_enough(self, what: str, length_seconds: float) -> None:
        """Require enough windows.

        Raises:
            InputError: there are fewer than four.
        """
        if len(self) < FEWEST:
            raise InputError(
                f"{what} has {len(self)} windows of {length_seconds:g} s; expected {FEWEST} at least: take a "
                "longer recording, or shorter windows (--window-seconds)"
            )


def split_time(piece: np.ndarray, length: int, fold: int) -> tuple[np.ndarray, np.ndarray]:
    """Pieces for training and for scoring: every fifth block of time is scored.

    Args:
        piece: of each bin, -1 for bins that are not used, shape (bins,).
        length: of a window, bins; a block holds two at least.
        fold: which of the blocks, from 0 to 4.

    Returns:
        pieces of training, and of scoring, shape (bins,) each; the other's bins are -1.
    """
    used = np.cumsum(piece >= 0) - 1
    block = max(2 * length, (int(used[-1]) + 1) // (TIME_FOLDS * _BLOCKS))
    number = used // block
    scored = (number + fold) % TIME_FOLDS == TIME_FOLDS - 1
    # a block is a piece of its own, where the piece goes on beyond it
    own = piece * (int(number.max()) + 2) + number
    return np.where((piece >= 0) & ~scored, piece, -1), np.where((piece >= 0) & scored, own, -1)
