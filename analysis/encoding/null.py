"""How far a model's features predict neurons by what both have in common with time alone.

    statistic = turned_gains(bins, bands, settings)
    statistic[0]                            # of the features as they are, nats, (neurons,)
    statistic[1:]                           # of each turn

See `analysis.encoding.rotation` for how it is computed. With each neuron's own past in the model
the features are tested beyond it; the past alone is tested by turning it.
"""

from collections.abc import Callable, Sequence

import numpy as np

from analysis.encoding.bands import HISTORY, Band
from analysis.encoding.bins import Bins
from analysis.encoding.penalised import PoissonRegression
from analysis.encoding.rotation import Residuals, Scheme, second_order
from analysis.encoding.scores import mean_count
from analysis.encoding.settings import EncodingSettings


def turned_gains(
    bins: Bins,
    bands: Sequence[Band],
    settings: EncodingSettings,
    advance: Callable[[float], None] = lambda n: None,
) -> np.ndarray:
    """Held-out gains of a model's features to second order, and of the same features turned.

    Args:
        bins: of the session, with the turns.
        bands: of the model.
        settings: of the regression.
        advance: called with the share that is done.

    Returns:
        nats, shape (1 + turns, neurons).
    """
    counts = bins.used.astype(np.float32)
    mean = mean_count(counts.sum(0, dtype=np.float64), len(counts)).astype(np.float32)
    scheme = Scheme(bins.folds, settings.strengths, bins.orders)
    history = HISTORY in [band.name for band in bands]
    features = bins.features(bands, settings)
    if features.bands:
        neurons = Residuals.of(counts, _by_history(bins, settings) if history else mean)
        return second_order(features.fitted(())[0], neurons, scheme, advance)
    own = bins.targets(history=True).own(slice(0, len(bins.names)))
    scale = own.std(1, keepdims=True)
    own = (own - own.mean(1, keepdims=True)) / np.where(scale > 0, scale, 1.0)
    gains = []
    for neuron in range(len(mean)):
        alone = Residuals.of(counts[:, [neuron]], mean[[neuron]])
        gains.append(second_order(own[:, :, neuron].T, alone, scheme))
        advance(1 / len(mean))
    return np.concatenate(gains, axis=1)


def _by_history(bins: Bins, settings: EncodingSettings) -> np.ndarray:
    """What each neuron's own past predicts, shape (rows, neurons)."""
    features, targets = bins.features((), settings), bins.targets(history=True)
    return PoissonRegression(features, bins.folds, targets, settings, lambda n: None).rates()
