"""How alike two structures are, how alike they could be, and how alike they would be by chance.

    found = similarity(layers, neurons, "whitened")            # (layers,)
    null, p = permuted(layers, neurons, "whitened", 5000, rng)
    error = bootstrapped(layers, neurons, "whitened", 1000, rng)

`layers` holds an RDM per session and layer, shape (sessions, layers, n, n), `neurons` one
per session, shape (sessions, n, n). The comparisons themselves are rsatoolbox's. Its
inference draws from numpy's global random state, which cannot be seeded without changing
it for everybody, and divides by zero with a single session: the same resampling is done
here with a generator of one's own.

All crossnobis distances of behaviors that differ are positive, so two RDMs have a cosine well
above zero though nothing in them corresponds: a similarity is to be read beside its null, the
mean over orders of the behaviors.
"""

import itertools
import math

import numpy as np

from analysis.similarity.settings import Measure

MEASURES: dict[Measure, str] = {
    "whitened": "cosine_cov",
    "cosine": "cosine",
    "rank": "rho-a",
    "tau": "tau-a",
}
"""What rsatoolbox calls them: Diedrichsen et al., Neurons Behav Data Anal Theory 5(3), 2021, and
for the ranks Schütt et al., eLife 12:e82566, 2023."""

FEWEST_RESAMPLED = 5
"""Behaviors below which samples of them, drawn with replacement, hold too few different ones."""

_CLOSE = 1e-9  # similarities that differ by less are equal but for rounding


def pairs(rdms: np.ndarray) -> np.ndarray:
    """The distances above the diagonal, row by row, shape (..., n (n - 1) / 2)."""
    upper = np.triu_indices(rdms.shape[-1], 1)
    return rdms[..., upper[0], upper[1]]


def similarity(layers: np.ndarray, neurons: np.ndarray, measure: Measure) -> np.ndarray:
    """Similarity of each layer's structure to that of the neurons, mean over sessions, shape (layers,)."""
    return by_session(layers, neurons, measure).mean(0)


def by_session(layers: np.ndarray, neurons: np.ndarray, measure: Measure) -> np.ndarray:
    """The same for each session, shape (sessions, layers)."""
    return np.stack(
        [
            compare(pairs(mine), pairs(theirs)[None], measure)[:, 0]
            for mine, theirs in zip(layers, neurons, strict=True)
        ]
    )


def compare(first: np.ndarray, second: np.ndarray, measure: Measure) -> np.ndarray:
    """Similarities of all of the first to all of the second.

    Args:
        first, second: distances above the diagonal, NaN at the same places, shape (k, pairs), (l, pairs).
        measure: which.

    Returns:
        shape (k, l); 0 where all distances of an RDM are.
    """
    from rsatoolbox.rdm import RDMs
    from rsatoolbox.rdm import compare as compare_rdms

    return compare_rdms(RDMs(first), RDMs(second), MEASURES[measure])


