"""What layers add to a base of features, and what they add to spikes and base turned together in time.

    neurons = Residuals.of(counts, expected)
    found = partial_gains(neurons, base, layers, Scheme(folds, strengths, orders))
    found["decoder/layer_0"][0]                 # in place: nats, (neurons,)

As in `analysis.encoding.rotation` the likelihood is taken to second order, about the base model's rates.
In every training set the layer and the residuals of the counts are cleared of what the base explains of
them linearly, and what is held out by the same coefficients. So it does not matter to the gain which part
of a layer the base could say.

A base of many features takes some of any slow signal with it. So that a turn and the neurons in their
place lose as much, both are cleared of the base in its place and of the base turned: they differ in the
turn of the counts alone. Everything is in terms of products of columns, summed over bins.
"""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from analysis.encoding.rotation import Residuals, Scheme, best_elsewhere, fold_sums

_JITTER = 1e-6  # relative to the mean variance of the base's columns: lags make them nearly collinear
_TURNED = 0.99  # of the base's variance that its turned copy keeps


def partial_gains(
    neurons: Residuals,
    base: np.ndarray,
    layers: Mapping[str, np.ndarray],
    scheme: Scheme,
    advance: Callable[[float], None] = lambda n: None,
) -> dict[str, np.ndarray]:
    """Held-out gains of layers beyond a base, for the neurons in their place and in other orders.

    Args:
        neurons: what the base model leaves of them.
        base: standardised features of the base, shape (rows, p).
        layers: standardised features of each layer, less what the base explains, shape (rows, q) each.
        scheme: folds, strengths and turns.
        advance: called with the share that is done.

    Returns:
        for each layer the gains in place, mean over what the turns clear them of, and below it the same plus
        what each turn gains more than the neurons in place; nats, shape (1 + turns, neurons).
    """
    folds, orders, n_neurons = scheme.folds, scheme.orders, len(neurons.mean)
    fixed = np.concatenate([base, np.ones((len(base), 1))], axis=1, dtype=np.float32)
    turning = np.concatenate([_leading(base), neurons.values], axis=1, dtype=np.float32)
    width, twice = turning.shape[1] - n_neurons, np.tile(neurons.mean, 2)
    values = {name: layer.astype(np.float32, copy=False) for name, layer in layers.items()}
    own = {name: fold_sums(layer, layer, folds) for name, layer in values.items()}
    gains: dict[str, list[np.ndarray]] = {name: [] for name in values}
    n_train = len(folds.training((0,)))
    for order in orders:
        turned = turning[order]
        # what is cleared of, then the counts in place and turned
        known = np.concatenate([fixed, turned[:, :width], turning[:, width:], turned[:, width:]], axis=1)
        p = fixed.shape[1] + width
        products = fold_sums(known[:, :p], known, folds)
        inverses = [_inverse(train[:, :p]) for train, _ in products]
        for name, layer in values.items():
            each = zip(inverses, products, fold_sums(known, layer, folds), own[name], strict=True)
            found = np.stack([_gain(_cleared(*fold), n_train, twice, scheme.tried) for fold in each])
            gains[name].append(np.take_along_axis(found, best_elsewhere(found)[:, None], 1)[:, 0].sum(0))
            advance(1 / len(orders) / len(values))
    return {name: _statistic(np.stack(gains[name])) for name in values}


def _statistic(gains: np.ndarray) -> np.ndarray:
    """In place and turned side by side, (orders, 2 neurons), as one statistic above those of the turns."""
    place, turned = np.split(gains, 2, axis=1)
    mean = place.mean(0)
    return np.concatenate([mean[None], mean + turned - place])


def _leading(base: np.ndarray) -> np.ndarray:
    """Principal components that hold nearly all of the variance, shape (rows, components)."""
    centered = (base - base.mean(0)).astype(np.float64)
    values, vectors = np.linalg.eigh(centered.T @ centered)
    kept = np.cumsum(values[::-1]) - values[::-1] < _TURNED * values.sum()
    return centered @ vectors[:, ::-1][:, kept]


@dataclasses.dataclass(frozen=True)
class _Cleared:
    """Products of layer and counts on one fold, less what the base says of them.

    Attributes:
        square: of the layer with itself, in training and held out, shape (q, q) each.
        cross: of the layer with the counts, in training and held out, shape (q, neurons) each.
    """

    square: tuple[np.ndarray, np.ndarray]
    cross: tuple[np.ndarray, np.ndarray]


def _inverse(products: np.ndarray) -> np.ndarray:
    return np.linalg.inv(products + _JITTER * np.trace(products) / len(products) * np.eye(len(products)))


def _cleared(
    inverse: np.ndarray,
    products: tuple[np.ndarray, np.ndarray],
    crossed: tuple[np.ndarray, np.ndarray],
    own: tuple[np.ndarray, np.ndarray],
) -> _Cleared:
    """Clear layer and counts of the base, held out by the coefficients of training.

    Args:
        inverse: of the base's products in training, shape (p, p).
        products: of the base with itself and with the counts, in training and held out, (p, p + neurons).
        crossed: of base and counts with the layer, in training and held out, (p + neurons, q).
        own: of the layer with itself, in training and held out, (q, q).
    """
    p = len(inverse)
    layer = inverse @ crossed[0][:p]  # what the base says of the layer, (p, q)
    counts = inverse @ products[0][:, p:]  # and of the counts, (p, neurons)
    # in training the coefficients fit, so one product is enough; held out they need not
    train = own[0] - layer.T @ crossed[0][:p], crossed[0][p:].T - layer.T @ products[0][:, p:]
    base, seen = products[1][:, :p], crossed[1][:p]
    said = base @ layer
    half = layer.T @ (seen - 0.5 * said)
    test = own[1] - half - half.T, crossed[1][p:].T - layer.T @ products[1][:, p:] + (said - seen).T @ counts
    return _Cleared((train[0], test[0]), (train[1], test[1]))


def _gain(cleared: _Cleared, n_train: int, mean: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Gain on a fold under each strength, nats, shape (strengths, neurons).

    Args:
        cleared: products of layer and counts.
        n_train: rows trained on.
        mean: count per bin, shape (neurons,).
        strengths: to try.
    """
    (train, test), (slope, held) = cleared.square, cleared.cross
    matrices = train / n_train + strengths[:, None, None] * np.eye(len(train))
    slope = slope / (n_train * mean)
    weights = np.linalg.solve(matrices, np.broadcast_to(slope, (len(strengths), *slope.shape)))
    return (weights * held).sum(1) - 0.5 * mean * (weights * (test @ weights)).sum(1)
