"""What a neuron reads, where on the body, and at which lag: its readout taken apart.

    found = describe(readouts.tensor(twin))         # of (neurons, lags, parts, channels)
    found.features                                  # (neurons, channels), unit vectors
    found.place(twin.plan.places), found.lag(twin.plan.lags)
    found.blocks                                    # for classifiers: lags, and channels of every part

A readout is fitted as weights of every lag, part and channel. Each is taken as the nearest product of three
vectors (higher-order power method, De Lathauwer et al., SIAM J. Matrix Anal. Appl. 21, 1324, 2000), as the
readouts of training are. Its size is left out: that depends on how much a neuron fires.
"""

import dataclasses

import numpy as np

_ROUNDS = 20  # of the power method; it has converged long before


@dataclasses.dataclass(frozen=True)
class Descriptors:
    """Vectors of each neuron, of length 1.

    Attributes:
        lags: shape (neurons, lags); their sum is positive.
        parts: shape (neurons, parts); their sum is positive.
        features: shape (neurons, channels).
        by_part: weights of every part's channels at the neuron's own lags, shape (neurons, parts × channels).
    """

    lags: np.ndarray
    parts: np.ndarray
    features: np.ndarray
    by_part: np.ndarray

    @property
    def blocks(self) -> tuple[np.ndarray, ...]:
        """What classifiers see: when, and what of each part, whose channels are its own."""
        return self.lags, self.by_part

    def place(self, places: np.ndarray) -> np.ndarray:
        """Mean place on the body plan, shape (neurons, 2), of the places of the parts, shape (parts, 2)."""
        return _shares(self.parts) @ places

    def lag(self, lags: np.ndarray) -> np.ndarray:
        """Mean lag, in the unit of the lags, shape (neurons,), of the lags, shape (lags,)."""
        return _shares(self.lags) @ lags


def describe(tensors: np.ndarray) -> Descriptors:
    """Take readouts apart.

    Args:
        tensors: shape (neurons, lags, parts, channels).
    """
    flat = tensors.reshape(len(tensors), -1, tensors.shape[-1])
    features = np.linalg.svd(flat, full_matrices=False)[2][:, 0]
    parts = np.full((len(tensors), tensors.shape[2]), tensors.shape[2] ** -0.5)
    for _ in range(_ROUNDS):
        lags = _unit(np.einsum("nlpc,np,nc->nl", tensors, parts, features))
        parts = _unit(np.einsum("nlpc,nl,nc->np", tensors, lags, features))
        features = _unit(np.einsum("nlpc,nl,np->nc", tensors, lags, parts))
    # a product stays the same if two of its vectors change their sign
    of_lags, of_parts = (np.where(one.sum(1, keepdims=True) < 0, -1.0, 1.0) for one in (lags, parts))
    lags = lags * of_lags
    by_part = np.einsum("nlpc,nl->npc", tensors, lags).reshape(len(tensors), -1)
    return Descriptors(lags, parts * of_parts, features * of_lags * of_parts, _unit(by_part))


def _unit(vectors: np.ndarray) -> np.ndarray:
    size = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, size, out=np.zeros_like(vectors), where=size > 0)


def _shares(weights: np.ndarray) -> np.ndarray:
    """Squares as shares of their sum, shape as given."""
    squares = np.square(weights)
    return squares / np.maximum(squares.sum(1, keepdims=True), np.finfo(float).tiny)
