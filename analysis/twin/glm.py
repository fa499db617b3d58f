"""The lagged GLM that a twin has to beat: the project's encoding model of the streams of one animal.

    predicted, mean = glm_rates(session, rows, given, reach, settings)
    weights = glm_weights(sessions, rows, reach, settings)      # of every neuron, comparable between animals

Ridge regression, Poisson for spikes and linear for calcium, on all columns, or their leading principal
components, at several lags. It has the same likelihood and bins, and chooses its strength on the same blocks,
as a twin's readouts.
"""

from collections.abc import Sequence

import numpy as np

from analysis.encoding.components import Components, Moments
from analysis.twin.convex import ConvexFit, choosing
from analysis.twin.session import TwinSession
from analysis.twin.settings import AdaptSettings, LikelihoodName
from analysis.twin.signal_fit import SignalFit, convex_fit

STRENGTHS = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03)
"""Strengths of the penalty to choose from, relative to a neuron's mean count."""
LAGS = 5
"""Lags from one end of the reach to the other."""
COMPONENTS = 24
"""Most principal components at each lag."""


def glm_rates(
    session: TwinSession,
    rows: np.ndarray,
    given: int,
    reach: int,
    settings: AdaptSettings,
    likelihood: LikelihoodName = "poisson",
) -> tuple[np.ndarray, np.ndarray]:
    """Fit to the first rows, predict all.

    Args:
        session: of one animal.
        rows: bins with all lags, shape (rows,).
        given: number of rows that are fitted to.
        reach: largest lag, bins.
        settings: blocks that choose the strength.
        likelihood: of the signals, that of the twin.

    Returns:
        expected counts or signals, shape (rows, neurons); mean of the rows given, shape (neurons,).
    """
    components = Components(COMPONENTS).fit(session.columns[rows[:given]])
    features = _lagged(components, session, rows, reach)
    fitted = _fit(features[:given], session, rows[:given], settings, likelihood)
    return fitted.predict(features), fitted.mean_


def glm_weights(
    sessions: Sequence[TwinSession], rows: Sequence[np.ndarray], reach: int, settings: AdaptSettings
) -> list[np.ndarray]:
    """Weights of the same principal components in all sessions, of spikes.

    Args:
        sessions: of several animals.
        rows: bins of each that are fitted to, shape (rows,) each.
        reach: largest lag, bins.
        settings: blocks that choose the strength.

    Returns:
        shape (neurons, lags, components) for each session.
    """
    moments = [Moments.of(one.columns[bins]) for one, bins in zip(sessions, rows, strict=True)]
    components = Components(COMPONENTS).fit_moments(Moments.pooled(moments))
    found = []
    for session, bins in zip(sessions, rows, strict=True):
        features = _lagged(components, session, bins, reach)
        weights = _fit(features, session, bins, settings, "poisson").coef_.T
        found.append(weights.reshape(len(weights), -1, len(components.weights_.T)))
    return found


def _lagged(components: Components, session: TwinSession, rows: np.ndarray, reach: int) -> np.ndarray:
    """Components at all lags, shape (rows, lags × components)."""
    columns = components.transform(session.columns)
    lags = np.unique(np.round(np.linspace(-reach, reach, LAGS)).astype(int))
    return np.concatenate([columns[rows - lag] for lag in lags], axis=1).astype(np.float32)


def _fit(
    features: np.ndarray,
    session: TwinSession,
    rows: np.ndarray,
    settings: AdaptSettings,
    likelihood: LikelihoodName,
) -> ConvexFit | SignalFit:
    block = round(settings.block_seconds / session.bin_seconds)
    return convex_fit(likelihood, STRENGTHS).fit(features, session.counts[rows], choosing(len(rows), block))
