"""How well any model could predict neurons whose trials repeat: the noise ceiling.

    ceiling = noise_ceiling(counts, predicted)      # trials of the same motion: (repeats, bins, neurons)
    ceiling.cc_norm                                 # of what can be explained, the correlation reached
    ceiling.feve                                    # and the variance

After Hsu, Borst and Theunissen (Network 15, 91, 2004) in the form of Schoppe et al. (Frontiers in
Computational Neuroscience 10:10, 2016). The fraction of explainable variance explained is that of Cadena et
al. (PLOS Computational Biology 15, e1006897, 2019). Spikes or calcium.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class NoiseCeiling:
    """Correlations over bins, shape (neurons,); NaN where trials have no more in common than chance.

    Attributes:
        repeats: trials.
        signal_power: variance of the rate that all trials share, counts squared.
        noise_power: variance of a trial about it.
        cc_abs: correlation of the prediction with the mean of the trials.
        cc_max: that of the true rate with it.
        cc_norm: cc_abs / cc_max: 1 for the true rate, whatever the noise.
        feve: fraction of the variance that is not noise that the prediction explains: 1 for the true rate, 0
            for its mean, negative for worse; NaN where no variance is left.
    """

    repeats: int
    signal_power: np.ndarray
    noise_power: np.ndarray
    cc_abs: np.ndarray
    cc_max: np.ndarray
    cc_norm: np.ndarray
    feve: np.ndarray


def noise_ceiling(counts: np.ndarray, predicted: np.ndarray) -> NoiseCeiling:
    """Compare a prediction with repeated trials.

    Args:
        counts: spikes or calcium, shape (repeats, bins, neurons), two repeats at least.
        predicted: expected of a trial, shape (bins, neurons).
    """
    n = len(counts)
    mean = counts.mean(0)
    total = counts.var(1, ddof=1).mean(0)  # of a single trial: signal and noise
    # what the variance of the sum has in excess of the sum of variances, all trials share
    signal = (n**2 * mean.var(0, ddof=1) - n * total) / (n * (n - 1))
    noise = total - signal
    spread = predicted.std(0, ddof=1)
    shared = np.einsum("tk,tk->k", mean - mean.mean(0), predicted - predicted.mean(0)) / (len(mean) - 1)
    cc_abs = _ratio(shared, spread * mean.std(0, ddof=1))
    cc_max = np.sqrt(_ratio(np.where(signal > 0, signal, np.nan), signal + noise / n))
    feve = explained_variance(counts, predicted)
    return NoiseCeiling(n, signal, noise, cc_abs, cc_max, _ratio(cc_abs, cc_max), feve)


def explained_variance(counts: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Fraction of explainable variance explained (FEVE), not clipped, shape (neurons,); see `noise_ceiling`.

    Noise is the variance over the trials of a bin. Where trials differ in their means, that is noise, too.
    """
    noise = counts.var(0, ddof=1).mean(0)
    error = np.square(counts - predicted).mean((0, 1))
    total = counts.reshape(-1, counts.shape[-1]).var(0, ddof=1)
    return 1 - _ratio(error - noise, total - noise)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Their ratio; NaN where the one below is not positive."""
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)
