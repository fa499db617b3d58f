"""How sure one can be of scores: ranks among shifts, intervals, and tests between two models.

    rank_p(score, of_shifts)                                # is there more than slow drift?
    bootstrap_interval(scores, seed=0)                      # 95 % of the mean over neurons
    paired_test([difference_of_session_1, …], seed=0)       # is one model better than the other?

Neurons recorded at once share the animal, the day and the noise of the features, so a test over
them speaks of this session alone. With several sessions the means of sessions are tested.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

DRAWS = 2000
LEVEL = 0.05
"""At which a p is called significant; so many do so by chance."""
LEAST_SESSIONS = 2


@dataclasses.dataclass(frozen=True)
class PairedTest:
    """Whether differences are other than zero.

    Attributes:
        over: what was tested over, `sessions` or `neurons`.
        n: how many there are.
        mean: of the differences: over sessions, that of the session means.
        low, high: of the mean, 95 %, by bootstrap.
        wilcoxon_p: of the signed ranks (Wilcoxon, Biometrics Bulletin 1, 80, 1945), two-sided; NaN for
            a single one.
        t_p: of Student's t, two-sided; NaN for a single one.
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


def mean_p(gains: Sequence[np.ndarray]) -> float:
    """The same of the mean over neurons, and of the mean of session means where there are several.

    Neurons are shifted together, so it holds however much they have in common.

    Args:
        gains: of each session, the score and then every shift, shape (1 + shifts, neurons) each.
    """
    score, *shifts = np.mean([of_session.mean(1) for of_session in gains], axis=0)
    return float(rank_p(score, np.array(shifts)))


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


def session_interval(sessions: Sequence[np.ndarray], seed: int) -> tuple[float, float]:
    """Bounds of the mean at 95 %: over sessions where there are several, else over neurons.

    Args:
        sessions: values of each session's neurons, shape (neurons,) each.
        seed: of the draws.
    """
    return bootstrap_interval(_drawn(sessions)[1], seed)


def session_mean(sessions: Sequence[np.ndarray]) -> float:
    """Mean of the session means."""
    return float(np.mean([values.mean() for values in sessions]))


def paired_test(differences: Sequence[np.ndarray], seed: int) -> PairedTest:
    """Test differences between two models, of the same neurons.

    Args:
        differences: of each session's neurons, shape (neurons,) each.
        seed: of the bootstrap.
    """
    from scipy.stats import ttest_1samp, wilcoxon

    over, values = _drawn(differences)
    low, high = bootstrap_interval(values, seed)
    some = len(values) > 1 and bool(np.ptp(values) > 0)
    return PairedTest(
        over=over,
        n=len(values),
        mean=float(values.mean()),
        low=low,
        high=high,
        wilcoxon_p=float(wilcoxon(values).pvalue) if some else float("nan"),
        t_p=float(ttest_1samp(values, 0.0).pvalue) if some else float("nan"),
    )


def _drawn(sessions: Sequence[np.ndarray]) -> tuple[str, np.ndarray]:
    if len(sessions) >= LEAST_SESSIONS:
        return "sessions", np.array([values.mean() for values in sessions])
    return "neurons", np.asarray(sessions[0])
