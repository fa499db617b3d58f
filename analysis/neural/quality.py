"""Which neurons can be used, and what is wrong with the others.

    quality = judge(session.on_bins(n_bins, bin_seconds, clock), session, QualitySettings())
    binned = binned.subset(quality.good)
    quality.dropped                                     # {"17": "0.02 Hz is below 0.1 Hz (--min-rate)"}

Presence is the presence ratio of Siegle et al. (Nature 592, 86, 2021) and the Allen Institute's
`ecephys_spike_sorting`: of 100 equal parts of the session, those in which the neuron fired.
Contamination is explained in `analysis.neural.refractory`. Every reason names the option by which
a neuron was left out.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from analysis.neural.refractory import UNKNOWN, Contamination, contamination
from analysis.neural.session import NeuralSession
from analysis.neural.settings import QualitySettings
from analysis.neural.spikes import BinnedSpikes, SpikeTimes
from rodent.errors import InputError

PARTS = 100
"""Parts of a session that the presence ratio is counted in."""
FANO_SECONDS = 1.0
"""Length of the counts whose Fano factor is taken."""
FAST_HZ = 100.0
"""Mean rate above which a unit is pointed out: few kinds of neurons keep it up, and none of cortex, striatum
or hippocampus."""

_ROWS = 8192  # bins of counts that are correlated at a time

# (metric, whether it is bad, why), the first that applies is told
_FAULTS: tuple[tuple[str, Callable[[Any, QualitySettings], bool], str], ...] = (
    ("spikes", lambda x, s: x == 0, "no spikes in the bins used"),
    (
        "observed",
        lambda x, s: x < s.min_observed,
        "recorded in {x:.0%} of the session, less than {s.min_observed:.0%} (--min-observed)",
    ),
    ("rate_hz", lambda x, s: x < s.min_rate, "{x:.3g} Hz is below {s.min_rate:g} Hz (--min-rate)"),
    (
        "presence",
        lambda x, s: x < s.min_presence,
        "fires in {x:.0%} of the session, less than {s.min_presence:.0%} (--min-presence)",
    ),
    (
        "fano",
        lambda x, s: x > s.max_fano,
        "comes in bursts: a Fano factor of {x:.3g} is above {s.max_fano:g} (--max-fano)",
    ),
    (
        "least_contamination",
        lambda x, s: x > s.max_contamination,
        "too many spikes too close: a contamination of at least {x:.2g} is above {s.max_contamination:g} "
        "(--max-contamination)",
    ),
)


@dataclasses.dataclass(frozen=True)
class UnitQuality:
    """The verdict on every neuron.

    Attributes:
        good: which to use, bool, shape (neurons,).
        table: a row per neuron: name, spikes, rate_hz, observed, presence, fano, contamination and the
            least that is sure, and the reason for which it is left out, empty for the good ones; NaN where
            nothing can be said.
        dropped: the reasons by name.
        notes: what else a reader of results should know of the good ones.
    """

    good: np.ndarray
    table: tuple[dict[str, Any], ...]
    dropped: dict[str, str]
    notes: tuple[str, ...] = ()


def judge(binned: BinnedSpikes, session: NeuralSession, settings: QualitySettings) -> UnitQuality:
    """Tell good neurons from those that are silent, lost, in bursts, contaminated or copies.

    Args:
        binned: the counts that are to be used; only covered bins are looked at.
        session: where they are from; spike times are looked at as a whole.
        settings: what is good.
    """
    counts = binned.counts[binned.covered]
    foreign = _contamination(session, settings.refractory_seconds)
    metrics = {
        "spikes": counts.sum(0, dtype=np.int64),
        "rate_hz": firing_rate(counts, binned.bin_seconds),
        "observed": np.ones(counts.shape[1])
        if binned.observed is None
        else binned.observed[binned.covered].mean(0),
        "presence": presence_ratio(counts),
        "fano": fano_factor(counts, max(1, round(FANO_SECONDS / binned.bin_seconds))),
        "contamination": np.array([one.share for one in foreign]),
        "least_contamination": np.array([one.least for one in foreign]),
    }
    rows = [dict(zip(metrics, row, strict=True)) for row in zip(*metrics.values(), strict=True)]
    reasons = [
        next(
            (why.format(x=row[name], s=settings) for name, bad, why in _FAULTS if bad(row[name], settings)),
            "",
        )
        for row in rows
    ]
    good = np.array([not reason for reason in reasons])
    for copy, original in copies(counts, good, settings.max_correlation).items():
        reasons[copy] = (
            f"a copy of neuron {binned.names[original]}: counts correlate above {settings.max_correlation:g} "
            "(--max-correlation)"
        )
        good[copy] = False
    table = tuple(
        {"name": name} | row | {"reason": reason}
        for name, row, reason in zip(binned.names, rows, reasons, strict=True)
    )
    fast = [i for i in np.flatnonzero(good) if metrics["rate_hz"][i] > FAST_HZ]
    notes = tuple(
        f"neuron {binned.names[i]} fires at {metrics['rate_hz'][i]:.3g} Hz, which single neurons hardly keep "
        f"up: is it several, or noise? --select name!={binned.names[i]} leaves it out"
        for i in fast
    )
    return UnitQuality(good, table, {row["name"]: row["reason"] for row in table if row["reason"]}, notes)


def require_good(quality: UnitQuality, session: NeuralSession) -> None:
    """Refuse a session without a good neuron.

    Raises:
        InputError: there is none; the message gives the reasons of some.
    """
    if not quality.good.any():
        some = "; ".join(f"{name}: {reason}" for name, reason in list(quality.dropped.items())[:3])
        raise InputError(f"{session.path}: none of {len(quality.good)} neurons is good enough; {some}")


def firing_rate(counts: np.ndarray, bin_seconds: float) -> np.ndarray:
    """Mean rate, Hz, shape (neurons,); counts have shape (bins, neurons)."""
    return counts.sum(0, dtype=np.int64) / (max(len(counts), 1) * bin_seconds)


def presence_ratio(counts: np.ndarray, parts: int = PARTS) -> np.ndarray:
    """Of equal parts of the session, those with a spike, shape (neurons,).

    Args:
        counts: shape (bins, neurons).
        parts: how many; fewer where there are fewer bins.
    """
    parts = min(parts, len(counts))
    edges = np.arange(parts) * len(counts) // parts
    return (np.add.reduceat(counts, edges, axis=0) > 0).mean(0)


def fano_factor(counts: np.ndarray, n_bins: int) -> np.ndarray:
    """Variance over mean of the counts in windows, shape (neurons,); NaN for silent neurons.

    Args:
        counts: shape (bins, neurons).
        n_bins: bins in a window.
    """
    n_windows = len(counts) // n_bins
    if n_windows < 2:
        return np.full(counts.shape[1], np.nan)
    edges = np.arange(n_windows) * n_bins
    windows = np.add.reduceat(counts[: n_windows * n_bins], edges, axis=0)
    mean = windows.mean(0)
    return np.divide(windows.var(0, ddof=1), mean, out=np.full(len(mean), np.nan), where=mean > 0)


def copies(counts: np.ndarray, good: np.ndarray, max_correlation: float) -> dict[int, int]:
    """Neurons whose counts are those of another one with more spikes: column of each, and of the other.

    Args:
        counts: shape (bins, neurons).
        good: neurons to look at, bool, shape (neurons,).
        max_correlation: above which two are the same.
    """
    columns = np.flatnonzero(good)
    mean = counts[:, columns].mean(0)
    products = np.zeros((len(columns),) * 2)
    for start in range(0, len(counts), _ROWS):
        block = counts[start : start + _ROWS, columns] - mean
        products += block.T @ block
    deviation = np.sqrt(np.diag(products))
    same = products > max_correlation * np.outer(deviation, deviation)
    found: dict[int, int] = {}
    # the neuron with the most spikes is the original; of equals, the first
    for i, a in enumerate(order := np.argsort(-mean, kind="stable")):
        originals = [b for b in order[:i] if same[a, b] and columns[b] not in found]
        if originals:
            found[int(columns[a])] = int(columns[originals[0]])
    return found


def _contamination(session: NeuralSession, refractory_seconds: float) -> list[Contamination]:
    """Of each neuron; nothing is known of counts."""
    spikes = session.spikes
    if not isinstance(spikes, SpikeTimes):
        return [UNKNOWN] * len(spikes.names)
    ends = np.cumsum(np.bincount(spikes.neurons, minlength=len(spikes.names)))
    trains = np.split(spikes.times[np.argsort(spikes.neurons, kind="stable")], ends[:-1])
    return [contamination(train, refractory_seconds) for train in trains]
