"""How alike the readouts of one animal are that were fitted to two halves of its minutes.

    readout_consistency(twin, session, AdaptSettings(), minutes=4.0)        # a correlation per neuron

What all neurons share is taken off, because directions of the core alone would make any two readouts alike:
readouts of spikes that know nothing of behavior would pass for consistent.
"""

import numpy as np

from analysis.twin.adaptation import adapt_features
from analysis.twin.scores import correlation
from analysis.twin.session import TwinSession
from analysis.twin.settings import AdaptSettings
from analysis.twin.training import far_turn
from analysis.twin.twin import Twin


def readout_consistency(
    twin: Twin, session: TwinSession, settings: AdaptSettings, minutes: float
) -> np.ndarray:
    """Correlation of each neuron's readout between two halves of the first minutes, shape (neurons,).

    Args:
        twin: fitted.
        session: of a new animal.
        settings: of the fits.
        minutes: of which each half is fitted to.

    Raises:
        InputError: as of `adapt`.
    """
    features = twin.features(session, settings.components)
    half = round(minutes * 30 / session.bin_seconds)
    rows = twin.windows(session).rows
    coefficients = []
    for begin in (0, half):
        # the rows of a half, in place of the first ones
        moved = np.roll(np.arange(len(rows)), -begin)
        counts = session.counts.copy()
        counts[rows] = session.counts[rows[moved]]
        found = adapt_features(twin, session.with_counts(counts), features[moved], settings, minutes / 2)
        weights = found.coefficients[: found.components]
        coefficients.append(weights - weights.mean(1, keepdims=True))
    return correlation(*coefficients)


def shuffled(session: TwinSession, seed: int) -> TwinSession:
    """The session with its spikes turned in time, on the ring with its mirror image."""
    return session.with_counts(session.counts[far_turn(np.random.default_rng(seed), session.n_bins)])
