"""p values of many tests at once: which may be called findings.

    q = benjamini_hochberg(p)       # of those with q <= 0.05, 5 % are false on average
    p_adjusted = holm(p)            # one or more with p_adjusted <= 0.05 are false with probability 5 %

Use the first over many neurons, where some false ones among the found do no harm, and the second over a few
layers, each of which is a claim. Tests of another kind, such as those of control layers, are a family of
their own. A test that could not be made has p NaN: it stays NaN and is not counted.
"""

from collections.abc import Hashable, Sequence

import numpy as np

from rodent.errors import InputError


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """False discovery rate at which each test is still found (Benjamini and Hochberg, JRSS B 57, 289, 1995).

    It holds for independent tests and for positively dependent ones (Benjamini and Yekutieli, Annals of
    Statistics 29, 1165, 2001).

    Args:
        p: p values, NaN where there is none, any shape.

    Returns:
        q values of the same shape.

    Raises:
        InputError: a p is not between 0 and 1.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, np.nan])).round(3).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    from scipy.stats import false_discovery_control

    p, known = _checked(p)
    q = np.full(p.shape, np.nan)
    q[known] = false_discovery_control(p[known], method="bh")
    return q


def holm(p: np.ndarray, families: Sequence[Hashable] | None = None) -> np.ndarray:
    """Adjusted p values that bound the chance of any false finding (Holm, Scand. J. Statistics 6, 65, 1979).

    It holds however the tests depend on one another.

    Args:
        p: p values, NaN where there is none, any shape; one axis where families are given.
        families: which family each test belongs to, shape (tests,); each is adjusted by itself. All are one
            family if not given.

    Returns:
        adjusted p values of the same shape.

    Raises:
        InputError: a p is not between 0 and 1.

    >>> holm(np.array([0.01, 0.04, 0.03, np.nan])).round(3).tolist()
    [0.03, 0.06, 0.06, nan]
    >>> holm(np.array([0.01, 0.04, 0.03]), ["layer", "control", "layer"]).round(3).tolist()
    [0.02, 0.04, 0.03]
    """
    p, known = _checked(p)
    if families is not None:
        adjusted = np.full(p.shape, np.nan)
        for family in dict.fromkeys(families):
            own = np.array([one == family for one in families])
            adjusted[own] = holm(p[own])
        return adjusted
    values = p[known]
    order = np.argsort(values, kind="stable")
    # the smallest is multiplied by the number of tests, the next by one less, and none falls below one before
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.full(p.shape, np.nan)
    within = np.empty(len(values))
    within[order] = np.minimum(stepped, 1.0)
    adjusted[known] = within
    return adjusted


def _checked(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p = np.asarray(p, float)
    known = np.isfinite(p)
    wrong = (known & ((p < 0) | (p > 1))) | np.isinf(p)
    if wrong.any():
        raise InputError(f"a p value is {p[wrong].flat[0]:g}; p values lie between 0 and 1")
    return p, known
