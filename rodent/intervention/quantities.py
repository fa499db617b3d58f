"""Numbers with units in specifications: amounts, times, fractions.

amount("2 sd")           # (2.0, True): in standard deviations of the unit
amount(0.5)              # (0.5, False): in the values of the unit
steps("20 ms", 0.01)     # 2
steps("3 frames", 0.01)  # 3
fraction("30%")          # 0.3
"""

import math
import re

from rodent.errors import InputError

Amount = float | str
"""A number in the values of a unit, or a text such as `2 sd`, in its standard deviations."""
Time = float | str
"""Seconds, or a text such as `1 s`, `20 ms` or `50 frames`; a frame is a control step."""
Fraction = float | str
"""A number from 0 to 1, or a text such as `30%`."""

_SECONDS = {"s": 1.0, "ms": 1e-3}
_FRAMES = ("frame", "frames", "step", "steps")


def amount(value: Amount) -> tuple[float, bool]:
    """The number, and whether it is in standard deviations.

    Raises:
        InputError: it is no finite number, or has another unit.

    >>> amount("-1.5 sd"), amount(3)
    ((-1.5, True), (3.0, False))
    """
    number, unit = _split(value, "an amount", "a number, or a number and sd, as in 2 sd")
    if unit not in ("", "sd"):
        raise InputError(f"amount {value!r} has the unit {unit!r}; expected none, or sd")
    return number, unit == "sd"


def steps(time: Time, timestep: float) -> int:
    """A time as the nearest number of control steps.

    Args:
        time: in seconds, milliseconds or frames.
        timestep: of control, s.

    >>> steps(0.5, 0.02), steps("frame 7", 0.02), steps("40 ms", 0.02)
    (25, 7, 2)
    """
    number, unit = _time(time)
    return round(number) if unit in _FRAMES else round(number * _SECONDS[unit or "s"] / timestep)


def seconds(time: Time, timestep: float) -> float:
    """A time in seconds; frames last a control step."""
    number, unit = _time(time)
    return number * (timestep if unit in _FRAMES else _SECONDS[unit or "s"])


def check_time(time: Time, what: str, *, positive: bool = False) -> None:
    """Refuse a text that is no time.

    Raises:
        InputError: it is not, or is negative; or it is 0 and must be positive.
    """
    number, _ = _time(time)
    if number < 0 or (positive and number == 0):
        raise InputError(f"{what} is {time!r}; it must {'be above 0' if positive else 'not be negative'}")


def fraction(value: Fraction, what: str = "fraction") -> float:
    """A fraction from 0 to 1.

    Raises:
        InputError: it is none.

    >>> fraction("25%"), fraction(0.5)
    (0.25, 0.5)
    """
    text = str(value).strip()
    number, unit = _split(text, f"a {what}", "a number from 0 to 1, or as 30%")
    number = number / 100 if unit == "%" else number
    if unit not in ("", "%") or not 0 <= number <= 1:
        raise InputError(f"{what} {value!r} is not between 0 and 1; expected a number such as 0.3, or 30%")
    return number


def _time(time: Time) -> tuple[float, str]:
    text = str(time).strip()
    if found := re.fullmatch(r"(?:frame|step)\s+(\S+)", text):
        text = f"{found[1]} frames"
    number, unit = _split(text, "a time", "as in 1 s, 20 ms, or 50 frames")
    if unit and unit not in (*_SECONDS, *_FRAMES):
        raise InputError(f"time {time!r} has the unit {unit!r}; expected s, ms or frames")
    return number, unit


def _split(value: float | str, what: str, expected: str) -> tuple[float, str]:
    """The number and the unit after it, empty for none."""
    text = str(value).strip()
    found = re.fullmatch(r"([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*([A-Za-z%]*)", text)
    try:
        number = float(found[1]) if found else math.nan
    except ValueError:
        number = math.nan
    if found is None or not math.isfinite(number):
        raise InputError(f"{value!r} is not {what}; expected {expected}")
    return number, found[2]
