"""The counts that a regression is to predict: those of the neurons, and for the null the same shifted.

    targets = Targets(counts, rows, orders, bin_seconds, history=True)
    targets.counts(slice(0, 50))                # (rows, 50)
    targets.own(slice(0, 50))                   # each neuron's own past, (functions, rows, 50)

Column c is neuron c % n; after the n neurons follow n columns per shift. What a neuron did before
goes along with its counts when these are shifted.
"""

from collections.abc import Sequence

import numpy as np

from analysis.encoding.bases import history_basis, history_features


class Targets:
    """Columns of counts.

    Args:
        counts: spikes in all bins of the recording, shape (bins, neurons).
        rows: bins used, shape (rows,).
        orders: of the rows, one per shift.
        bin_seconds: length of a bin.
        history: whether the neurons' own past is a feature.

    Attributes:
        n_neurons: n.
        n_columns: n for the score and n for each shift.
        n_own: features of the neurons' own past.
    """

    def __init__(
        self,
        counts: np.ndarray,
        rows: np.ndarray,
        orders: Sequence[np.ndarray],
        bin_seconds: float,
        history: bool,
    ):
        self._all = counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
        self._rows = [rows, *(rows[order] for order in orders)]
        self._bin_seconds, self._history = bin_seconds, history
        self.n_neurons = counts.shape[1]
        self.n_columns = self.n_neurons * len(self._rows)
        self.n_own = history_basis(bin_seconds).shape[1] if history else 0

    def spikes(self) -> np.ndarray:
        """Of each neuron in all, and the same for each shift, shape (1 + shifts, neurons)."""
        return np.stack([self._all[rows].sum(0, dtype=np.int64) for rows in self._rows])

    def counts(self, columns: slice) -> np.ndarray:
        """Spikes, shape (rows, columns)."""
        return np.concatenate([self._all[rows][:, which] for rows, which in self._pieces(columns)], axis=1)

    def own(self, columns: slice) -> np.ndarray:
        """Features of the neurons' own past, shape (functions, rows, columns); no functions without."""
        if not self._history:
            return np.zeros((0, len(self._rows[0]), columns.stop - columns.start), np.float32)
        return np.concatenate(
            [
                history_features(self._all[:, which], self._bin_seconds)[:, rows]
                for rows, which in self._pieces(columns)
            ],
            axis=2,
        )

    def _pieces(self, columns: slice) -> list[tuple[np.ndarray, slice]]:
        """The rows, in their order, and the neurons of each shift that the columns reach into."""
        n = self.n_neurons
        found = []
        for i, rows in enumerate(self._rows):
            start, stop = max(columns.start, i * n), min(columns.stop, (i + 1) * n)
            if start < stop:
                found.append((rows, slice(start - i * n, stop - i * n)))
        return found
