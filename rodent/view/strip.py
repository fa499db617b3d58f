"""Activity of a layer's units as an image: time on the x axis, a row for each unit."""

import numpy as np
from PIL import Image

SIZE = (480, 240)
"""Width and height, pixels."""

# sRGB: from a unit's minimum to its maximum; not simulated yet; the current time
_RAMP = np.array([(252, 252, 253), (196, 214, 236), (98, 146, 205), (30, 72, 140), (12, 24, 64)], float)
_UNKNOWN = (226, 227, 230)
_PRESENT = (224, 60, 40)
_RANGE = (1, 99)  # percentiles of a unit's activity at the ends of the colour scale


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


def mark(picture: np.ndarray, part: float) -> np.ndarray:
    """A copy with a line at the present: `part` of the way from the left, 0 to 1."""
    marked = picture.copy()
    column = min(int(part * picture.shape[1]), picture.shape[1] - 2)
    marked[:, column : column + 2] = _PRESENT
    return marked


def _resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Float32 values (rows, columns) as (height, width): means where it shrinks, else repeats."""
    return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BOX))
