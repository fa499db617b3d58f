"""Maps from the activity of one network to that of another, fitted where both do the same.

there = alignment("procrustes", x, y)               # (frames, p), (frames, q)
x @ there.matrix + there.shift                      # as y
"""

from typing import Literal, NamedTuple

import numpy as np

from rodent.errors import InputError

Align = Literal["none", "procrustes", "regression"]


class Alignment(NamedTuple):
    """An affine map.

    Attributes:
        matrix: shape (p, q).
        shift: shape (q,).
    """

    matrix: np.ndarray
    shift: np.ndarray


def unaligned(units: int) -> Alignment:
    """The map that changes nothing."""
    return Alignment(np.eye(units), np.zeros(units))


def alignment(kind: Align, x: np.ndarray, y: np.ndarray) -> Alignment:
    """The map from the activity of one network to that of another.

    `procrustes` is a rotation or reflection and a shift: the orthogonal Procrustes problem (Schönemann,
    Psychometrika 31, 1-10, 1966), whose matrix has orthonormal rows or columns where the numbers of units
    differ. It keeps distances, so it needs few frames. `regression` is a linear regression with intercept,
    the best affine map, of the smallest norm.

    Args:
        kind: of the map.
        x, y: activity in the same frames, shapes (frames, p) and (frames, q).

    Raises:
        InputError: there are too few frames.
    """
    if kind == "none":
        return unaligned(x.shape[1])
    least = 2 if kind == "procrustes" else x.shape[1] + 1
    if len(x) < least:
        raise InputError(
            f"align {kind} of {x.shape[1]} units needs {least} frames at least, in which both policies track "
            f"the clips; there are {len(x)}"
        )
    mean_x, mean_y = x.mean(0), y.mean(0)
    if kind == "procrustes":
        u, _, vt = np.linalg.svd((x - mean_x).T @ (y - mean_y), full_matrices=False)
        matrix = u @ vt
    else:
        matrix = np.linalg.lstsq(x - mean_x, y - mean_y)[0]
    return Alignment(matrix, mean_y - mean_x @ matrix)
