"""The unit of length of a file, checked against the size of a rat."""

from pathlib import Path

import numpy as np

from rodent.errors import InputError, unknown

METRES: dict[str, float] = {"mm": 1e-3, "cm": 1e-2, "m": 1.0}
WORDS = {"mm": "millimetres", "cm": "centimetres", "m": "metres"}

# metres between the two keypoints farthest apart. An adult rat measures about 0.2 m from snout to tail
# base and twice that to the tip of its tail; the body of a pup or the head alone still spans 0.05 m. In
# these limits no two of the units can be taken for one another.
RAT_SPAN = (0.05, 0.5)
SAMPLE = 200  # frames that the size is taken from


def metres_per_unit(points: np.ndarray, given: str | None, stated: str | None, path: Path) -> float:
    """Length of one unit of the file, metres.

    Args:
        points: positions as stored, shape (frames, K, 3).
        given: unit given by the user, with precedence over the file.
        stated: unit as written in the file.
        path: the file, for messages.

    Raises:
        InputError: the unit is unknown, or the animal would not have the size of a rat; the message
            suggests the unit that fits.
    """
    if given is not None and unit_named(given) is None:
        raise unknown("unit", given, METRES)
    span = body_span(points)
    if np.isnan(span):
        raise InputError(f"{path}: no frame has two keypoints, so that the size of the animal is not known")
    fitting = [unit for unit, metres in METRES.items() if RAT_SPAN[0] <= span * metres < RAT_SPAN[1]]
    looks = f"these look like {WORDS[fitting[0]]}: pass --units {fitting[0]}" if fitting else "no unit fits"
    unit = unit_named(given or stated or "")
    if unit is None:
        says = "does not say its units" if stated is None else f"gives its unit as {stated!r}, no length"
        raise InputError(f"{path} {says}; its farthest keypoints are {span:.4g} apart, {looks}")
    if unit not in fitting:
        whose = "the file says" if given is None else "--units says"
        raise InputError(
            f"{path}: in {WORDS[unit]}, as {whose}, its farthest keypoints would be "
            f"{span * METRES[unit]:.4g} m apart; {RAT_SPAN[0]:g} to {RAT_SPAN[1]:g} m is a rat; {looks}"
        )
    return METRES[unit]


def unit_named(text: str) -> str | None:
    """The unit that a word means, None if it is none of them.

    >>> [unit_named(word) for word in ("mm", "Millimeters", "metre", "pixels")]
    ['mm', 'mm', 'm', None]
    """
    word = text.strip().lower().replace("meter", "metre")
    return next((unit for unit, name in WORDS.items() if word in (unit, name, name.removesuffix("s"))), None)


def body_span(points: np.ndarray) -> float:
    """Distance between the two farthest keypoints of a frame, in the points' unit.

    The median over at most 200 frames spread evenly over those with two keypoints; NaN if
    there are none.

    Args:
        points: shape (frames, K, 3), NaN where missing.
    """
    points = np.where(np.isfinite(points).all(axis=-1, keepdims=True), points, np.nan)
    shown = np.flatnonzero((~np.isnan(points[..., 0])).sum(axis=1) >= 2)
    if not len(shown):
        return np.nan
    sample = points[shown[np.linspace(0, len(shown) - 1, min(len(shown), SAMPLE)).astype(int)]]
    with np.errstate(over="ignore"):
        distance = np.linalg.norm(sample[:, :, None] - sample[:, None], axis=-1)
    return float(np.median(np.nanmax(distance, axis=(1, 2))))
