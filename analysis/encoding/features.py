"""Bands as features of the bins used; what is learnt of them is learnt from training bins alone.

model = Features(bands, rows, sources, components=32)
features, groups = model.fitted(train)          # (rows, features), (features,)
"""

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.encoding.bands import Band
from analysis.encoding.bases import Splines
from analysis.encoding.components import Components
from rodent.errors import InputError


class Features:
    """The features of a model, without the history.

    Args:
        bands: of the model.
        rows: bins used, in order, shape (rows,).
        sources: by band, the bin at each of its lags, shape (rows, lags).
        components: most principal components of a band, per lag.

    Attributes:
        n_components: features per lag, over all bands, the most that any fit had.

    Raises:
        InputError: a band does not change.
    """

    def __init__(
        self, bands: Sequence[Band], rows: np.ndarray, sources: Mapping[str, np.ndarray], components: int
    ):
        self.bands, self.rows, self.sources, self.components = bands, rows, sources, components
        self.n_components = 0
        for band in bands:
            if not np.ptp(band.values[rows], axis=0).any():
                n, word = band.values.shape[1], "units" if band.kind == "layer" else "columns"
                raise InputError(f"all {n} {word} of {band} are constant; take another {band.kind}")

    def fitted(self, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features of all rows, standardised and reduced as the training rows ask for.

        Args:
            train: indices into the rows.

        Returns:
            float32, shape (rows, features); the index of each feature's band, shape (features,).
        """
        parts, groups, n_components = [np.zeros((len(self.rows), 0), np.float32)], [], 0
        for i, band in enumerate(self.bands):
            values, bins = band.values, self.rows[train]
            if band.place:
                values = Splines().fit(values[bins]).transform(values)
            found = Components(self.components).fit(values[bins]).transform(values)
            n_components += found.shape[1]
            sources = self.sources[band.name]
            parts.append(found[sources].reshape(len(sources), -1))
            groups += [i] * parts[-1].shape[1]
        self.n_components = max(self.n_components, n_components)
        return np.concatenate(parts, axis=1), np.array(groups, int)
