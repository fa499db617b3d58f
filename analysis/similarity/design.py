"""Which windows of a session show which behavior, and over which parts distances are cross-validated.

    design = Design.of(labels, timeline, usable, SimilaritySettings())
    counts = design.summed(spikes.counts)        # (windows, neurons)
    units = design.averaged(timeline.units("decoder/layer_0"))
    design.means(units)                          # (partitions, conditions, units)

A bout is a run of bins with one label in one rollout. Windows are cut from bouts and never
reach over their ends, and all windows of a bout are in one partition: what lasts through a
bout cannot make a distance of its own. The partitions follow each other in time, so slow
drift, which sets early bouts apart from late ones, is compared within each.
"""

import dataclasses

import numpy as np

from analysis.similarity.settings import FEWEST_CONDITIONS, SimilaritySettings
from analysis.timeline import Timeline
from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class Design:
    """Windows, their conditions and partitions.

    Attributes:
        conditions: names of the behaviors, in alphabetical order.
        bins: of each window, shape (windows, bins of a window).
        condition: index of each window's condition, shape (windows,).
        bout: index of each window's bout, shape (windows,).
        partition: of each window, shape (windows,).
        n_partitions: how many there are; every condition is in each of them.
        window_seconds: length of a window, seconds.
        dropped: behaviors left out, and why.
    """

    conditions: tuple[str, ...]
    bins: np.ndarray
    condition: np.ndarray
    bout: np.ndarray
    partition: np.ndarray
    n_partitions: int
    window_seconds: float
    dropped: dict[str, str]

    @classmethod
    def of(
        cls, labels: np.ndarray, timeline: Timeline, usable: np.ndarray, settings: SimilaritySettings
    ) -> "Design":
        """Cut the labelled bins in bouts and windows, and deal the bouts to partitions.

        Args:
            labels: behavior of each bin, "" where none, shape (bins,).
            timeline: the bins.
            usable: bins that may be used, bool, shape (bins,).
            settings: how.

        Raises:
            InputError: a window is no whole number of bins, or fewer than three behaviors
                have enough bouts.
        """
        width = _window_bins(settings.window_seconds, timeline.bin_seconds)
        starts, lengths = _bouts(labels, timeline.rollout, usable & timeline.alive & (labels != ""))
        counts = lengths // width
        bout = np.repeat(np.arange(len(starts)), counts)
        within = np.arange(len(bout)) - np.repeat(np.cumsum(counts) - counts, counts)
        bins = (starts[bout] + width * within)[:, None] + np.arange(width)
        shown = labels[starts]
        seconds = width * timeline.bin_seconds
        conditions, dropped = _enough(shown, counts, seconds, settings)
        part_of_bout = np.full(len(starts), -1)
        for name in conditions:
            these = (shown == name) & (counts > 0)
            part_of_bout[these] = _dealt(counts[these], settings.partitions)
        kept = part_of_bout[bout] >= 0
        condition = np.searchsorted(conditions, shown[bout[kept]]) if len(conditions) else bout[:0]
        if len(conditions) < FEWEST_CONDITIONS:
            raise InputError(_too_few(conditions, dropped))
        return cls(
            conditions=conditions,
            bins=bins[kept],
            condition=condition,
            bout=bout[kept],
            partition=part_of_bout[bout[kept]],
            n_partitions=settings.partitions,
            window_seconds=seconds,
            dropped=dropped,
        )

    @property
    def n_windows(self) -> int:
        """All windows."""
        return len(self.bins)

    def summed(self, counts: np.ndarray) -> np.ndarray:
        """Counts per bin as counts per window, shape (windows, neurons)."""
        return counts[self.bins].sum(1)

    def averaged(self, units: np.ndarray) -> np.ndarray:
        """Activations per bin as means over each window, float64, shape (windows, units)."""
        return units[self.bins].mean(1, dtype=np.float64)

    def means(self, samples: np.ndarray) -> np.ndarray:
        """Mean of each condition's windows in each partition, shape (partitions, conditions, channels)."""
        n = len(self.conditions)
        cell = self.partition * n + self.condition
        member = (cell == np.arange(self.n_partitions * n)[:, None]).astype(np.float64)
        means = member @ samples / member.sum(1, keepdims=True)
        return means.reshape(self.n_partitions, n, -1)

    def residuals(self, samples: np.ndarray) -> np.ndarray:
        """Windows less the mean of their condition in their partition, shape (windows, channels)."""
        return samples - self.means(samples)[self.partition, self.condition]


def _window_bins(window_seconds: float, bin_seconds: float) -> int:
    bins = round(window_seconds / bin_seconds)
    if bins < 1 or abs(window_seconds - bins * bin_seconds) > 1e-3 * bin_seconds:
        raise InputError(
            f"a window of {window_seconds:g} s is no whole number of bins of {bin_seconds:g} s; take "
            f"--window-seconds {max(bins, 1) * bin_seconds:g}"
        )
    return bins


def _bouts(labels: np.ndarray, rollout: np.ndarray, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First bin and length of each run of used bins with one label in one rollout."""
    same = used[1:] & used[:-1] & (labels[1:] == labels[:-1]) & (rollout[1:] == rollout[:-1])
    starts = np.flatnonzero(used & ~np.concatenate([[False], same]))
    ends = np.flatnonzero(used & ~np.concatenate([same, [False]])) + 1
    return starts, ends - starts


def _enough(
    shown: np.ndarray, windows: np.ndarray, seconds: float, settings: SimilaritySettings
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Behaviors seen often and long enough, and why others are left out."""
    kept, dropped = [], {}
    for name in np.unique(shown).tolist():
        these = windows[shown == name]
        bouts, seen = int((these > 0).sum()), float(these.sum() * seconds)
        if bouts < settings.partitions:
            dropped[name] = f"{bouts} bouts of at least {seconds:g} s, {settings.partitions} are needed"
        elif seen < settings.least_seconds:
            dropped[name] = f"seen for {seen:g} s, {settings.least_seconds:g} s are needed"
        else:
            kept.append(name)
    return tuple(kept), dropped


def _dealt(windows: np.ndarray, partitions: int) -> np.ndarray:
    """Partition of each bout: in order of time, none empty, windows shared out about equally."""
    n = len(windows)
    middle = np.cumsum(windows) - windows / 2
    sizes = (partitions * middle / windows.sum()).astype(int)
    # the last bouts are needed for the last partitions, and none may be passed over
    sizes = np.maximum(sizes, partitions - n + np.arange(n))
    dealt, last = np.empty(n, int), -1
    for i, part in enumerate(sizes):
        dealt[i] = last = min(part, last + 1)
    return dealt


def _too_few(conditions: tuple[str, ...], dropped: dict[str, str]) -> str:
    left = f": {', '.join(conditions)}" if conditions else ""
    reasons = "; ".join(f"{name}: {reason}" for name, reason in dropped.items())
    return (
        f"{len(conditions)} behaviors can be compared{left}; at least {FEWEST_CONDITIONS} are needed "
        f"(left out: {reasons or 'none'}). Take fewer --partitions, a longer recording, or behaviors from "
        "elsewhere (--conditions)"
    )
