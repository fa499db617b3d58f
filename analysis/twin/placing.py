"""Where in an image each neuron reads: what the training of a core, and the fit to a new animal, begin with.

    place = find_places(columns, signals, rows, lags, grid)     # on the plan, (neurons, 2)

Features of each position are derivatives of Gaussians and their squares: the first respond to the phase of
what is seen, as simple cells do, the second to its contrast, as complex cells do (Koenderink and van Doorn,
Biol. Cybern. 55, 367, 1987). A neuron has its place where a linear regression on the features of a position
explains most of its variance, at its best lag. Of spikes and of calcium, this is also where the first step of
Fisher scoring, from a constant prediction, gains most likelihood.
"""

import numpy as np

from analysis.twin.images import FeatureGrid

_ORDER = 4  # highest order of the derivatives
_WIDTHS = 6.0  # standard deviations of the Gaussian in the kernel
_AT_ONCE = 50_000_000  # pixels of all positions that are taken at once: 200 MB
_RIDGE = 1e-3  # of the mean variance of features; keeps positions where nothing changes from being best


def find_places(
    columns: np.ndarray, signals: np.ndarray, rows: np.ndarray, lags: np.ndarray, grid: FeatureGrid
) -> np.ndarray:
    """Places of neurons, shape (neurons, 2), in units of the grid.

    Args:
        columns: standardised pixels, shape (bins, pixels).
        signals: spikes or calcium, shape (bins, neurons).
        rows: bins to look at; those within reach of the lags are in the same piece, shape (rows,).
        lags: bins, shape (lags,).
        grid: positions of features.
    """
    pixels, filters = np.array(grid.pixels), derivatives(grid)
    # every lag of the image before the signal as neurons of its own
    late = np.concatenate([signals[rows + lag] for lag in lags.tolist()], axis=1)
    above = (late - late.mean(0)).astype(np.float32)
    size, step = 2 * filters.shape[1], max(1, _AT_ONCE // pixels.size)
    total, products = np.zeros((len(pixels), 1, size)), np.zeros((len(pixels), size, size))
    slopes = np.zeros((len(pixels), size, late.shape[1]))
    for begin in range(0, len(rows), step):
        linear = columns[rows[begin : begin + step]][:, pixels] @ filters
        features = np.concatenate([linear, np.square(linear)], axis=-1).transpose(1, 0, 2)
        across = features.transpose(0, 2, 1)
        total += features.sum(1, keepdims=True)
        products += across @ features
        slopes += across @ above[begin : begin + step]
    middle = total / len(rows)
    covariance = products / len(rows) - middle.transpose(0, 2, 1) @ middle
    explained = _explained(covariance, slopes / len(rows))
    return grid.places[explained.reshape(len(pixels), len(lags), -1).max(1).argmax(0)]


def _explained(covariance: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Variance that a linear regression at each position explains, shape (positions, neurons).

    Args:
        covariance: of the features, shape (positions, features, features).
        slopes: covariance of features and signals, shape (positions, features, neurons).
    """
    variance = np.einsum("pff->pf", covariance).mean()
    ridge = _RIDGE * variance * np.eye(covariance.shape[-1])
    return (slopes * np.linalg.solve(covariance + ridge, slopes)).sum(1)


def derivatives(grid: FeatureGrid) -> np.ndarray:
    """Derivatives of a Gaussian in the middle of the kernel, of norm 1, float32, shape (pixels, features).

    Channels of the image are features of their own.
    """
    from scipy.special import eval_hermitenorm

    away = (np.arange(grid.kernel) - (grid.kernel - 1) / 2) * _WIDTHS / grid.kernel
    one = [eval_hermitenorm(order, away) * np.exp(-np.square(away) / 2) for order in range(_ORDER + 1)]
    orders = [(i, j) for i in range(_ORDER + 1) for j in range(_ORDER + 1 - i)]
    each = np.stack([np.outer(one[i], one[j]).ravel() for i, j in orders], axis=1)
    each /= np.linalg.norm(each, axis=0)
    # columns of a kernel are by channel, row and column
    return np.kron(np.eye(grid.image[2]), each).astype(np.float32)
