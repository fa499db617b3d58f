"""What all models of a session share: the bins used, the folds, the turns of the null, the neurons.

    bins = Bins.of(timeline, spikes, settings, lags=(-0.1, 0.0, 0.1))
    features = bins.features(bands, settings)
    targets = bins.targets(history=True)

Models can be compared because their bins, folds and turns are the same.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np

from analysis.encoding.bands import HISTORY, Band
from analysis.encoding.ceiling import share_repeated
from analysis.encoding.features import Features
from analysis.encoding.folds import Folds
from analysis.encoding.settings import EncodingSettings
from analysis.encoding.targets import Targets
from analysis.neural.spikes import BinnedSpikes
from analysis.ring import random_turn, turned
from analysis.timeline import Timeline
from rodent.errors import InputError

_REPEATED = 0.1
"""Share of bins whose motion is shown again elsewhere, from which on the null turns each rollout by itself:
a turn of the whole session would bring repeats of the same motion together."""


@dataclasses.dataclass(frozen=True)
class Bins:
    """Bins of a session that can be predicted from, and what is to be predicted.

    Attributes:
        timeline: bins of the recording.
        rows: bins used, in order, shape (rows,).
        lags: delays at which features are known for all rows, seconds.
        sources: bin at each lag, shape (rows, lags).
        folds: of the rows.
        orders: of the rows, one per turn of the null.
        by_rollout: whether the turns are of each rollout by itself.
        names: of the neurons that fire.
        counts: spikes in all bins of the recording, shape (bins, neurons).
        dropped: neurons left out, and why.
    """

    timeline: Timeline
    rows: np.ndarray
    lags: tuple[float, ...]
    sources: np.ndarray
    folds: Folds
    orders: tuple[np.ndarray, ...]
    by_rollout: bool
    names: tuple[str, ...]
    counts: np.ndarray
    dropped: dict[str, str]

    @classmethod
    def of(
        cls, timeline: Timeline, spikes: BinnedSpikes, settings: EncodingSettings, lags: Sequence[float] = ()
    ) -> "Bins":
        """Choose bins, folds, neurons and turns.

        Args:
            timeline: bins of the recording.
            spikes: on those bins.
            settings: of the comparison.
            lags: further delays that features are to be known at, seconds.

        Raises:
            InputError: no neuron fires, or too little time is left for the shifts or folds.
        """
        lags = tuple(sorted({*settings.all_lags, *lags}))
        rows, sources = timeline.lagged(lags)
        kept = spikes.covered[rows]
        rows, sources = rows[kept], sources[kept]
        folds = _folds(len(rows), timeline.bin_seconds, settings, max(*lags, 0.0) - min(*lags, 0.0))
        rows, sources = rows[: folds.n_rows], sources[: folds.n_rows]
        fires, dropped = _firing(spikes, rows, folds)
        least = math.ceil(settings.least_shift / timeline.bin_seconds)
        by_rollout = share_repeated(timeline, rows) >= _REPEATED
        random = np.random.default_rng(settings.seed)
        lengths = np.unique(timeline.rollout[rows], return_counts=True)[1].tolist()
        return cls(
            timeline=timeline,
            rows=rows,
            lags=lags,
            sources=sources,
            folds=folds,
            orders=tuple(
                _each_turned(random, lengths, least) if by_rollout else folds.rotated(random, least)
                for _ in range(settings.shifts)
            ),
            by_rollout=by_rollout,
            names=tuple(name for name, fire in zip(spikes.names, fires, strict=True) if fire),
            counts=spikes.counts[:, fires],
            dropped=dropped,
        )

    def features(
        self,
        bands: Sequence[Band],
        settings: EncodingSettings,
        lags_of: Callable[[str], Sequence[float]] | None = None,
    ) -> Features:
        """Features of the bands; the history, which is each neuron's own, is left out.

        Args:
            bands: of a model.
            settings: how they are reduced.
            lags_of: delays of a band by its name; those of the settings if not given.

        Raises:
            InputError: a band does not change.
        """
        lags_of = settings.lags_of if lags_of is None else lags_of
        at = {lag: i for i, lag in enumerate(self.lags)}
        shared = [band for band in bands if band.name != HISTORY]
        sources = {band.name: self.sources[:, [at[lag] for lag in lags_of(band.name)]] for band in shared}
        lags = {band.name: tuple(lags_of(band.name)) for band in shared}
        return Features(shared, self.rows, sources, settings.components, self.folds, lags)

    def targets(self, history: bool, orders: Sequence[np.ndarray] = ()) -> Targets:
        """Counts to predict, and those in other orders."""
        return Targets(self.counts, self.rows, orders, self.timeline.bin_seconds, history)

    @property
    def used(self) -> np.ndarray:
        """Spikes of the rows, shape (rows, neurons)."""
        return self.counts[self.rows]


def _each_turned(random: np.random.Generator, lengths: Sequence[int], least: int) -> np.ndarray:
    """An order in which each rollout's rows are turned on a ring of their own."""
    parts, start = [], 0
    for length in lengths:
        # a rollout too short for the least turn is turned by a quarter of itself at least
        parts.append(start + turned(length, random_turn(random, length, min(least, length // 4))))
        start += length
    return np.concatenate(parts)


def _firing(spikes: BinnedSpikes, rows: np.ndarray, folds: Folds) -> tuple[np.ndarray, dict[str, str]]:
    """Neurons with spikes both to learn from and to test on, bool, and what is wrong with the others."""
    counts = spikes.counts[rows]
    n_folds = sum(counts[folds.rows(fold)].any(0).astype(int) for fold in range(folds.n_folds))
    fires = n_folds > 1
    if not fires.any():
        raise InputError(
            f"none of {len(fires)} neurons has spikes in two folds of the {len(rows)} bins used; one is to "
            "learn from and one to test on"
        )
    reasons = {
        0: "no spikes in the bins used",
        1: "spikes in one fold only, none to learn from or none to test on",
    }
    return fires, {
        name: reasons[int(n)] for name, n in zip(spikes.names, n_folds, strict=True) if n in reasons
    }


def _folds(n_rows: int, bin_seconds: float, settings: EncodingSettings, lag_span: float) -> Folds:
    if n_rows * bin_seconds < settings.least_session - 1e-6:
        raise InputError(
            f"{n_rows * bin_seconds:g} s of the recording can be used; a null of time shifts needs "
            f"{settings.least_session:g} s, six times the least shift: record more, or set shorter "
            "--shift-seconds"
        )
    block = math.ceil(settings.block_seconds / bin_seconds)
    gap = math.ceil((settings.gap_seconds + lag_span) / bin_seconds)
    return Folds.of(n_rows, settings.folds, block, gap)
