"""Scores of predicted spike counts, as functions of arrays.

    bits_per_spike(counts, predicted, training_mean)            # the score of this project
    bits_per_spike(counts, predicted, counts.mean(0))           # as nlb_tools has it

Counts and predictions have shape (bins, neurons), scores (neurons,). What the scores are good for,
and where they mislead, is on the page of metrics.
"""

import numpy as np


def log_likelihood(counts: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Poisson log-likelihood, nats, shape (neurons,), with the factorials of the counts.

    Args:
        counts: spikes, shape (bins, neurons).
        predicted: expected counts, positive, shape (bins, neurons) or (neurons,).
    """
    predicted = np.broadcast_to(predicted, counts.shape)
    return (counts * np.log(predicted) - predicted).sum(0, dtype=np.float64) - log_factorials(counts)


def log_factorials(counts: np.ndarray) -> np.ndarray:
    """Sum over bins of the logarithms of the counts' factorials, shape (neurons,)."""
    from scipy.special import gammaln

    table = gammaln(np.arange(int(counts.max(initial=0)) + 1) + 1.0)
    return table[counts].sum(0)


def saturated_log_likelihood(counts: np.ndarray) -> np.ndarray:
    """Of the model that predicts every count, nats, shape (neurons,): the most there can be."""
    n = np.arange(int(counts.max(initial=0)) + 1, dtype=float)
    table = n * np.log(np.maximum(n, 1)) - n
    return table[counts].sum(0) - log_factorials(counts)


def mean_count(spikes: np.ndarray, n_bins: int) -> np.ndarray:
    """Spikes per bin, of spikes in all; half a spike in all where there is none, for its logarithm."""
    return np.maximum(spikes, 0.5) / n_bins


def likelihood_gain(counts: np.ndarray, predicted: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Log-likelihood of the prediction above that of constant rates, nats, shape (neurons,).

    Args:
        counts: spikes, shape (bins, neurons).
        predicted: expected counts, positive, shape (bins, neurons).
        baseline: the constant expected counts, positive, shape (neurons,).
    """
    return (counts * np.log(predicted / baseline)).sum(0) - (predicted - baseline).sum(0)


def bits_per_spike(counts: np.ndarray, predicted: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """The same in bits per spike, shape (neurons,); NaN where there are no spikes.

    With the mean of the training bins as baseline a score is zero if the model has learnt no
    more than that; with the mean of the same counts it is that of the Neural Latents Benchmark
    (Pei et al., NeurIPS Datasets and Benchmarks, 2021).

    >>> bits_per_spike(np.array([[0], [2]]), np.array([[0.5], [1.5]]), np.array([1.0])).round(3)
    array([0.585])
    """
    return per_spike(likelihood_gain(counts, predicted, baseline), counts.sum(0))


def per_spike(nats: np.ndarray, spikes: np.ndarray) -> np.ndarray:
    """Nats in all as bits per spike, shape (..., neurons); NaN where there are no spikes."""
    bits = np.full(np.broadcast_shapes(np.shape(nats), np.shape(spikes)), np.nan)
    return np.divide(nats, spikes * np.log(2), out=bits, where=np.broadcast_to(spikes > 0, bits.shape))


def pseudo_r2(model: np.ndarray, null: np.ndarray, saturated: np.ndarray) -> np.ndarray:
    """The part of the null's deviance that the model explains, of log-likelihoods in nats.

    Cameron and Windmeijer, Journal of Econometrics 77, 329, 1997; at most 1, negative where the
    model is worse than the null.
    """
    return (model - null) / (saturated - null)


def mcfadden_r2(model: np.ndarray, null: np.ndarray) -> np.ndarray:
    """One minus the ratio of log-likelihoods, those with the factorials.

    McFadden, in Zarembka, Frontiers in Econometrics, 1974. It does not reach 1.
    """
    return 1 - model / null


def r2(values: np.ndarray, predicted: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """One minus squared error over that of constant predictions, shape (neurons,)."""
    error = ((values - predicted) ** 2).sum(0)
    return 1 - error / ((values - baseline) ** 2).sum(0)
