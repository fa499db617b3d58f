"""What all models of a session share: the bins used, the folds, the turns of the null, the neurons.

    bins = Bins.of(timeline, spikes, settings, lags=(-0.1, 0.0, 0.1))
    features = bins.features(bands, settings)
    targets = bins.targets(history=True)

Models can be compared because their bins, folds and turns are the same.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from analysis.encoding.bands import HISTORY, Band
from analysis.encoding.features import Features
from analysis.encoding.folds import Folds
from analysis.encoding.repeats import Repeats
from analysis.encoding.settings import EncodingSettings
from analysis.encoding.targets import Targets
from analysis.neural.spikes import BinnedSpikes
from analysis.ring import random_turn, turned
from analysis.timeline import Timeline
from rodent.errors import InputError

_REPEATED = 0.1
"""Share of bins whose motion is shown again elsewhere, from which on turns bring no repeats of it together;
and the share of bins that may meet their own motion in such a turn."""
_ALIKE = 2.0  # seconds over which movement resembles itself
_COMMONEST = 0.5  # share of bins from which on one motion is nearly all there is
_TRIED = 20  # turns that are tried for each that is needed


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
        repeats: whether motion comes again, and turns do not bring it together.
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
    repeats: bool
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
        again = Repeats.of(timeline, rows)
        repeats = again.share >= _REPEATED
        random = np.random.default_rng(settings.seed)
        turns = (folds.rotated(random, least) for _ in range(_TRIED * settings.shifts))
        if repeats and again.share_of_commonest >= _COMMONEST:
            lengths = np.unique(timeline.rollout[rows], return_counts=True)[1].tolist()
            turns = (_each_turned(random, lengths, least) for _ in range(settings.shifts))
        elif repeats:
            turns = _apart(turns, again, math.ceil(_ALIKE / timeline.bin_seconds), settings.shifts)
        return cls(
            timeline=timeline,
            rows=rows,
            lags=lags,
            sources=sources,
            folds=folds,
            orders=tuple(itertools.islice(turns, settings.shifts)),
            repeats=repeats,
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
    """An order in which each rollout's rows are turned on a ring of their own.

    So one clip that is played over and over meets itself at another time in every play. Of several clips
    each would meet itself, too, and what their means differ by would be left in the null.
    """
    parts, start = [], 0
    for length in lengths:
        # a rollout too short for the least turn is turned by a quarter of itself at least
        parts.append(start + turned(length, random_turn(random, length, min(least, length // 4))))
        start += length
    return np.concatenate(parts)


def _apart(turns: Iterable[np.ndarray], again: Repeats, alike: int, n: int) -> Iterator[np.ndarray]:
    """The first n turns in which hardly a bin meets its own motion; else those in which the fewest do."""
    tried: list[tuple[float, int, np.ndarray]] = []
    good = 0
    for turn in turns:
        overlap = max(again.overlap(turn, alike) - _REPEATED, 0.0)
        tried.append((overlap, len(tried), turn))
        good += overlap == 0
        if good == n:
            break
    return (turn for *_, turn in sorted(tried, key=lambda one: one[:2])[:n])


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
