"""Whether policies differ by more than chance: two halves of what was measured of each agree.

    value, p = reliability(halves, permutations=2000, seed=0)       # halves: (2, policies)

Draws of a lesion differ, and so do neurons; policies would differ by that alone. If the policies that have
most in one half also do so in the other, they differ themselves.
"""

import numpy as np

from analysis.encoding.inference import rank_p


def reliability(halves: np.ndarray, *, permutations: int, seed: int) -> tuple[float, float]:
    """Reliability of differences between policies, and its p.

    Args:
        halves: a value of every policy, from each half, shape (2, policies).
        permutations: of policies in one half.
        seed: of the permutations.

    Returns:
        correlation of the halves, as that of all of it by the formula of Spearman and Brown; one-sided p. NaN
        where all policies are equal.
    """
    first, second = halves - halves.mean(1, keepdims=True)
    size = np.sqrt((first**2).sum() * (second**2).sum())
    if not size:
        return float("nan"), float("nan")
    random = np.random.default_rng((seed, 3))
    found = float(first @ second / size)
    null = np.array([random.permutation(first) @ second / size for _ in range(permutations)])
    p = float(rank_p(found - 1e-12, null))
    return 2 * found / (1 + found) if found > -1 else float("nan"), p
