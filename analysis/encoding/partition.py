"""Variance partitioning: what sets of bands predict by themselves and what they share.

    scores = {subset: held_out_blocks(bins, bands[subset], settings).sum(0) for subset in subsets(3)}
    parts = commonality(scores, 3)
    parts[(0,)]                                     # unique to the first set, (neurons,)
    parts[(0, 2)]                                   # what first and third share, and the second has not

This is commonality analysis (Mood, American Educational Research Journal 8, 191, 1971; Nimon and Reio, Human
Resource Development Review 10, 329, 2011) with held-out log-likelihood in place of R². The parts sum to the
score of all sets together. A shared part is below zero where one set makes the other more useful.
"""

import itertools
from collections.abc import Mapping

import numpy as np

MOST_SETS = 5
"""Sets that can be partitioned: 31 models are regressed for them."""

Subset = tuple[int, ...]


def subsets(n: int) -> list[Subset]:
    """All subsets of n sets but the empty one, the smallest first.

    >>> subsets(2)
    [(0,), (1,), (0, 1)]
    """
    return [some for size in range(1, n + 1) for some in itertools.combinations(range(n), size)]


def commonality(scores: Mapping[Subset, np.ndarray], n: int) -> dict[Subset, np.ndarray]:
    """Unique and shared parts, from the score of every subset.

    Args:
        scores: of every subset, arrays of one shape; no features score 0.
        n: how many sets there are.

    Returns:
        for every subset what exactly its sets have in common: for a single set what only it has.

    >>> parts = commonality({(0,): np.array(3.0), (1,): np.array(2.0), (0, 1): np.array(4.0)}, 2)
    >>> {subset: float(part) for subset, part in parts.items()}
    {(0,): 2.0, (1,): 1.0, (0, 1): 1.0}
    """
    parts = {}
    for subset in subsets(n):
        others = [i for i in range(n) if i not in subset]
        total = np.zeros_like(scores[subset])
        for size in range(len(subset) + 1):
            for some in itertools.combinations(subset, size):
                together = tuple(sorted((*some, *others)))
                if together:
                    total = total - (-1) ** size * scores[together]
        parts[subset] = total
    return parts
