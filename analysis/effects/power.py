"""How many animals would show an effect: the sample size of a paired t test.

animals_needed(0.8)                 # 15 animals at 80 % power
animals_needed(np.array([0.5, 0.0, np.nan]))

The power is that of Student's t with n − 1 degrees of freedom and noncentrality d·√n (Cohen, Statistical
power analysis for the behavioral sciences, 1988, chapter 2).
"""

import numpy as np

MOST_ANIMALS = 1000
"""More are given as infinite."""


def paired_power(d: np.ndarray | float, n: np.ndarray | int, alpha: float = 0.05) -> np.ndarray:
    """Power of the two-sided paired t test.

    Args:
        d: mean difference over its standard deviation between animals.
        n: animals, 2 or more.
        alpha: level of the test.

    >>> float(paired_power(0.8, 15).round(3))
    0.821
    """
    from scipy.stats import nct, t

    d, n = np.abs(np.asarray(d, float)), np.asarray(n)
    bound = t.ppf(1 - alpha / 2, n - 1)
    shift = d * np.sqrt(n)
    # scipy gives NaN for the other tail where it is smaller than about 1e-20
    return nct.sf(bound, n - 1, shift) + np.nan_to_num(nct.cdf(-bound, n - 1, shift))


def animals_needed(d: np.ndarray | float, power: float = 0.8, alpha: float = 0.05) -> np.ndarray:
    """Smallest number of animals with which a paired t test has a power.

    Args:
        d: mean difference over its standard deviation between animals, any shape.
        power, alpha: of the test.

    Returns:
        the same shape, float; infinite above `MOST_ANIMALS`, NaN where d is.

    >>> animals_needed(np.array([0.8, -0.8, 0.0])).tolist()
    [15.0, 15.0, inf]
    """
    d = np.asarray(d, float)
    # beyond this, two animals are enough, and the noncentral t has no digits left
    size = np.minimum(np.abs(np.where(np.isnan(d), 0.0, d)), 100.0)
    low, high = np.full(d.shape, 1), np.full(d.shape, MOST_ANIMALS + 1)
    while (high - low > 1).any():
        middle = (low + high) // 2
        enough = paired_power(size, np.maximum(middle, 2), alpha) >= power
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    found = np.where(high > MOST_ANIMALS, np.inf, np.maximum(high, 2).astype(float))
    return np.where(np.isnan(d), np.nan, found)
