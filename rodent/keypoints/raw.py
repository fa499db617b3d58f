"""Keypoints as stored in a file, before conversion."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from rodent.arrays import numbers
from rodent.errors import InputError, unknown

MOST_ANIMALS = 100
"""Animals in one file; an axis that is longer, or longer than that of the frames, is another."""


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
    frame_numbers: np.ndarray | None = None
    """Number of each frame in the video, or its time in milliseconds; shape (frames,)."""


@dataclasses.dataclass(frozen=True)
class Layout:
    """How an array of positions is read."""

    orders: Sequence[str]
    """Orders that its axes may have, a letter per axis: f frames, k keypoints, c coordinates, a animals."""
    count: int | None = None
    """Number of keypoints, if known; 0 is unknown, too."""
    animal: str | None = None
    """Animal that is read: its name, or its number from 1 on."""
    animals: tuple[str, ...] = ()
    """Names of the animals, if the file has them."""


def in_order(array: Any, layout: Layout, what: str) -> np.ndarray:
    """Positions as (frames, K, 3), whatever the order of their axes.

    Of several orders that are possible, the one with the expected number of keypoints is taken.

    Args:
        array: the positions.
        layout: the orders that are possible.
        what: name in messages.

    Raises:
        InputError: no numbers, no such shape, several animals of which none is chosen, points of two
            coordinates, or more than one order is possible.

    >>> in_order(np.zeros((100, 1, 3, 23)), Layout(("fck", "fack")), "pred").shape
    (100, 23, 3)
    """
    array = numbers(array, what)
    if 0 in array.shape:
        raise InputError(f"{what} has shape {array.shape}: it is empty")
    fitting = [order for order in layout.orders if _fits(array.shape, order, coordinates=3)]
    if not fitting:
        if any(_fits(array.shape, order, coordinates=2) for order in layout.orders):
            raise InputError(
                f"{what} has shape {array.shape}: points of two coordinates, as one camera sees them; "
                "triangulate them first"
            )
        expected = " or ".join(_shape_in_words(order, layout.count) for order in layout.orders)
        raise InputError(f"{what} has shape {array.shape}; {expected} is expected")
    order = _order(array.shape, fitting, layout.count, what)
    if "a" not in order:
        require_animal(layout.animal, ("1",), what)
        return np.einsum(f"{order}->fkc", array)
    animals = array.shape[order.index("a")]
    names = layout.animals if len(layout.animals) == animals else tuple(map(str, range(1, animals + 1)))
    chosen = names.index(require_animal(layout.animal, names, f"{what} has shape {array.shape}, which"))
    return np.einsum(f"{order.replace('a', '')}->fkc", array.take(chosen, axis=order.index("a")))


def confidence_of(array: Any, points: np.ndarray, layout: Layout, what: str) -> np.ndarray:
    """Confidences as (frames, K), of the animal that is read.

    Args:
        array: shape (frames, K) or (frames, animals, K).
        points: positions of the animal, shape (frames, K, 3).
        layout: as for the positions.
        what: name in messages.

    Raises:
        InputError: no numbers, or of another shape.
    """
    array, shape = numbers(array, what), points.shape[:2]
    if array.ndim == 3 and (array.shape[0], array.shape[2]) == shape:
        names = layout.animals or tuple(map(str, range(1, array.shape[1] + 1)))
        array = array[:, names.index(require_animal(layout.animal, names, what))]
    elif array.shape != shape and np.squeeze(array).shape == shape:
        array = np.squeeze(array)
    if array.shape != shape:
        raise InputError(f"{what} has shape {array.shape}; {shape} is expected")
    return array


def require_animal(given: str | None, names: Sequence[str], what: str) -> str:
    """Name of the animal to read.

    Args:
        given: by the user; None if there is only one.
        names: of the animals in the file.
        what: has them, for messages.

    Raises:
        InputError: there are several animals and none is given, or there is none of this name.
    """
    if given is None and len(names) == 1:
        return names[0]
    if given is None:
        raise InputError(
            f"{what} has {len(names)} animals: {', '.join(names)}; choose one, such as --animal {names[0]}"
        )
    if given not in names:
        raise unknown("animal", given, names, f"{what} (--animal)")
    return given


def names_of(values: Any) -> tuple[str, ...]:
    """Text, or an array of texts, as names."""
    flat = np.atleast_1d(values).ravel()
    return tuple(v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in flat)


def word_of(value: Any) -> str:
    """A single text, empty if there is none."""
    return next(iter(names_of(value)), "")


def _order(shape: tuple[int, ...], fitting: list[str], count: int | None, what: str) -> str:
    """The one order that the axes have."""
    counted = [order for order in fitting if shape[order.index("k")] == count] or fitting
    # of two readings, one without a further animal is right
    alone = [order for order in counted if "a" not in order or shape[order.index("a")] == 1] or counted
    if len(alone) > 1:
        readings = " or ".join(_shape_in_words(order, count) for order in alone)
        raise InputError(f"{what} has shape {shape}, which may be {readings}; save it as npz")
    return alone[0]


def _fits(shape: tuple[int, ...], order: str, coordinates: int) -> bool:
    if len(shape) != len(order) or shape[order.index("c")] != coordinates:
        return False
    return "a" not in order or shape[order.index("a")] <= min(MOST_ANIMALS, shape[order.index("f")])


def _shape_in_words(order: str, count: int | None) -> str:
    words = {"f": "frames", "k": str(count) if count else "keypoints", "c": "3", "a": "animals"}
    return f"({', '.join(words[axis] for axis in order)})"
