"""Classifiers that tell model from rat by summary statistics: a linear and a nonlinear one.

fit = fit_logistic(features, is_model, weights, seed=0)
fit(features)               # probability of the model, shape (windows,)
"""

import importlib.util
from collections.abc import Callable

import numpy as np

from rodent.errors import InputError

Fit = Callable[[np.ndarray], np.ndarray]
"""From features (windows, features) to the probability of the model (windows,)."""

_STRENGTH = 0.05  # inverse penalty of standardised features: there are more features than windows
_TREES, _LEAVES, _RATE = 60, 6, 0.15
_BINS = 32


def require_classifiers() -> None:
    """Check, before long computations, that the library of the classifiers is there.

    Raises:
        InputError: it is not; the message says how to install it.
    """
    if importlib.util.find_spec("sklearn") is None:
        raise InputError("the game needs scikit-learn: pip install 'virtual-rodent[neuro]'")


def fit_logistic(features: np.ndarray, is_model: np.ndarray, weights: np.ndarray, seed: int) -> Fit:
    """Logistic regression with a ridge penalty, on standardised features.

    Args:
        features: shape (windows, features).
        is_model: bool, shape (windows,).
        weights: of the windows; those of each side have the same sum.
        seed: unused, as the fit is unique.
    """
    from sklearn.linear_model import LogisticRegression

    scaled = _scaled(weights)
    mean = np.average(features, axis=0, weights=scaled)
    spread = np.sqrt(np.average(np.square(features - mean), axis=0, weights=scaled))
    spread = np.where(spread > 1e-9 * (1 + np.abs(mean)), spread, 1.0)
    used = scaled > 0
    model = LogisticRegression(C=_STRENGTH, max_iter=500)
    model.fit((features[used] - mean) / spread, is_model[used], scaled[used])
    return lambda given: model.predict_proba((given - mean) / spread)[:, 1]


def fit_boosting(features: np.ndarray, is_model: np.ndarray, weights: np.ndarray, seed: int) -> Fit:
    """Gradient boosting of small trees; arguments as in `fit_logistic`."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    scaled = _scaled(weights)
    used = scaled > 0
    # a leaf holds a twentieth of the smaller side at least
    smallest = min(int((is_model & used).sum()), int((~is_model & used).sum()))
    model = HistGradientBoostingClassifier(
        learning_rate=_RATE,
        max_iter=_TREES,
        max_leaf_nodes=_LEAVES,
        min_samples_leaf=max(2, smallest // 20),
        max_features=0.3,
        max_bins=_BINS,
        early_stopping=False,
        random_state=seed,
    )
    # binned here: with weights, the classifier would take a hundred times as long to bin as to fit
    borders = np.quantile(features[used], np.linspace(0, 1, _BINS + 1)[1:-1], axis=0)
    model.fit(_binned(features[used], borders), is_model[used], sample_weight=scaled[used])
    return lambda given: model.predict_proba(_binned(given, borders))[:, 1]


def _binned(features: np.ndarray, borders: np.ndarray) -> np.ndarray:
    """Number of borders below each value, shape (windows, features)."""
    return (features[:, None] > borders).sum(1).astype(float)


def _scaled(weights: np.ndarray) -> np.ndarray:
    """Weights whose sum is their effective number, so that penalties mean the same for all."""
    return weights * weights.sum() / max(np.square(weights).sum(), 1e-300)
