"""A session and its mirror image as one ring, turned: time shifts that keep slow drift as it is.

    turn = random_turn(random, n_rows=9000, least=1000)
    null = counts[turned(9000, turn)]

A ring has no seam, and turning it keeps the spectrum of whatever drifts on it; that a session
ends where its mirror image begins is what closes the ring. Shifts within blocks would keep
neither: they break drift at every edge, and take from it what is slower than a block, so that
drift itself earns more than such a null.

Between the ends some rows come twice, once in reverse, in place of as many others. Where the order
is reversed, one row meets itself: of what depends on the features from moment to moment the null
keeps so much.
"""

import numpy as np


def random_turn(random: np.random.Generator, n_rows: int, least: int) -> int:
    """By how many rows to turn: the least at least, either way round; needs as many rows."""
    return int(random.integers(least, 2 * n_rows - least, endpoint=True))


def turned(n_rows: int, turn: int) -> np.ndarray:
    """Indices of the rows that stand where the session stood, shape (n_rows,)."""
    rows = np.arange(n_rows)
    return np.roll(np.concatenate([rows, rows[::-1]]), turn)[:n_rows]
