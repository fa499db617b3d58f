"""Numbers from a file as float64 arrays, or an error that names them.

qpos = numbers(file["qpos"][()], "clips.h5: qpos")
fps = number(file.attrs["fps"], "clips.h5: fps")
"""

from typing import Any

import numpy as np

from rodent.errors import InputError
from rodent.files import one_line


def numbers(values: Any, what: str) -> np.ndarray:
    """Values as float64, or an error that names them."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiu":
            raise TypeError(f"its type is {array.dtype}")
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{what} is not an array of numbers: {one_line(error)}") from error


def number(value: Any, what: str) -> float:
    """A single number, or an error that names it."""
    array = numbers(value, what)
    if array.size != 1:
        raise InputError(f"{what} has shape {array.shape}; a single number is expected")
    return float(array.reshape(()))