def permuted(
    layers: np.ndarray, neurons: np.ndarray, measure: Measure, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """What similarity is where behaviors are exchanged, and how often it is as high as it was found.

    All orders of the behaviors are taken where there are no more than `count`, else so many
    random ones; in all sessions the same.

    Returns:
        mean over the orders, shape (layers,); p, one-sided, shape (layers,).
    """
    orders, complete = permutations(neurons.shape[-1], count, rng)
    found = similarity(layers, neurons, measure)
    shuffled = np.mean(
        [
            compare(pairs(mine), pairs(theirs[orders[:, :, None], orders[:, None]]), measure)
            for mine, theirs in zip(layers, neurons, strict=True)
        ],
        axis=0,
    )
    as_high = (shuffled >= found[:, None] - _CLOSE).sum(1)
    # among all orders is the one found; to random ones it is added
    p = as_high / len(orders) if complete else (1 + as_high) / (1 + len(orders))
    return shuffled.mean(1), p


def permutations(n: int, count: int, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Orders of n things, shape (orders, n), and whether they are all there are."""
    if math.factorial(n) <= count:
        return np.array(list(itertools.permutations(range(n)))), True
    return rng.permuted(np.tile(np.arange(n), (count, 1)), axis=1), False


def bootstrapped(
    layers: np.ndarray, neurons: np.ndarray, measure: Measure, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Standard errors of similarity over other behaviors and other sessions.

    Behaviors are drawn with replacement, pairs of one with itself being left out; with more
    than one session these are drawn too, and the variances of the three samplings (both, sessions,
    behaviors) are joined as in the dual bootstrap (Schütt et al. 2023, eq. 12).

    Returns:
        shape (layers,); NaN with fewer than five behaviors.
    """
    n_sessions, n_layers, n, _ = layers.shape
    if n < FEWEST_RESAMPLED:
        return np.full(n_layers, np.nan)
    draws = _draws(n, count, rng)
    same = draws[:, :, None] == draws[:, None]
    resampled = np.empty((count, n_sessions, n_layers))
    for i, (draw, twin) in enumerate(zip(draws, same, strict=True)):
        at = np.ix_(draw, draw)
        mine = np.where(twin, np.nan, layers[..., *at])
        theirs = np.where(twin, np.nan, neurons[..., *at])
        resampled[i] = by_session(mine, theirs, measure)
    by_behaviors = n / (n - 1) * resampled.mean(1).var(0, ddof=1)
    if n_sessions == 1:
        return np.sqrt(by_behaviors)
    chosen = rng.integers(n_sessions, size=(count, n_sessions))
    whole = by_session(layers, neurons, measure)
    more = n_sessions / (n_sessions - 1)
    by_sessions = more * whole[chosen].mean(1).var(0, ddof=1)
    both = np.take_along_axis(resampled, chosen[:, :, None], axis=1).mean(1).var(0, ddof=1)
    joint = more * n / (n - 1) * (both - by_sessions / more - by_behaviors * (n - 1) / n)
    variance = by_sessions + by_behaviors - joint
    # no less than either alone, nor more than both at once
    variance = np.minimum(np.maximum(np.maximum(variance, by_sessions), by_behaviors), both)
    return np.sqrt(variance)


def interval(found: np.ndarray, error: np.ndarray, n_sessions: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % interval by Student's t, within [-1, 1]; degrees of freedom as rsatoolbox has them.

    Args:
        found: similarities, shape (layers,).
        error: their standard errors, shape (layers,).
        n_sessions, n: sessions and behaviors.
    """
    from scipy.stats import t

    freedom = (min(n_sessions, n) if n_sessions > 1 else n) - 1
    half = t.ppf(0.975, freedom) * error
    return np.maximum(found - half, -1.0), np.minimum(found + half, 1.0)


def ceiling(neurons: np.ndarray, measure: Measure) -> tuple[float, float]:
    """How alike the sessions' structures are: the lower and upper noise ceiling (Nili et al. 2014).

    The lower is the mean similarity of a session to the pool of the others, the upper that to
    the pool of all, which no one structure can exceed.

    Args:
        neurons: RDMs of two or more sessions, shape (sessions, n, n).
        measure: which.
    """
    from rsatoolbox.inference import boot_noise_ceiling
    from rsatoolbox.rdm import RDMs

    lower, upper = boot_noise_ceiling(RDMs(pairs(neurons)), method=MEASURES[measure])
    return float(lower), float(upper)


def ceiling_from_halves(halves: np.ndarray, measure: Measure) -> tuple[float, float]:
    """The noise ceiling of a single session, from the structures of halves of its neurons.

    The similarity of two halves is taken to that of two samples as large as the whole by the formula of
    Spearman and Brown, which holds for cosines of unbiased distances; that is the lower ceiling. The
    upper is its square root: what the structure of all neurons there are, free of noise, would reach.
    Noise that neurons share is taken for structure.

    Args:
        halves: RDMs, shape (splits, 2, n, n).
        measure: which.
    """
    alike = np.mean([compare(*pairs(half)[:, None], measure)[0, 0] for half in halves])
    lower = float(2 * alike / (1 + alike)) if alike > 0 else 0.0
    return lower, math.sqrt(lower)


def _draws(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Samples of n things with replacement, each of three different ones at least, shape (count, n)."""
    kept = np.empty((0, n), int)
    while len(kept) < count:
        draws = np.sort(rng.integers(n, size=(count, n)), axis=1)
        enough = 1 + (np.diff(draws, axis=1) > 0).sum(1) >= 3
        kept = np.concatenate([kept, draws[enough]])
    return kept[:count]
