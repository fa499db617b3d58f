"""How well any model could predict neurons whose trials repeat: the noise ceiling.

    ceiling = noise_ceiling(counts, predicted)      # trials of the same motion: (repeats, bins, neurons)
    ceiling.cc_norm                                 # of what can be explained, the correlation reached

After Hsu, Borst and Theunissen (Network 15, 91, 2004) in the form of Schoppe et al. (Frontiers in
Computational Neuroscience 10:10, 2016).
"""

import dataclasses

import numpy as np

from analysis.timeline import Timeline

LEAST_BINS = 10
"""Repeated bins that correlations are taken over, at least."""


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
    """

    repeats: int
    signal_power: np.ndarray
    noise_power: np.ndarray
    cc_abs: np.ndarray
    cc_max: np.ndarray
    cc_norm: np.ndarray


def noise_ceiling(counts: np.ndarray, predicted: np.ndarray) -> NoiseCeiling:
    """Compare a prediction with repeated trials.

    Args:
        counts: spikes, shape (repeats, bins, neurons), two repeats at least.
        predicted: expected counts, shape (bins, neurons).
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
    return NoiseCeiling(n, signal, noise, cc_abs, cc_max, _ratio(cc_abs, cc_max))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Their ratio; NaN where the one below is not positive."""
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)


def repeated_bins(timeline: Timeline, rows: np.ndarray) -> np.ndarray | None:
    """Bins in which rollouts show the same frames of the same motion, whatever their clips are called.

    Where clips were played different numbers of times, the least such number above one is
    taken of each.

    Args:
        timeline: bins of the recording.
        rows: bins that can be used, in order, shape (rows,).

    Returns:
        shape (repeats, bins); None where no clip was played twice, or hardly a bin is left.
    """
    again = [bins for (clip, _), bins in _shown(timeline, rows).items() if clip and len(bins) > 1]
    if len(again) < LEAST_BINS:
        return None
    repeats = min(map(len, again))
    return np.array([bins[:repeats] for bins in again]).T


def share_repeated(timeline: Timeline, rows: np.ndarray) -> float:
    """Share of bins whose frame of a motion is shown by another bin, too.

    Args:
        timeline: bins of the recording.
        rows: bins that can be used, in order, shape (rows,).
    """
    shown = _shown(timeline, rows)
    return sum(len(bins) for (clip, _), bins in shown.items() if clip and len(bins) > 1) / max(1, len(rows))


def _shown(timeline: Timeline, rows: np.ndarray) -> dict[tuple[str, int], list[int]]:
    """Clip and frame in it of the first frame of every bin, and the bins that show it."""
    if not timeline.rollouts:
        return {}
    starts = np.cumsum([0, *(rollout.n_frames for rollout in timeline.rollouts)])
    owner = timeline.rollout[rows]
    frame = rows * timeline.n_frames - starts[owner]
    clips = np.array(timeline.motions)[owner]
    shown: dict[tuple[str, int], list[int]] = {}
    for key, row in zip(zip(clips.tolist(), frame.tolist(), strict=True), rows.tolist(), strict=True):
        shown.setdefault(key, []).append(row)
    return shown
