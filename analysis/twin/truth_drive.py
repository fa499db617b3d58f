"""How behavior drives the rates of simulated neurons, in their sessions and in any other movement.

drive = planted.drive               # of `analysis.twin.truth.plant`
drive(session)                      # change of the log rates, (bins, neurons)
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from analysis.twin.perspective import Perspective
from analysis.twin.session import TwinSession
from analysis.twin.truth_network import PlantedNetwork

_MOST = 3.0  # standard deviations of the drive


@dataclasses.dataclass(frozen=True)
class NetworkLayer:
    """φ with or without memory, standardised as in the sessions that neurons were planted in.

    Attributes:
        network: φ.
        perspective: scales of the columns.
        memory: whether φ has its memory.
        middle, scale: mean and root mean square of the features, shape (parts, features).
    """

    network: PlantedNetwork
    perspective: Perspective
    memory: bool
    middle: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(
        cls, network: PlantedNetwork, perspective: Perspective, sessions: Sequence[TwinSession], memory: bool
    ) -> "NetworkLayer":
        """Standardised over sessions."""
        first = cls(network, perspective, memory, np.zeros(1, np.float32), np.ones(1, np.float32))
        features = [first(one) for one in sessions]
        scale = np.sqrt(np.mean([np.square(one).mean(0) for one in features], axis=0))
        return dataclasses.replace(first, middle=np.mean([one.mean(0) for one in features], 0), scale=scale)

    def __call__(self, session: TwinSession) -> np.ndarray:
        """Features of a session, shape (bins, parts, features)."""
        columns = self.perspective.columns(session)
        values = self.network(columns, session.piece, session.bin_seconds, self.memory)
        return (values - self.middle) / self.scale


@dataclasses.dataclass(frozen=True)
class PlantedDrive:
    """What behavior adds to the log rates of planted neurons; also to those of further behavior.

        drive(session)                  # (bins, neurons), without drift and gain

    Attributes:
        layers: of φ, the front region's first and the back region's last.
        weights: of features of all parts, shape (parts × features, neurons).
        region: of each neuron, shape (neurons,).
        lag: seconds, shape (neurons,).
        depth: standard deviation of the drive where the neurons were planted.
        center, spread: of the drive before it is scaled, shape (neurons,).
    """

    layers: tuple[NetworkLayer, ...]
    weights: np.ndarray
    region: np.ndarray
    lag: np.ndarray
    depth: float
    center: np.ndarray
    spread: np.ndarray

    def __call__(self, session: TwinSession) -> np.ndarray:
        """Change of the log rates, shape (bins, neurons)."""
        return self.scaled(self.unscaled(session))

    def scaled(self, drive: np.ndarray) -> np.ndarray:
        """The change of the log rates of a drive that is not scaled yet, shape (bins, neurons)."""
        return self.depth * np.clip((drive - self.center) / self.spread, -_MOST, _MOST)

    def unscaled(self, session: TwinSession) -> np.ndarray:
        """The same before it is scaled and clipped, shape (bins, neurons)."""
        values = [layer(session).reshape(session.n_bins, -1) @ self.weights for layer in self.layers]
        drive = np.where(self.region == 0, values[0], values[-1])
        return lagged(drive, self.lag / session.bin_seconds, session.piece)


def lagged(values: np.ndarray, lags: np.ndarray, piece: np.ndarray) -> np.ndarray:
    """Columns at their own lags, bins that need not be whole; at the edge of a piece what is next to it."""
    bins = np.arange(len(values))
    edges = np.flatnonzero(np.r_[True, np.diff(piece) != 0, True])
    which = np.searchsorted(edges, bins, side="right") - 1
    first, last = edges[which], edges[which + 1] - 1
    found = np.empty_like(values)
    for i, lag in enumerate(lags):
        source = np.clip(bins - lag, first, last)
        below = source.astype(int)
        above, part = np.minimum(below + 1, last), source - below
        found[:, i] = values[below, i] * (1 - part) + values[above, i] * part
    return found
