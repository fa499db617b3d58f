"""Axes of a file: the option --axes as a matrix.

matrix = axes_matrix("x,-z,y")          # of a file whose y axis points up
points @ matrix.T                       # with z up
axes_named(matrix)                      # 'x,-z,y'
"""

import numpy as np

from rodent.errors import InputError


def axes_matrix(text: str) -> np.ndarray:
    """The matrix that maps a file's coordinates to x, y and z, shape (3, 3).

    Args:
        text: the file's axes that become x, y and z, each with an optional minus.

    Raises:
        InputError: these are not three different axes.

    >>> axes_matrix("x,-z,y") @ [1.0, 2.0, 3.0]
    array([ 1., -3.,  2.])
    """
    words = [word.strip() for word in text.split(",")]
    letters = [word.removeprefix("-") for word in words]
    if sorted(letters) != list("xyz"):
        raise InputError(
            f"axes are {text!r}; x, y and z are expected, each once, with or without a minus, as in x,-z,y"
        )
    signs = [-1.0 if word.startswith("-") else 1.0 for word in words]
    return np.array(signs)[:, None] * np.eye(3)[["xyz".index(letter) for letter in letters]]


def axes_named(matrix: np.ndarray) -> str:
    """The inverse of `axes_matrix`.

    >>> axes_named(axes_matrix("x, -z, y"))
    'x,-z,y'
    """
    columns = np.abs(matrix).argmax(axis=1)
    return ",".join(("-" if row[at] < 0 else "") + "xyz"[at] for row, at in zip(matrix, columns, strict=True))
