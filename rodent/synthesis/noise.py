"""Smooth random signals.

smooth_noise(rng, frames=250, columns=3, knot=50)      # changes within a second at 50 Hz
"""

import numpy as np
from scipy.interpolate import CubicSpline

_WIDEST = 2.0  # standard deviations at which it is clipped


def smooth_noise(rng: np.random.Generator, frames: int, columns: int, knot: float) -> np.ndarray:
    """Noise of about unit deviation, a cubic spline through normal draws; shape (frames, columns).

    Args:
        rng: source of randomness.
        frames: number of frames.
        columns: number of independent signals.
        knot: frames between two normal draws.
    """
    knots = max(4, int(np.ceil(frames / knot)) + 1)
    drawn = CubicSpline(np.arange(knots) * knot, rng.normal(size=(knots, columns)))(np.arange(frames))
    return np.clip(drawn, -_WIDEST, _WIDEST)
