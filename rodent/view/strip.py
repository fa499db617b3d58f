"""Activity of a layer's units as a chart: time on the x axis, a row for each unit."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = (520, 300)
"""Width and height of a chart, pixels."""

# sRGB: from a unit's minimum to its maximum; not simulated yet; the current time; text; paper
_RAMP = np.array([(252, 252, 253), (196, 214, 236), (98, 146, 205), (30, 72, 140), (12, 24, 64)], float)
_UNKNOWN = (226, 227, 230)
_PRESENT = (224, 60, 40)
_INK, _PAPER = (60, 62, 66), (255, 255, 255)
_RANGE = (1, 99)  # percentiles of a unit's activity at the ends of the colour scale

_TOP, _BOTTOM, _RIGHT, _TEXT, _GAP, _TICK = 20, 38, 14, 12, 4, 4  # pixels
_TIME_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)  # seconds between ticks
_TIME_TICKS = 6  # at most
_UNIT_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
Box = tuple[int, int, int, int]
"""Left, top, right and bottom edge of the part of a chart that shows activity, pixels."""


def strip(activity: np.ndarray, size: tuple[int, int] = SIZE) -> np.ndarray:
    """The picture of some activity, each unit on a scale of its own.

    Args:
        activity: shape (columns, units); a column of NaN is not known yet.
        size: of the picture: width and height, pixels.

    Returns:
        uint8, shape (height, width, 3). Where there are more units than rows of pixels, a row
        shows the mean of neighbours.
    """
    known = np.asarray(np.isfinite(activity).all(axis=1))
    shade = np.zeros(activity.shape, np.float32)
    if known.any():
        low, high = np.percentile(activity[known], _RANGE, axis=0)
        # a unit that never changes is pale
        span = np.where(high > low, high - low, np.inf)
        shade[known] = np.clip((activity[known] - low) / span, 0.0, 1.0)
    shade = _resized(shade.T, size)
    steps = np.arange(len(_RAMP)) / (len(_RAMP) - 1)
    picture = np.stack([np.interp(shade, steps, channel) for channel in _RAMP.T], axis=-1)
    unknown = _resized(1.0 - known[None].astype(np.float32), (size[0], 1))[0] > 0.5
    picture[:, unknown] = _UNKNOWN
    return picture.round().astype(np.uint8)


def chart(
    activity: np.ndarray, seconds: float, units: Sequence[str], title: str, size: tuple[int, int] = SIZE
) -> tuple[np.ndarray, Box]:
    """A strip with axes: time in seconds, and the names of units.

    Args:
        activity: shape (columns, units), see `strip`.
        seconds: duration of the motion.
        units: names of the units; as many as fit are written.
        title: of the chart.
        size: width and height, pixels.

    Returns:
        uint8, shape (height, width, 3), and the box of the strip in it.
    """
    font = ImageFont.load_default(_TEXT)
    sheet = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(sheet)
    widest = max(int(pen.textlength(name, font)) for name in units)
    box = left, top, right, bottom = (widest + _TICK + 2 * _GAP, _TOP, size[0] - _RIGHT, size[1] - _BOTTOM)
    sheet.paste(Image.fromarray(strip(activity, (right - left, bottom - top))), (left, top))
    pen.rectangle((left - 1, top - 1, right, bottom), outline=_INK)
    row = (bottom - top) / len(units)
    for unit in range(0, len(units), next(step for step in _UNIT_STEPS if step * row >= _TEXT)):
        y = top + (unit + 0.5) * row
        pen.line((left - _TICK, y, left - 1, y), _INK)
        pen.text((left - _TICK - _GAP, y), units[unit], _INK, font, anchor="rm")
    step = next(step for step in _TIME_STEPS if seconds <= step * _TIME_TICKS)
    for tick in range(int(seconds / step + 1e-6) + 1):
        x = left + tick * step / seconds * (right - left)
        pen.line((x, bottom, x, bottom + _TICK), _INK)
        pen.text((x, bottom + _TICK + 1), f"{tick * step:g}", _INK, font, anchor="ma")
    pen.text(((left + right) / 2, size[1] - 2), "time (s)", _INK, font, anchor="mb")
    pen.text((left, top - _GAP), title, _INK, font, anchor="ls")
    return np.array(sheet), box


def mark(picture: np.ndarray, box: Box, part: float) -> np.ndarray:
    """A copy with a line at the present: `part` of the way through the box from the left, 0 to 1."""
    left, top, right, bottom = box
    column = min(left + int(part * (right - left)), right - 2)
    marked = picture.copy()
    marked[top:bottom, column : column + 2] = _PRESENT
    return marked


def _resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Float32 values (rows, columns) as (height, width): means where it shrinks, else repeats."""
    return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BOX))
