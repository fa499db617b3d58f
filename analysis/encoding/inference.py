"""How sure one can be of scores: ranks among shifts, corrections for many tests, and intervals.

    rank_p(score, of_shifts)                        # is there more than slow drift?
    false_discovery_control(p)                      # over neurons: scipy's
    holm(p)                                         # over layers
    block_interval(bits_of_blocks, seed=0)          # of one session: over held-out blocks
    hierarchical_interval(means, animals, seed=0)   # of several: over sessions within animals

Neurons recorded at once share the animal, the day and the noise of the features. They are no independent
samples, so nothing here is tested over the neurons of a session.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

DRAWS = 2000
LEVEL = 0.05
"""At which a p is called significant; so many do so by chance."""


@dataclasses.dataclass(frozen=True)
class Difference:
    """The difference of two models, and how sure it is.

    Attributes:
        over: what the interval is over: `blocks` of one session, `sessions`, or `sessions within animals`.
        n: how many blocks or sessions there are.
        mean: of the differences: of session means where there are several.
        low, high: of the mean, 95 %, by bootstrap; NaN where there are fewer than two.
        wilcoxon_p: of the signed ranks of session means (Wilcoxon, Biometrics Bulletin 1, 80, 1945),
            two-sided; NaN for a single session.
        t_p: of Student's t of session means, two-sided; NaN for a single session.
    """

    over: str
    n: int
    mean: float
    low: float
    high: float
    wilcoxon_p: float
    t_p: float


def rank_p(score: np.ndarray | float, shifts: np.ndarray) -> np.ndarray:
    """How often a score as high comes about where neurons and features know nothing of one another.

    The share of the shifts, and the score itself counted in, that score as much (Davison and
    Hinkley, Bootstrap Methods and their Application, 1997, section 4.2). It is never less than
    1 / (1 + shifts).

    Args:
        score: shape (...).
        shifts: the same for each shift of the null, shape (shifts, ...).
    """
    return (1 + (shifts >= score).sum(0)) / (1 + len(shifts))


def mean_p(statistics: Sequence[np.ndarray]) -> float:
    """The same of the mean over neurons, and of the mean of session means where there are several.

    Neurons are shifted together, so it holds however much they have in common.

    Args:
        statistics: of each session, the score and then every shift, shape (1 + shifts, neurons) each.
    """
    score, *shifts = np.mean([of_session.mean(1) for of_session in statistics], axis=0)
    return float(rank_p(score, np.array(shifts)))


def holm(p: np.ndarray) -> np.ndarray:
    """P values that hold for all tests at once (Holm, Scand. J. Stat. 6, 65, 1979), shape (tests,).

    >>> holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    found = np.empty(len(p))
    found[order] = np.minimum(steps, 1.0)
    return found


def block_interval(bits: np.ndarray, seed: int) -> tuple[float, float]:
    """Bounds that hold a session's score at 95 %, by drawing held-out blocks (percentiles).

    Blocks are taken to be independent: what drifts for longer than a block makes the bounds too narrow.

    Args:
        bits: what each block adds to the score, shape (blocks,).
        seed: of the draws.

    Returns:
        lower and upper bound of the sum; NaN for fewer than two blocks.
    """
    low, high = bootstrap_interval(bits, seed)
    return low * len(bits), high * len(bits)


def bootstrap_interval(values: np.ndarray, seed: int, draws: int = DRAWS) -> tuple[float, float]:
    """Bounds that hold the mean at 95 % (percentiles; Efron, Annals of Statistics 7, 1, 1979).

    Args:
        values: what is drawn from, shape (n,).
        seed: of the draws.
        draws: how many.

    Returns:
        lower and upper bound; NaN for fewer than two values.
    """
    if len(values) < 2:
        return float("nan"), float("nan")
    random = np.random.default_rng(seed)
    means = values[random.integers(len(values), size=(draws, len(values)))].mean(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def hierarchical_interval(
    values: np.ndarray, animals: Sequence[object] | np.ndarray, seed: int, draws: int = DRAWS
) -> tuple[float, float]:
    """Bounds of the mean over animals at 95 %: animals are drawn, then sessions within each.

    After Saravanan, Berman and Sober (Neurons Behav. Data Anal. Theory 3(5), 2020). Where each animal
    has one session it is the plain bootstrap.

    Args:
        values: one of each session, shape (sessions,).
        animals: whose session it is, shape (sessions,).
        seed: of the draws.
        draws: how many.

    Returns:
        lower and upper bound; NaN for fewer than two sessions. With one animal only its sessions are drawn.
    """
    values = np.asarray(values, float)
    if len(values) < 2:
        return float("nan"), float("nan")
    random = np.random.default_rng(seed)
    _, owner = np.unique([str(animal) for animal in animals], return_inverse=True)
    sessions = [np.flatnonzero(owner == animal) for animal in dict.fromkeys(owner.tolist())]
    counts = np.array([len(mine) for mine in sessions])
    means = np.zeros(draws)
    for _ in sessions:
        drawn = random.integers(len(sessions), size=draws)
        for animal, mine in enumerate(sessions):
            times = np.flatnonzero(drawn == animal)
            picked = mine[random.integers(counts[animal], size=(len(times), counts[animal]))]
            means[times] += values[picked].mean(1)
    low, high = np.percentile(means / len(sessions), (2.5, 97.5))
    return float(low), float(high)


def session_mean(sessions: Sequence[np.ndarray]) -> float:
    """Mean of the session means."""
    return float(np.mean([values.mean() for values in sessions]))


def session_interval(
    sessions: Sequence[np.ndarray], blocks: Sequence[np.ndarray], animals: Sequence[str], seed: int
) -> tuple[float, float]:
    """Bounds of a mean over neurons at 95 %: over sessions where there are several, else over blocks.

    Args:
        sessions: values of each session's neurons, shape (neurons,) each.
        blocks: what each block adds to them, shape (blocks, neurons), of each session.
        animals: whose sessions they are.
        seed: of the draws.
    """
    if len(sessions) > 1:
        return hierarchical_interval(np.array([values.mean() for values in sessions]), animals, seed)
    ((values,), (parts,)) = sessions, blocks
    low, high = block_interval(parts.mean(1), seed)
    # what is taken off the sum of the blocks, such as a null, is taken off the bounds
    off = float(parts.mean(1).sum() - values.mean())
    return low - off, high - off


def difference(
    sessions: Sequence[np.ndarray], blocks: Sequence[np.ndarray], animals: Sequence[str], seed: int
) -> Difference:
    """How two models differ on the same neurons; arguments as for `session_interval`, of the difference."""
    from scipy.stats import ttest_1samp, wilcoxon

    low, high = session_interval(sessions, blocks, animals, seed)
    means = np.array([values.mean() for values in sessions])
    some = len(means) > 1 and bool(np.ptp(means) > 0)
    over = "blocks" if len(means) == 1 else "sessions"
    if len(set(animals)) < len(means) > 1:
        over = "sessions within animals"
    return Difference(
        over=over,
        n=len(blocks[0]) if len(means) == 1 else len(means),
        mean=float(means.mean()),
        low=low,
        high=high,
        wilcoxon_p=float(wilcoxon(means).pvalue) if some else float("nan"),
        t_p=float(ttest_1samp(means, 0.0).pvalue) if some else float("nan"),
    )
