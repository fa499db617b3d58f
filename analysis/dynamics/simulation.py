"""Systems whose latent variables are known, and spikes drawn from them.

system = simulate_lorenz(minutes=10, seed=0)
truth = draw_spikes(system, neurons=60, seed=0)
truth.activity, truth.latents, truth.rates          # what a model sees; what it should find
"""

import dataclasses

import numpy as np

from analysis.dynamics.activity import Activity
from analysis.encoding.scores import likelihood_gain

_SUBSTEPS = 4  # of a bin, for Lorenz's equations
_SETTLING = 500  # bins that are thrown away


@dataclasses.dataclass(frozen=True)
class Truth:
    """Simulated neurons.

    Attributes:
        activity: their spikes.
        latents: standardised, shape (bins, dimensions).
        rates: expected counts, shape (bins, neurons).
    """

    activity: Activity
    latents: np.ndarray
    rates: np.ndarray


def simulate_lorenz(bins: int, seed: int, speed: float = 0.03) -> np.ndarray:
    """States of the Lorenz system, standardised, shape (bins, 3).

    Args:
        bins: number of bins.
        seed: of the first state.
        speed: time of the system that passes in a bin; a turn takes about 0.75.
    """
    state = np.random.default_rng(seed).normal((1.0, 1.0, 25.0))
    step, found = speed / _SUBSTEPS, []
    for i in range((bins + _SETTLING) * _SUBSTEPS):
        # Runge and Kutta's midpoint
        state = state + step * _lorenz(state + step / 2 * _lorenz(state))
        if i % _SUBSTEPS == _SUBSTEPS - 1:
            found.append(state)
    states = np.array(found[_SETTLING:])
    return (states - states.mean(0)) / states.std(0)


def simulate_linear(matrix: np.ndarray, bins: int, seed: int) -> np.ndarray:
    """States of x(t + 1) = matrix x(t) + noise with unit stationary covariance, shape (bins, dimensions).

    The matrix must shrink every direction: its singular values are below 1.
    """
    random, size = np.random.default_rng(seed), len(matrix)
    root = np.linalg.cholesky(np.eye(size) - matrix @ matrix.T)
    state, found = random.normal(size=size), []
    for noise in random.normal(size=(bins, size)):
        state = matrix @ state + root @ noise
        found.append(state)
    return np.array(found)


def rotation_matrix(angles: np.ndarray, decay: float) -> np.ndarray:
    """Planes that turn by these angles in a bin, radians, and shrink by the factor `decay`."""
    found = np.zeros((2 * len(angles), 2 * len(angles)))
    for i, angle in enumerate(angles):
        turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        found[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = turn
    return decay * found


def draw_spikes(
    latents: np.ndarray, neurons: int, seed: int, rate: float = 15.0, depth: float = 0.8, name: str = "truth"
) -> Truth:
    """Poisson neurons whose log rates are random weighted sums of latents, in bins of 20 ms.

    Args:
        latents: standardised, shape (bins, dimensions).
        neurons: number.
        seed: of weights and spikes.
        rate: mean rate, Hz.
        depth: standard deviation of log rates.
        name: of the population.
    """
    random = np.random.default_rng([seed, 1])
    weights = random.normal(size=(latents.shape[1], neurons))
    drive = latents @ (weights / np.linalg.norm(weights, axis=0))
    rates = np.exp(depth * drive / drive.std(0))
    rates *= rate * 0.02 / rates.mean(0)
    counts = random.poisson(rates)
    names = tuple(f"neuron {i}" for i in range(neurons))
    activity = Activity(name, "spikes", counts, names, 0.02, np.zeros(len(counts), int))
    return Truth(activity, latents, rates)


def true_bits(truth: Truth, channels: np.ndarray, bins: np.ndarray) -> float:
    """Bits per spike of the true rates of some neurons in some bins, by the definition of `scores`."""
    counts = truth.activity.values[np.ix_(bins, channels)]
    gain = likelihood_gain(counts, truth.rates[np.ix_(bins, channels)], counts.mean(0))
    return float(gain.sum() / counts.sum() / np.log(2))


def _lorenz(state: np.ndarray) -> np.ndarray:
    x, y, z = state
    return np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])
