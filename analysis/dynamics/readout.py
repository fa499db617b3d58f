"""From latent variables to the channels of a population: Poisson rates of neurons, or means of units.

readout = Readout.fit(latents, counts, "spikes")
readout.predict(latents)                    # expected counts, (..., channels)
"""

import dataclasses

import numpy as np

from analysis.dynamics.activity import Kind
from analysis.encoding.poisson import PoissonEncoder

_RIDGE = 1e-2  # relative to the mean count, or to the variance of the latents


@dataclasses.dataclass(frozen=True)
class Readout:
    """A weighted sum of latents per channel; its exponential is the expected count of a neuron.

    Attributes:
        kind: `spikes` or `units`.
        weights: shape (dimensions, channels).
        bias: shape (channels,).
        low, high: limits of the sum, shape (channels,).
    """

    kind: Kind
    weights: np.ndarray
    bias: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def fit(cls, latents: np.ndarray, values: np.ndarray, kind: Kind) -> "Readout":
        """Fit all channels: a Poisson regression for spikes, a linear one for units, both with a small ridge.

        Args:
            latents: shape (bins, dimensions).
            values: counts or activations, shape (bins, channels).
            kind: of the values.
        """
        scale = np.maximum(latents.std(0), 1e-12)
        z = latents / scale
        if kind == "spikes":
            encoder = PoissonEncoder(_RIDGE).fit(z, values)
            low, high = encoder.limits_
            return cls(kind, encoder.coef_ / scale[:, None], encoder.intercept_, low, high)
        mean, centre = values.mean(0), z.mean(0)
        gram = (z - centre).T @ (z - centre) / len(z) + _RIDGE * np.eye(z.shape[1])
        weights = np.linalg.solve(gram, (z - centre).T @ (values - mean) / len(z))
        unlimited = np.full(values.shape[1], np.inf)
        bias = mean - centre @ weights
        return cls(kind, weights / scale[:, None], bias, -unlimited, unlimited)

    def predict(self, latents: np.ndarray) -> np.ndarray:
        """Expected counts or activations, shape (..., channels)."""
        sums = np.clip(latents @ self.weights + self.bias, self.low, self.high)
        return np.exp(sums) if self.kind == "spikes" else sums
