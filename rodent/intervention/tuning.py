"""How units are modulated by a variable of behaviour.

found = tuning(activity, speed)                          # (frames, units), (frames,)
found.explained                                          # fraction of variance, (units,)
tuning(activity, phase, circular=True).phase             # preferred phase in cycles, (units,)
"""

from typing import NamedTuple

import numpy as np

BINS = 20
"""Of a tuning curve."""


class Tuning(NamedTuple):
    """Modulation of units by a variable.

    Attributes:
        explained: fraction of the variance that the tuning curve explains, shape (units,); 0 for a unit that
            does not vary.
        phase: of a circular variable, the phase of the curve's circular mean, in cycles from 0 to 1, shape
            (units,); NaN for a unit that does not vary, and of other variables.
    """

    explained: np.ndarray
    phase: np.ndarray


def tuning(activity: np.ndarray, variable: np.ndarray, *, circular: bool = False) -> Tuning:
    """The tuning of units.

    The curve is the mean activity in bins of the variable: of equal numbers of frames, or of equal width for
    a phase. The fraction of variance that it explains is the squared correlation ratio, eta² (Fisher,
    Statistical Methods for Research Workers, 1925). The preferred phase is the direction of the curve's first
    circular moment (Fisher, Statistical Analysis of Circular Data, 1993).

    Args:
        activity: shape (frames, units).
        variable: shape (frames,); frames in which it is NaN do not count.
        circular: whether it is a phase, in cycles.
    """
    valid = np.isfinite(variable)
    values, x = np.asarray(activity, float)[valid], variable[valid]
    none = np.zeros(activity.shape[1])
    if len(x) < 2 * BINS:
        return Tuning(none, none * np.nan)
    if circular:
        places = np.floor(BINS * np.mod(x, 1.0)).astype(int) % BINS
    else:
        inner = np.quantile(x, np.arange(1, BINS) / BINS)
        places = np.searchsorted(inner, x, side="right")
    counts = np.bincount(places, minlength=BINS)
    members = np.zeros((BINS, len(x)))
    members[places, np.arange(len(x))] = 1.0
    centred = values - values.mean(0)
    curve = members @ centred / np.maximum(counts, 1)[:, None]
    total = (centred**2).sum(0)
    varies = total > 1e-12 * len(x)
    explained = np.where(varies, counts @ curve**2 / np.where(varies, total, 1.0), 0.0)
    if not circular:
        return Tuning(explained, none * np.nan)
    moment = np.exp(2j * np.pi * (np.arange(BINS) + 0.5) / BINS) @ curve
    return Tuning(explained, np.where(varies, np.mod(np.angle(moment) / (2 * np.pi), 1.0), np.nan))
