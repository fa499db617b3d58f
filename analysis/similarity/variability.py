"""Whether behaviors in which the policy's intention is uncertain are those in which neurons vary.

    neural = matched_fano(counts, design)            # (conditions,)
    latent = latent_spread("latent/logvar", logvar, design)
    r, p = correlated(latent, neural, 5000, rng)

The variance of counts grows with their mean, which differs between behaviors. As Churchland
et al. (Nat Neurosci 13, 2010) do, neurons are weighted such that their means have the same
distribution in every behavior: what differs is then variability.
"""

import numpy as np

from analysis.similarity.compare import permutations
from analysis.similarity.design import Design

LATENT = ("latent/logvar", "latent/sample")
"""Layers that the spread of the intention is taken from, the first that was recorded."""

_STRATA = 10  # of the distribution of means


def matched_fano(counts: np.ndarray, design: Design) -> np.ndarray:
    """Mean-matched Fano factor of each behavior.

    The variance is that of windows around the mean of their partition, which leaves slow drift out.

    Args:
        counts: spikes per window, shape (windows, neurons).
        design: behaviors of the windows.

    Returns:
        shape (conditions,); NaN where the behaviors' distributions of means have nothing in common.
    """
    around = design.residuals(counts) ** 2
    shows = design.condition == np.arange(len(design.conditions))[:, None]
    windows = shows.sum(1, keepdims=True)
    mean = shows @ counts / windows
    freedom = windows - design.n_partitions
    variance = np.divide(
        shows @ around,
        freedom,
        out=np.full(mean.shape, np.nan),
        where=np.broadcast_to(freedom > 0, mean.shape),
    )
    weight = _matching_weights(mean)
    return np.divide(
        (weight * variance).sum(1),
        (weight * mean).sum(1),
        out=np.full(len(mean), np.nan),
        where=(weight * mean).sum(1) > 0,
    )


def latent_spread(layer: str, units: np.ndarray, design: Design) -> np.ndarray:
    """Spread of the policy's intention in each behavior, shape (conditions,).

    Args:
        layer: one of LATENT: from the log-variance it is the standard deviation that the policy
            itself gives, from the sample that of windows around the mean of their partition; the mean over
            dimensions.
        units: of that layer in each window, shape (windows, units).
        design: behaviors of the windows.
    """
    shows = (design.condition == np.arange(len(design.conditions))[:, None]).astype(float)
    windows = shows.sum(1, keepdims=True)
    if layer == "latent/logvar":
        return (shows @ np.exp(units / 2) / windows).mean(1)
    return np.sqrt(shows @ design.residuals(units) ** 2 / windows).mean(1)


def correlated(
    first: np.ndarray, second: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Pearson's r over behaviors, and how often chance orders give one as far from zero.

    Args:
        first, second: shape (conditions,).
        count: random orders of the behaviors; all where there are no more.
        rng: source of the orders.

    Returns:
        r; p, two-sided. NaN where either does not vary.
    """
    x, y = first - first.mean(), second - second.mean()
    size = np.linalg.norm(x) * np.linalg.norm(y)
    if not size > 0:
        return float("nan"), float("nan")
    orders, complete = permutations(len(x), count, rng)
    found, chance = x @ y / size, y[orders] @ x / size
    as_far = (np.abs(chance) >= abs(found) - 1e-9).sum()
    return float(found), float(as_far / len(orders) if complete else (1 + as_far) / (1 + len(orders)))


def _matching_weights(mean: np.ndarray) -> np.ndarray:
    """Weight of each neuron in each condition such that their means are distributed alike.

    In each stratum of means as many neurons count as the condition with the fewest has there: each
    weighs as often as it would be among them if they were drawn.
    """
    strata = min(_STRATA, max(1, mean.shape[1] // 3))
    edges = np.quantile(mean, np.linspace(0, 1, strata + 1)[1:-1])
    stratum = np.searchsorted(edges, mean, side="right")
    has = np.stack([(stratum == s).sum(1) for s in range(strata)], axis=1)
    share = np.divide(has.min(0), has, out=np.zeros(has.shape), where=has > 0)
    return np.take_along_axis(share, stratum, axis=1)
