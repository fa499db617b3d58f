"""Terms of the pose fit for paws above a floor at height 0.

    weights, depths, cost = above_floor(paws, 0.0005)          # no point of a paw is below the floor
    lowest = on_floor(paws, stance, 0.0015)                    # a standing paw touches it
    weights, errors, cost = in_place(paws, stance, 0.003)      # and rests where it is on average

`paws` are the positions of 14 points, metres, shape (n, 14, 3): two or three along each finger and toe, and
the heels.
"""

from typing import NamedTuple

import numpy as np

from rodent.registration.stance import Stance

_POINTS = (  # body of the left side, place in its frame and least height, metres at scale 1
    ("hand", (0.003, 0.0015, -0.0083), 0.002),  # bases and pads of fingers and toes: the sites of the MJCF
    ("foot", (0.0211, 0.0076, -0.0028), 0.002),
    ("finger", (0.005, 0.002, -0.002), 0.002),
    ("toe", (0.008, 0.002, -0.002), 0.002),
    ("finger", (0.0078, 0.0025, 0.0), 0.0018),  # the tips: the far ends of the capsules
    ("toe", (0.0152, 0.004, 0.0), 0.0024),
    ("foot", (-0.0034, -0.002, -0.0023), 0.0032),  # the heel
)
PAWS = tuple(f"{body}_{side}" for body, _, _ in _POINTS for side in "LR")
"""The bodies of the points."""
OFFSETS = np.array([np.multiply(at, (1, sign, 1)) for _, at, _ in _POINTS for sign in (1, -1)])
"""The points in the frames of their bodies at scale 1, metres, shape (14, 3)."""
PADS = slice(4, 8)
"""The points that rest in their places, in the order of PAW_NAMES."""
_HEIGHTS = np.repeat([height for _, _, height in _POINTS], 2)
# which points belong to each paw
_OF_PAWS = np.array(
    [
        [name in (f"{end}_{side}", f"{tip}_{side}") for name in PAWS]
        for end, tip in (("hand", "finger"), ("foot", "toe"))
        for side in "LR"
    ]
)
_SMOOTH = 0.0005  # metres; points that are about as low as the lowest one count, too
# standard deviations off the floor, or off its place, at which a paw is pulled with a quarter of the weight
_REACH, _SLIP = 15.0, 3.0


class Lowest(NamedTuple):
    """The lowest points of the four paws, which stand on the floor."""

    parts: np.ndarray
    """Part of every point in the lowest one, along every axis, shape (4, n, 14, 3)."""
    weights: np.ndarray
    """Shape (n, 4)."""
    errors: np.ndarray
    """By which the lowest points should rise, metres, shape (n, 4)."""
    cost: np.ndarray
    """Shape (n,)."""


def above_floor(paws: np.ndarray, spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights and depths of the points below the floor, (n, 14) each, and costs (n,).

    Args:
        paws: metres, shape (n, 14, 3).
        spread: standard deviation of a depth, metres.
    """
    depth = np.maximum(_HEIGHTS - paws[..., 2], 0.0)
    return (depth > 0) / spread**2, depth, np.sum(depth**2, axis=1) / spread**2


def on_floor(paws: np.ndarray, stance: Stance, spread: float) -> Lowest:
    """The lowest point of a standing paw is on the floor.

    Args:
        paws: metres, shape (n, 14, 3).
        stance: paws that stand.
        spread: standard deviation of the height, metres.
    """
    clear = np.where(_OF_PAWS, (paws[..., 2] - _HEIGHTS)[:, None], np.inf)
    # a smooth minimum: a paw that rolls does not jump from one point to the next
    least = clear.min(axis=-1)
    part = np.exp((least[..., None] - clear) / _SMOOTH)
    total = part.sum(axis=-1)
    height = least - _SMOOTH * np.log(total)
    parts = np.zeros((len(_OF_PAWS), *paws.shape))
    parts[..., 2] = (part / total[..., None]).swapaxes(0, 1)
    error = np.where(stance.standing, -height, 0.0)
    weight, cost = _robust(error[..., None], stance.standing, spread, _REACH)
    return Lowest(parts, weight, error, cost)


def in_place(paws: np.ndarray, stance: Stance, spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (n, 4, 1) and errors (n, 4, 2) of the pads of standing paws on the floor plan, and costs (n,).

    Args:
        paws: metres, shape (n, 14, 3).
        stance: paws that stand.
        spread: standard deviation along x and y, metres.
    """
    known = stance.standing & np.isfinite(stance.place[..., 0])
    away = np.where(known[..., None], stance.place - paws[:, PADS, :2], 0.0)
    weight, cost = _robust(away, known, spread, _SLIP)
    return weight[..., None], away, cost


def _robust(
    error: np.ndarray, there: np.ndarray, spread: float, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (n, 4), costs (n,) of errors (n, 4, axes), downweighted beyond `reach` (Geman and McClure)."""
    square = np.sum((error / spread) ** 2, axis=-1) / reach**2
    return there / (1 + square) ** 2 / spread**2, np.sum(square / (1 + square), axis=1) * reach**2
