"""Keypoints as stored in a file, before conversion."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from rodent.arrays import numbers
from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class RawKeypoints:
    """The contents of a file; None where the file does not state a value."""

    points: np.ndarray
    """Positions in the file's unit, shape (frames, K, 3)."""
    names: tuple[str, ...] | None = None
    units: str | None = None
    """The unit of length, as written in the file."""
    fps: float | None = None
    """Frames per second."""
    times: np.ndarray | None = None
    """Timestamps in seconds, shape (frames,)."""
    confidence: np.ndarray | None = None
    """Shape (frames, K)."""


def in_order(array: Any, orders: Sequence[str], count: int | None, what: str) -> np.ndarray:
    """Positions as (frames, K, 3), whatever the order of their axes.

    Args:
        array: the positions of one animal.
        orders: the orders they may come in, a letter per axis: f frames, k keypoints, c
            coordinates, a animals. Which one it is shows in the sizes of the axes.
        count: number of keypoints, if known.
        what: name in messages.

    Raises:
        InputError: no numbers, no such shape, several animals, points of two coordinates, or
            more than one order is possible.

    >>> in_order(np.zeros((100, 1, 3, 23)), ("fck", "fack"), None, "pred").shape
    (100, 23, 3)
    """
    array = numbers(array, what)
    fitting = [order for order in orders if _fits(array.shape, order, count, coordinates=3)]
    if not fitting:
        if any(_fits(array.shape, order, count, coordinates=2) for order in orders):
            raise InputError(
                f"{what} has shape {array.shape}: points of two coordinates, as one camera sees them; "
                "triangulate them first"
            )
        expected = " or ".join(_shape_in_words(order, count) for order in orders)
        raise InputError(f"{what} has shape {array.shape}; {expected} is expected")
    alone = [order for order in fitting if "a" not in order or array.shape[order.index("a")] == 1]
    if not alone:
        animals = array.shape[fitting[0].index("a")]
        raise InputError(f"{what} has shape {array.shape}: {animals} animals; save each in a file of its own")
    if len(alone) > 1:
        readings = " or ".join(_shape_in_words(order, count) for order in alone)
        raise InputError(f"{what} has shape {array.shape}, which may be {readings}; save it as npz")
    return np.einsum(f"{alone[0]}->fkc", array)


def names_of(values: Any) -> tuple[str, ...]:
    """Text, or an array of texts, as names."""
    flat = np.atleast_1d(values).ravel()
    return tuple(v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in flat)


def word_of(value: Any) -> str:
    """A single text, empty if there is none."""
    return next(iter(names_of(value)), "")


def _fits(shape: tuple[int, ...], order: str, count: int | None, coordinates: int) -> bool:
    if len(shape) != len(order):
        return False
    return shape[order.index("c")] == coordinates and count in (None, shape[order.index("k")])


def _shape_in_words(order: str, count: int | None) -> str:
    words = {"f": "frames", "k": "keypoints" if count is None else str(count), "c": "3", "a": "1"}
    return f"({', '.join(words[axis] for axis in order)})"
