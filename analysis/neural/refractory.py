"""How many of a unit's spikes are another neuron's, told from spikes closer than one neuron can fire.

    found = contamination(times, refractory_seconds=0.0015)
    found.share, found.least                        # the estimate, and what is sure at 99 %

Foreign spikes fall into the refractory time of a neuron's own as often as they come; own spikes never do.
So the share f of foreign spikes shows in the pairs of spikes that are too close: there are 1 - (1 - f)² of
those that there would be without refractoriness, if the foreign ones are from many neurons (Llobet, Wyngaard
and Barbour, bioRxiv 2022.02.08.479192, 2022).

How many there would be depends on the rate. Hill, Mehta and Kleinfeld (J. Neurosci. 31, 8699, 2011) and
Siegle et al. (Nature 592, 86, 2021) take a constant one, and find contamination wherever a rate is modulated,
for more pairs are close where it is high. Here the pairs are those of the unit's own autocorrelogram just
outside of the refractory time, where they follow the same modulation, be it as fast as 0.1 s. Foreign spikes
are taken to be modulated like the neuron's own; where they are not, the share is underestimated.
"""

import dataclasses

import numpy as np

OUTSIDE = (0.01, 0.05)
"""Lags at which pairs of spikes are counted for comparison, seconds: beyond the relative refractory time, and
within what behavior modulates."""

_SURE = 0.99


@dataclasses.dataclass(frozen=True)
class Contamination:
    """The share of a unit's spikes that are foreign.

    Attributes:
        share: the estimate, 0 to 1; 1 where spikes know nothing of the refractory time. NaN where too few
            spikes are near one another to tell.
        least: the least share that agrees with the spikes at 99 %.
    """

    share: float
    least: float


UNKNOWN = Contamination(float("nan"), float("nan"))
"""Where spikes tell nothing."""


def contamination(times: np.ndarray, refractory_seconds: float) -> Contamination:
    """Estimate the share of foreign spikes.

    Args:
        times: of one unit, seconds, shape (spikes,), in any order.
        refractory_seconds: time within which one neuron cannot fire twice.

    >>> contamination(np.arange(0.0, 100.0, 0.02), 0.0015)
    Contamination(share=0.0, least=0.0)
    """
    from scipy.stats import beta

    if refractory_seconds <= 0:
        return UNKNOWN
    times = np.sort(times)
    stretch = max(1.0, 2 * refractory_seconds / OUTSIDE[0])
    low, high = (stretch * lag for lag in OUTSIDE)
    close = _pairs(times, refractory_seconds)
    near = _pairs(times, high) - _pairs(times, low)
    if not (close or near):
        return UNKNOWN
    # pairs that one finds in a time as long as the refractory one, per pair outside
    scale = (high - low) / refractory_seconds
    found = scale * close / near if near else np.inf
    # both are counts, so that given their sum one is binomial (Clopper and Pearson, 1934)
    part = beta.ppf(1 - _SURE, close, near + 1) if close else 0.0
    return Contamination(_foreign(found), _foreign(scale * part / (1 - part)))


def _pairs(times: np.ndarray, lag: float) -> int:
    """Pairs of spikes that are closer than a lag; the times are in order."""
    return int((np.searchsorted(times, times + lag) - np.arange(len(times)) - 1).sum())


def _foreign(found: float) -> float:
    """The share of foreign spikes, of pairs found relative to those without refractoriness."""
    return float(1 - np.sqrt(1 - min(found, 1.0)))
