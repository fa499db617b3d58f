"""The lagged GLM that a twin has to beat: the project's encoding model of the streams of one animal.

    predicted, mean = glm_rates(session, rows, given, reach, settings)

Poisson ridge regression on all columns, or their leading principal components, at several lags. It has the
same bins, and chooses its strength on the same blocks, as a twin's readouts.
"""

import numpy as np

from analysis.encoding.components import Components
from analysis.twin.convex import ConvexFit, choosing
from analysis.twin.session import TwinSession
from analysis.twin.settings import AdaptSettings

STRENGTHS = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03)
"""Strengths of the penalty to choose from, relative to a neuron's mean count."""
LAGS = 5
"""Lags from one end of the reach to the other."""
COMPONENTS = 24
"""Most principal components at each lag."""


def glm_rates(
    session: TwinSession, rows: np.ndarray, given: int, reach: int, settings: AdaptSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Fit to the first rows, predict all.

    Args:
        session: of one animal.
        rows: bins with all lags, shape (rows,).
        given: number of rows that are fitted to.
        reach: largest lag, bins.
        settings: blocks that choose the strength.

    Returns:
        expected counts, shape (rows, neurons); mean count of the rows given, shape (neurons,).
    """
    components = Components(COMPONENTS).fit(session.columns[rows[:given]])
    columns = components.transform(session.columns)
    lags = np.unique(np.round(np.linspace(-reach, reach, LAGS)).astype(int))
    features = np.concatenate([columns[rows - lag] for lag in lags], axis=1).astype(np.float32)
    block = round(settings.block_seconds / session.bin_seconds)
    fitted = ConvexFit(STRENGTHS)
    fitted.fit(features[:given], session.counts[rows[:given]], choosing(given, block))
    return fitted.predict(features), fitted.mean_
