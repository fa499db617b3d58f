"""Readouts: where on the body and at which lag a neuron reads the features, and with which weights.

    linear = read(readouts, features, slow, plan, key)      # (windows, bins, neurons), log rates of spikes
    tensor = coefficients(readouts, plan)                   # (neurons, lags, parts, channels)

A neuron reads every body part with a weight that is a Gaussian of its distance from the neuron's place on the
body plan, and every lag likewise. Of images, the parts are positions, and the plan is the image. While they
are fitted, place and lag are drawn about their means with a spread that is learnt, too (after Lurz et al.,
ICLR 2021); otherwise they are the means.
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rodent.rotation import Array

Readouts = dict[str, Any]
"""Arrays by name, each (neurons, …): `weights` (channels), `place` (2), `lag` (bins), `noise` (2,
logarithms), `slow` (slow features) and `constant`."""

PLACE_WIDTH, LAG_WIDTH = 0.35, 0.7
"""Standard deviations of the Gaussians: units of the body plan, bins."""


@dataclasses.dataclass(frozen=True)
class ReadoutPlan:
    """What readouts choose from.

    Attributes:
        places: of the parts on the body plan, shape (parts, 2).
        lags: bins, shape (lags,); positive for behavior before the spikes.
        width: standard deviation of the Gaussian of places, in units of the plan.
    """

    places: np.ndarray
    lags: np.ndarray
    width: float = PLACE_WIDTH

    @classmethod
    def of(cls, places: np.ndarray, reach: int, width: float = PLACE_WIDTH) -> "ReadoutPlan":
        """All lags within reach, bins."""
        return cls(places, np.arange(-reach, reach + 1), width)


def initial_readouts(
    random: np.random.Generator, constant: np.ndarray, channels: int, slow: int, noise: tuple[float, float]
) -> Readouts:
    """Readouts before training, near the middle of the body and lag 0.

    Args:
        random: of weights and places.
        constant: linear prediction of the mean signal, such as the log of the mean count, shape (neurons,).
        channels: number of features.
        slow: number of slow features.
        noise: standard deviations of the noise of places, units of the body plan, and of lags, bins.
    """
    n = len(constant)
    found = {
        "weights": 0.05 * random.standard_normal((n, channels)),
        "place": 0.1 * random.standard_normal((n, 2)),
        "lag": 0.1 * random.standard_normal(n),
        "noise": np.tile(np.log(noise), (n, 1)),
        "slow": np.zeros((n, slow)),
        "constant": constant,
    }
    return {name: jnp.asarray(values, jnp.float32) for name, values in found.items()}


def location_weights(
    readouts: Readouts, plan: ReadoutPlan, key: jax.Array | None = None
) -> tuple[jax.Array, jax.Array]:
    """Weights of parts, shape (neurons, parts), and of lags, shape (neurons, lags); each sums to 1.

    Args:
        readouts: of n neurons.
        plan: what they choose from.
        key: of the noise; None for none.
    """
    place, lag = readouts["place"], readouts["lag"]
    if key is not None:
        drawn = jax.random.normal(key, (len(lag), 3))
        place = place + jnp.exp(readouts["noise"][:, :1]) * drawn[:, :2]
        lag = lag + jnp.exp(readouts["noise"][:, 1]) * drawn[:, 2]
    of_lags = jax.nn.softmax(-jnp.square(lag[:, None] - plan.lags) / (2 * LAG_WIDTH**2), axis=-1)
    return part_weights(place, plan), of_lags


def part_weights(place: Array, plan: ReadoutPlan) -> jax.Array:
    """Weights of parts for places on the plan, shape (places, 2), which sum to 1, shape (places, parts)."""
    away = jnp.square(place[:, None] - plan.places).sum(-1)
    return jax.nn.softmax(-away / (2 * plan.width**2), axis=-1)


def read(
    readouts: Readouts,
    features: jax.Array,
    slow: jax.Array,
    plan: ReadoutPlan,
    key: jax.Array | None = None,
) -> jax.Array:
    """Linear predictions of one animal's chunks, without the bins at the ends that lack a lag.

    They are log expected counts of spikes; see `analysis.twin.likelihood` for calcium.

    Args:
        readouts: of n neurons.
        features: shape (chunks, bins, parts, channels).
        slow: slow features, shape (chunks, bins, slow).
        plan: what readouts choose from.
        key: of the noise of the location; None for none.

    Returns:
        shape (chunks, bins - 2 reach, neurons).
    """
    of_parts, of_lags = location_weights(readouts, plan, key)
    weights = of_parts[:, :, None] * readouts["weights"][:, None, :]
    flat = features.reshape(*features.shape[:-2], -1)
    # parts and channels first: lags then cost no more than a sum per neuron
    signal = flat @ weights.reshape(len(weights), -1).T
    reach, n_bins = int(plan.lags[-1]), signal.shape[1]
    inside = n_bins - 2 * reach
    found = readouts["constant"] + slow[:, reach : reach + inside] @ readouts["slow"].T
    for i, lag in enumerate(plan.lags.tolist()):
        found = found + of_lags[:, i] * signal[:, reach - lag : reach - lag + inside]
    return found


def coefficients(readouts: Readouts, plan: ReadoutPlan) -> np.ndarray:
    """The readouts as weights of every lag, part and channel, shape (neurons, lags, parts, channels)."""
    of_parts, of_lags = location_weights(readouts, plan)
    return np.asarray(jnp.einsum("nl,np,nc->nlpc", of_lags, of_parts, readouts["weights"]))


def kernels(readouts: Readouts, plan: ReadoutPlan) -> np.ndarray:
    """The readouts as weights of every lag and channel at their place, shape (neurons, lags, channels)."""
    _, of_lags = location_weights(readouts, plan)
    return np.asarray(jnp.einsum("nl,nc->nlc", of_lags, readouts["weights"]))
