"""Which lag of the features predicts neurons best, tested for the choice among lags.

    scan = scan_lags(bins, bands, settings, lags=(-0.2, -0.1, 0.0, 0.1, 0.2))
    scan.bits_per_spike                             # (lags, neurons), less what turns gain on average
    scan.best_lag, scan.p_values                    # (neurons,)

All bands of the model stand at one lag at a time. Gains are held out and to second order, see
`analysis.encoding.rotation`; they are bounded, and do not equal the score of a full regression. The null of
the best lag is the best lag of each turn: all lags share the turns, so a rank of the greatest gain among the
greatest gains of turns holds whatever the number of lags (Westfall and Young, Resampling-based Multiple
Testing, 1993).
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from analysis.encoding.bands import Band
from analysis.encoding.bins import Bins
from analysis.encoding.inference import rank_p
from analysis.encoding.null import turned_gains
from analysis.encoding.scores import per_spike
from analysis.encoding.settings import EncodingSettings
from rodent.errors import InputError

MOST_LAGS = 101


@dataclasses.dataclass(frozen=True)
class LagScan:
    """Gains of one model at every lag.

    Attributes:
        layer: the model.
        names: of the neurons.
        lags: seconds; at 0.1 spikes are predicted from the features 0.1 s earlier.
        statistic: gains in place, and below them those of each turn, bits per spike, shape
            (lags, 1 + turns, neurons).
    """

    layer: str
    names: tuple[str, ...]
    lags: tuple[float, ...]
    statistic: np.ndarray

    @property
    def bits_per_spike(self) -> np.ndarray:
        """Gain less the mean of the turns, shape (lags, neurons)."""
        return self.statistic[:, 0] - self.statistic[:, 1:].mean(1)

    @property
    def best_lag(self) -> np.ndarray:
        """Of each neuron, seconds, shape (neurons,)."""
        return np.array(self.lags)[self.statistic[:, 0].argmax(0)]

    @property
    def p_values(self) -> np.ndarray:
        """Rank of the gain at the best lag among those of the turns at theirs, shape (neurons,)."""
        greatest = self.statistic.max(0)
        return rank_p(greatest[0], greatest[1:])

    @property
    def mean(self) -> np.ndarray:
        """Mean over neurons, in place and of each turn, shape (lags, 1 + turns)."""
        return self.statistic.mean(2)


def scan_lags(
    bins: Bins,
    bands: Sequence[Band],
    settings: EncodingSettings,
    lags: Sequence[float],
    advance: Callable[[float], None] = lambda n: None,
) -> LagScan:
    """Score a model at every lag.

    Args:
        bins: of the session, with features known at all these lags.
        bands: of the model.
        settings: of the regression; their own lags are not used.
        lags: seconds.
        advance: called with what is done, in lags.
    """
    spikes = bins.used.sum(0)
    found = []
    for lag in lags:
        at = dataclasses.replace(settings, lags=(lag,), band_lags=())
        found.append(per_spike(turned_gains(bins, bands, at, advance), spikes))
    return LagScan("+".join(band.name for band in bands), bins.names, tuple(lags), np.stack(found))


def read_lags(text: str) -> tuple[float, ...]:
    """The lags of `-0.5:0.5:0.1`: first, last, and step, seconds.

    Raises:
        InputError: it is no such text, or there are too many lags.

    >>> read_lags("-0.2:0.2:0.1")
    (-0.2, -0.1, 0.0, 0.1, 0.2)
    """
    try:
        first, last, step = (float(part) for part in text.split(":"))
    except ValueError:
        first = last = step = float("nan")
    if not (np.isfinite([first, last, step]).all() and first < last and 0 < step <= last - first):
        raise InputError(
            f"a lag scan {text!r} makes no sense; give first lag, last lag and step in seconds, such as "
            "-0.5:0.5:0.1"
        )
    n = int((last - first) / step + 1e-6) + 1
    if n > MOST_LAGS:
        raise InputError(f"a lag scan {text!r} has {n} lags; take a longer step, {MOST_LAGS} at most")
    return tuple(round(first + i * step, 9) + 0.0 for i in range(n))
