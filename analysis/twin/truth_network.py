"""φ: the random network through which behavior drives simulated neurons.

    network = PlantedNetwork.drawn(session.layout, seed=0)
    features = network(columns, session.piece, session.bin_seconds)     # (bins, parts, features)

It has sines, products of units and memory: nothing that a twin's core is made of.
"""

import dataclasses
import itertools

import numpy as np

from analysis.twin.core import Layout, Parts

FEATURES = 12
"""Outputs of the planted network for each body part."""
_UNITS = 64
_WHOLE = 6  # weighted sums of all columns that every part of the network sees
_BEND = 0.7  # size of the arguments of sines and gates: how far they are from linear
_MEMORY_SECONDS = 0.08


@dataclasses.dataclass(frozen=True)
class PlantedNetwork:
    """φ: from standardised columns to features of each body part, outside the family of the cores.

    Attributes:
        parts: of the columns.
        whole: weighted sums of all columns, shape (columns, sums).
        sines, gates: of each part, shape (own columns + sums, units).
        phases, offsets: of each part, shape (units,).
        outputs: of each part, shape (units, features).
    """

    parts: Parts
    whole: np.ndarray
    sines: tuple[np.ndarray, ...]
    gates: tuple[np.ndarray, ...]
    phases: tuple[np.ndarray, ...]
    offsets: tuple[np.ndarray, ...]
    outputs: tuple[np.ndarray, ...]

    @classmethod
    def drawn(cls, layout: Layout, seed: int) -> "PlantedNetwork":
        """A network with random weights."""
        random, parts = np.random.default_rng([seed, 2]), Parts.of(layout)

        def weights(rows: int, columns: int, size: float = _BEND) -> np.ndarray:
            return (size * random.standard_normal((rows, columns)) / np.sqrt(rows)).astype(np.float32)

        widths = [len(part) + _WHOLE for part in parts.columns]
        return cls(
            parts=parts,
            whole=weights(len(layout), _WHOLE),
            sines=tuple(weights(width, _UNITS) for width in widths),
            gates=tuple(weights(width, _UNITS) for width in widths),
            phases=tuple(random.uniform(0, 2 * np.pi, _UNITS).astype(np.float32) for _ in widths),
            offsets=tuple(random.normal(0, 0.5, _UNITS).astype(np.float32) for _ in widths),
            outputs=tuple(weights(_UNITS, FEATURES, 1.0) for _ in widths),
        )

    def __call__(
        self, columns: np.ndarray, piece: np.ndarray, bin_seconds: float, memory: bool = True
    ) -> np.ndarray:
        """Features, shape (bins, parts, features); the memory, if any, begins anew with each piece."""
        from scipy.signal import lfilter

        keep = np.exp(-bin_seconds / _MEMORY_SECONDS) if memory else 0.0
        whole = np.tanh(columns @ self.whole)
        starts = np.flatnonzero(np.r_[True, np.diff(piece) != 0, True])
        found = []
        each = zip(
            self.parts.columns, self.sines, self.gates, self.phases, self.offsets, self.outputs, strict=True
        )
        for own, sines, gates, phases, offsets, outputs in each:
            inputs = np.concatenate([columns[:, own], whole], axis=1)
            values = (np.sin(inputs @ sines + phases) * np.tanh(inputs @ gates + offsets)) @ outputs
            for begin, end in itertools.pairwise(starts):
                piece_values, first = values[begin:end], keep * values[begin : begin + 1]
                values[begin:end], _ = lfilter([1 - keep], [1, -keep], piece_values, axis=0, zi=first)
            found.append(np.sign(values) * np.abs(values) ** 0.8)
        return np.stack(found, axis=1)
