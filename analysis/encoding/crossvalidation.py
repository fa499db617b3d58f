"""How well the units of a layer predict the spikes of neurons.

    timeline = Timeline.of(list(recording.rollouts.values()), recording.fps, bin_seconds=0.02)
    session = read_spikes(path).on_bins(timeline.n_bins, timeline.bin_seconds, offset=None)
    result = cross_validate(timeline, session, "decoder/layer_0", EncodingSettings())
    result.corrected_bits_per_spike         # (neurons,)

A neuron's score is the Poisson log-likelihood of held-out spikes above that of its mean
training rate, in bits per spike, summed over all folds. Standardisation, principal
components and the choice of the penalty see training bins only.

Units and neurons that both drift slowly predict one another though neither knows of the
other. The null is what such drift alone earns: the same regression, penalty search and
all, where within each block the spikes are turned round in time against the units by at
least 20 s. The corrected score is the score less the null.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from analysis.encoding.components import Components
from analysis.encoding.folds import Folds
from analysis.encoding.poisson import PoissonEncoder, likelihood_gain
from analysis.encoding.settings import EncodingSettings
from analysis.neural.session import BinnedSpikes
from analysis.timeline import Timeline
from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class EncodingResult:
    """Scores of one layer.

    Attributes:
        layer: its name.
        n_units: its size.
        n_components: features per lag, the most that any fold had.
        names: of the neurons scored.
        spikes: of each in the bins scored, shape (neurons,).
        bits_per_spike: shape (neurons,).
        shifted_bits_per_spike: the same for each shift of the null, shape (shifts, neurons).
        strengths: penalty chosen per fold and neuron, shape (folds, neurons).
        dropped: neurons left out, and why.
        bins: number of bins scored.
        unconverged: fits that stopped short of the optimum.
    """

    layer: str
    n_units: int
    n_components: int
    names: tuple[str, ...]
    spikes: np.ndarray
    bits_per_spike: np.ndarray
    shifted_bits_per_spike: np.ndarray
    strengths: np.ndarray
    dropped: dict[str, str]
    bins: int
    unconverged: int

    @property
    def null_bits_per_spike(self) -> np.ndarray:
        """Mean over the shifts, shape (neurons,)."""
        return self.shifted_bits_per_spike.mean(0)

    @property
    def corrected_bits_per_spike(self) -> np.ndarray:
        """Score less null, shape (neurons,)."""
        return self.bits_per_spike - self.null_bits_per_spike

    @property
    def mean_corrected(self) -> float:
        """Mean over the neurons."""
        return float(self.corrected_bits_per_spike.mean())

    @property
    def sem_corrected(self) -> float:
        """Standard error of that mean, over the neurons; NaN for a single one."""
        n = len(self.names)
        return float(self.corrected_bits_per_spike.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan

    def to_json(self) -> dict[str, Any]:
        """As plain values, neurons in the order of the file."""
        columns = {
            "name": self.names,
            "spikes": self.spikes,
            "bits_per_spike": self.bits_per_spike,
            "null_bits_per_spike": self.null_bits_per_spike,
            "null_sd_bits_per_spike": self.shifted_bits_per_spike.std(0),
            "corrected_bits_per_spike": self.corrected_bits_per_spike,
            "strengths": self.strengths.T,
        }
        rows = zip(*columns.values(), strict=True)
        return {
            "layer": self.layer,
            "units": self.n_units,
            "components": self.n_components,
            "bins": self.bins,
            "neurons": [dict(zip(columns, row, strict=True)) for row in rows],
            "mean_bits_per_spike": self.bits_per_spike.mean(),
            "mean_null_bits_per_spike": self.null_bits_per_spike.mean(),
            "mean_corrected_bits_per_spike": self.mean_corrected,
            "sem_corrected_bits_per_spike": self.sem_corrected,
            "unconverged_fits": self.unconverged,
        }


def n_fits(settings: EncodingSettings) -> int:
    """How many regressions of all neurons `cross_validate` makes: the unit of its progress."""
    searches = math.comb(settings.folds, 2) * len(settings.strengths) if len(settings.strengths) > 1 else 0
    return searches + settings.folds


def cross_validate(
    timeline: Timeline,
    session: BinnedSpikes,
    layer: str,
    settings: EncodingSettings,
    advance: Callable[[int], None] = lambda n: None,
) -> EncodingResult:
    """Score how well a layer predicts neurons, and how well it does by drift alone.

    Args:
        timeline: bins of the recording.
        session: spikes on those bins.
        layer: name of the layer.
        settings: how.
        advance: called with 1 after each of `n_fits` regressions.

    Raises:
        InputError: the layer is unknown or constant, no neuron fires enough, or too little
            time is left for the folds and shifts.
    """
    rows, sources = timeline.lagged(settings.lags)
    kept = session.covered[rows]
    rows, sources = rows[kept], sources[kept]
    folds = _folds(len(rows), timeline.bin_seconds, settings)
    rows, sources = rows[: folds.n_rows], sources[: folds.n_rows]
    counts = session.counts[rows]
    good, dropped = _enough_spikes(counts, session, settings)
    counts = counts[:, good].astype(np.min_scalar_type(int(counts.max())))
    units = timeline.units(layer)
    if not np.ptp(units[rows], axis=0).any():
        raise InputError(f"all {units.shape[1]} units of layer {layer!r} are constant; take another layer")

    # the score's counts, then those of each shift; all are regressed side by side
    random = np.random.default_rng(settings.seed)
    least = math.ceil(settings.shift_seconds / timeline.bin_seconds)
    orders = [folds.shifted(random, least) for _ in range(settings.shifts)]
    all_counts = np.concatenate([counts, *(counts[order] for order in orders)], axis=1)

    regression = _Regression(units, rows, sources, folds, settings.components, advance)
    n = counts.shape[1]
    # shifts are alike: the penalties found for the first serve them all
    strengths = regression.choose_strengths(all_counts[:, : 2 * n], settings.strengths)
    strengths = np.concatenate([strengths[:, :n], np.tile(strengths[:, n:], settings.shifts)], axis=1)
    gain = np.zeros(all_counts.shape[1])
    for fold in range(folds.n_folds):
        gain += regression.gain((fold,), all_counts, strengths[fold])[fold]
    spikes = counts.sum(0, dtype=np.int64)
    bits = gain.reshape(-1, n) / (spikes * np.log(2))
    return EncodingResult(
        layer=layer,
        n_units=units.shape[1],
        n_components=regression.n_components,
        names=tuple(name for name, g in zip(session.names, good, strict=True) if g),
        spikes=spikes,
        bits_per_spike=bits[0],
        shifted_bits_per_spike=bits[1:],
        strengths=strengths[:, :n],
        dropped=dropped,
        bins=len(rows),
        unconverged=regression.unconverged,
    )


class _Regression:
    """Regressions of counts on one layer, trained on some folds and scored on the others."""

    def __init__(
        self,
        units: np.ndarray,
        rows: np.ndarray,
        sources: np.ndarray,
        folds: Folds,
        components: int,
        advance: Callable[[int], None],
    ):
        self.units, self.rows, self.sources = units, rows, sources
        self.folds, self.components, self.advance = folds, components, advance
        self.n_components = 0
        self.unconverged = 0

    def features(self, held_out: tuple[int, ...]) -> np.ndarray:
        """Components at all lags, fitted without the folds held out, shape (rows, features)."""
        train = self.rows[self.folds.training(held_out)]
        components = Components(self.components).fit(self.units[train]).transform(self.units)
        self.n_components = max(self.n_components, components.shape[1])
        return components[self.sources].reshape(len(self.sources), -1)

    def gain(
        self,
        held_out: tuple[int, ...],
        counts: np.ndarray,
        strength: np.ndarray | float,
        features: np.ndarray | None = None,
    ) -> dict[int, np.ndarray]:
        """Nats above the mean rate on each fold held out, shape (columns of counts,)."""
        features = self.features(held_out) if features is None else features
        train = self.folds.training(held_out)
        encoder = PoissonEncoder(strength).fit(features[train], counts[train])
        self.unconverged += not encoder.converged_.all()
        self.advance(1)
        gains = {}
        for fold in held_out:
            test = self.folds.rows(fold)
            gains[fold] = likelihood_gain(counts[test], encoder.predict(features[test]), encoder.mean_)
        return gains

    def choose_strengths(self, counts: np.ndarray, strengths: tuple[float, ...]) -> np.ndarray:
        """The penalty that serves each column best within the training folds of each fold.

        Of the regressions without folds i and j, the score on j chooses for i and the other
        way round.

        Returns:
            shape (folds, columns).
        """
        n_folds = self.folds.n_folds
        total = np.zeros((len(strengths), n_folds, counts.shape[1]))
        if len(strengths) > 1:
            for pair in itertools.combinations(range(n_folds), 2):
                features = self.features(pair)
                for s, strength in enumerate(strengths):
                    gains = self.gain(pair, counts, strength, features)
                    total[s, pair[0]] += gains[pair[1]]
                    total[s, pair[1]] += gains[pair[0]]
        return np.asarray(strengths)[total.argmax(0)]


def _folds(n_rows: int, bin_seconds: float, settings: EncodingSettings) -> Folds:
    least = 2 * math.ceil(settings.shift_seconds / bin_seconds)
    needed = settings.folds * least
    if n_rows < needed:
        raise InputError(
            f"{n_rows * bin_seconds:g} s of the recording can be used; {settings.folds} folds whose blocks "
            f"can be shifted by {settings.shift_seconds:g} s either way need {needed * bin_seconds:g} s: "
            "record more, or set fewer --folds or shorter --shift-seconds"
        )
    block = max(math.ceil(settings.block_seconds / bin_seconds), least)
    gap = math.ceil((settings.gap_seconds + settings.lag_span) / bin_seconds)
    return Folds.of(n_rows, settings.folds, block, gap)


def _enough_spikes(
    counts: np.ndarray, session: BinnedSpikes, settings: EncodingSettings
) -> tuple[np.ndarray, dict[str, str]]:
    """Which neurons fire enough, bool, shape (neurons,), and what is wrong with the others."""
    spikes = counts.sum(0, dtype=np.int64)
    rate = spikes / (len(counts) * session.bin_seconds)
    good = (spikes > 0) & (rate >= settings.min_rate)
    reasons = {
        name: f"{r:.3g} Hz is below {settings.min_rate:g} Hz" if s else "no spikes in the bins used"
        for name, s, r, g in zip(session.names, spikes, rate, good, strict=True)
        if not g
    }
    if not good.any():
        raise InputError(
            f"none of {len(good)} neurons fires at {settings.min_rate:g} Hz or more during the recording; "
            f"the fastest reaches {rate.max():.3g} Hz (--min-rate)"
        )
    return good, reasons
