"""What features add to the prediction of neurons, and what they add to the same neurons turned in time.

    neurons = Residuals.of(counts, counts.mean(0))
    gains = second_order(features, neurons, Scheme(folds, (0.01, 0.1, 1.0), orders))
    gains[0], gains[1:]                     # as they are, and for each turn: nats, (neurons,)

The likelihood is taken to second order about a base model, of constant rates if there is nothing else:
with features Z, residuals e of the counts and the mean count μ, weights w are one ridge step, and the
gain on held-out bins is

    Z'e w - ½ μ w' Z'Z w.

This is the score test's quadratic form (Rao, Math. Proc. Camb. 44, 50, 1948), cross-validated. It is
bounded where a likelihood is not, and costs a few matrix products a turn. The neurons in their place and
turned are treated alike, each with its own choice of the strength, so a rank among turns is a valid p
whatever the approximation costs in power. `analysis.encoding.partial` does the same beyond a base of many
features.

It is the residuals that are turned, not the features: in a turn a stretch of the session meets its own
mirror image, and features that have it twice could follow less of a drift than they do in their place.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from analysis.encoding.folds import Folds
from analysis.encoding.scores import mean_count

_CELLS = 1 << 26  # rows x columns of turned residuals at once


@dataclasses.dataclass(frozen=True)
class Residuals:
    """What a base model leaves of the neurons.

    Attributes:
        values: counts less the base model's expected counts, shape (rows, neurons).
        mean: count per bin, shape (neurons,).
    """

    values: np.ndarray
    mean: np.ndarray

    @classmethod
    def of(cls, counts: np.ndarray, expected: np.ndarray) -> "Residuals":
        """Of counts, shape (rows, neurons), and those expected, shape (rows, neurons) or (neurons,)."""
        return cls(counts - expected, mean_count(counts.sum(0, dtype=np.float64), len(counts)))


@dataclasses.dataclass(frozen=True)
class Scheme:
    """How gains are held out, penalised and turned.

    Attributes:
        folds: of the rows.
        strengths: of the ridge penalty to choose from, relative to the mean count.
        orders: of the rows, one for every turn.
    """

    folds: Folds
    strengths: Sequence[float]
    orders: Sequence[np.ndarray]

    @property
    def tried(self) -> np.ndarray:
        """The strengths, the strongest first."""
        return np.sort(self.strengths)[::-1]


def second_order(
    features: np.ndarray,
    neurons: Residuals,
    scheme: Scheme,
    advance: Callable[[float], None] = lambda n: None,
) -> np.ndarray:
    """Held-out gains of features, for the neurons in their place and in other orders.

    Args:
        features: standardised, shape (rows, q); there is no constant, which the base has.
        neurons: what the base leaves of them.
        scheme: folds, strengths and turns.
        advance: called with the share that is done.

    Returns:
        nats, shape (1 + orders, neurons).
    """
    residuals, folds = neurons.values.astype(np.float32), scheme.folds
    steps = _Steps(features.astype(np.float32, copy=False), folds, scheme.tried)
    every = [np.arange(folds.n_rows), *scheme.orders]
    gains = []
    for some in _portions(every, residuals.size):
        # a turn has some bins twice and others not: it is centred anew
        columns = np.concatenate([residuals[order] for order in some], axis=1)
        columns -= columns.mean(0)
        found = steps.gains(columns, np.tile(neurons.mean, len(some)))
        total = np.take_along_axis(found, best_elsewhere(found)[:, None], 1)[:, 0].sum(0)
        gains.append(total.reshape(len(some), -1))
        advance(len(some) / len(every))
    return np.concatenate(gains)


class _Steps:
    """Ridge steps on the features of each set of training rows, under each strength."""

    def __init__(self, features: np.ndarray, folds: Folds, strengths: np.ndarray):
        self.features, self.folds = features, folds
        self.n_train = len(folds.training((0,)))
        sums = fold_sums(features, features, folds)
        self.tests = [test for _, test in sums]
        penalty = strengths[:, None, None] * np.eye(features.shape[1])
        self.inverses = [np.linalg.inv(train / self.n_train + penalty) for train, _ in sums]

    def gains(self, residuals: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Gain on each fold under each strength, nats, shape (folds, strengths, columns).

        Args:
            residuals: shape (rows, columns).
            mean: count per bin, shape (columns,).
        """
        found = np.empty((self.folds.n_folds, len(self.inverses[0]), residuals.shape[1]))
        for fold, (train, test) in enumerate(fold_sums(self.features, residuals, self.folds)):
            slope = train / (self.n_train * mean)
            for i, inverse in enumerate(self.inverses[fold]):
                weights = inverse @ slope
                curved = np.einsum("qk,qk->k", weights, self.tests[fold] @ weights)
                found[fold, i] = np.einsum("qk,qk->k", weights, test) - 0.5 * mean * curved
        return found


def best_elsewhere(gains: np.ndarray) -> np.ndarray:
    """For each fold the strength that serves the other folds best, index, shape (folds, columns).

    Args:
        gains: on each fold under each strength, shape (folds, strengths, columns).
    """
    return (gains.sum(0) - gains).argmax(1)


def fold_sums(first: np.ndarray, second: np.ndarray, folds: Folds) -> list[tuple[np.ndarray, np.ndarray]]:
    """Products of columns, summed over the bins that are trained on without a fold, and over the fold's.

    Each bin is multiplied once. Single precision holds the sums of a fold, which are added up in double.

    Args:
        first, second: shape (rows, a), (rows, b).
        folds: of the rows.

    Returns:
        for each fold two arrays of shape (a, b).
    """
    inner, edges = (
        [(first[rows].T @ second[rows]).astype(np.float64) for rows in kind]
        for kind in (folds.trained, folds.edges)
    )
    total = np.sum(inner, axis=0)
    return [(total - mine, mine + edge) for mine, edge in zip(inner, edges, strict=True)]


def _portions(orders: Sequence[np.ndarray], cells: int) -> Iterator[Sequence[np.ndarray]]:
    """Some orders at a time, as memory bears."""
    width = max(1, _CELLS // cells)
    for start in range(0, len(orders), width):
        yield orders[start : start + width]
