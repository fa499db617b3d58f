"""How well bands of features predict the spikes of neurons.

    timeline = Timeline.of(list(recording.rollouts.values()), recording.fps, bin_seconds=0.02)
    spikes = read_session(path).on_bins(timeline.n_bins, timeline.bin_seconds, Clock())
    bands = read_bands(("joints", "decoder/layer_0"), timeline, recording)
    result = cross_validate(timeline, spikes, bands, EncodingSettings())
    result.corrected_bits_per_spike         # (neurons,)
    result.p_values                         # rank of the score among the shifts, (neurons,)

A neuron's score is the Poisson log-likelihood of held-out spikes above that of its mean
training rate, in bits per spike, summed over all folds. Standardisation, principal
components and the choice of the penalty see training bins only.

Features and neurons that both drift slowly predict one another though neither knows of the
other. The null is what such drift alone earns: the same regression with the spikes shifted in
time against the features, by at least 20 s, on the ring that the session forms with its mirror
image. The corrected score is the score less the mean of the shifts, and p its rank among them.
All neurons share each shift, so that the mean over neurons has a rank, too, however much they
have in common.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from analysis.encoding.banded import BandedRegression
from analysis.encoding.bands import HISTORY, Band
from analysis.encoding.ceiling import NoiseCeiling, noise_ceiling, repeated_bins
from analysis.encoding.features import Features
from analysis.encoding.folds import Folds
from analysis.encoding.regressions import HeldOut, PoissonRegression, Regression
from analysis.encoding.result import EncodingResult
from analysis.encoding.scores import log_factorials, saturated_log_likelihood
from analysis.encoding.settings import EncodingSettings, ModelName
from analysis.encoding.targets import Targets
from analysis.neural.spikes import BinnedSpikes
from analysis.timeline import Timeline
from rodent.errors import InputError

REGRESSIONS: dict[ModelName, type[Regression]] = {
    "ridge": PoissonRegression,
    "elastic-net": PoissonRegression,
    "group-lasso": PoissonRegression,
    "banded-ridge": BandedRegression,
}
_SHIFTS_IN_SESSION = 6
"""Least length of a session in units of the least shift, which stands for how slow drift is expected:
ranks hold for drift over up to a sixth of the session (`benchmarks/truth.py`)."""


def n_fits(settings: EncodingSettings) -> int:
    """How many regressions of all neurons `cross_validate` makes: the unit of its progress."""
    return REGRESSIONS[settings.model].n_fits(settings)


def cross_validate(
    timeline: Timeline,
    spikes: BinnedSpikes,
    model: str | Sequence[Band],
    settings: EncodingSettings,
    advance: Callable[[float], None] = lambda n: None,
) -> EncodingResult:
    """Score how well a model predicts neurons, and how well it does by drift alone.

    Args:
        timeline: bins of the recording.
        spikes: on those bins.
        model: the bands that neurons are regressed on; or the name of a layer, alone.
        settings: how.
        advance: called with what is done of the `n_fits` regressions, which may be a part of one.

    Raises:
        InputError: a band is constant or named twice, no neuron fires, there are fewer bins than
            features, or too little time is left for the shifts or folds.
    """
    bands = (Band(model, timeline.units(model), "layer"),) if isinstance(model, str) else tuple(model)
    names = [band.name for band in bands]
    if not bands:
        raise InputError("a model needs one band at least; name some")
    if len(set(names)) < len(names):
        raise InputError(f"a band is named twice in the model {'+'.join(names)}; name it once")
    rows, sources = timeline.lagged(settings.all_lags)
    kept = spikes.covered[rows]
    rows, sources = rows[kept], sources[kept]
    folds = _folds(len(rows), timeline.bin_seconds, settings)
    rows, sources = rows[: folds.n_rows], sources[: folds.n_rows]
    fires, dropped = _firing(spikes, rows, folds)

    # the score's counts, then those of each shift; all are regressed side by side
    random = np.random.default_rng(settings.seed)
    least = math.ceil(settings.shift_seconds / timeline.bin_seconds)
    orders = [folds.rotated(random, least) for _ in range(settings.shifts)]
    targets = Targets(spikes.counts[:, fires], rows, orders, timeline.bin_seconds, history=HISTORY in names)
    shared = [band for band in bands if band.name != HISTORY]
    at = {lag: i for i, lag in enumerate(settings.all_lags)}
    lagged = {band.name: sources[:, [at[lag] for lag in settings.lags_of(band.name)]] for band in shared}
    features = Features(shared, rows, lagged, settings.components, folds)

    regression = REGRESSIONS[settings.model](features, folds, targets, settings, advance)
    held = [regression.held_out(fold) for fold in range(folds.n_folds)]
    return EncodingResult(
        layer="+".join(names),
        n_units=sum(band.values.shape[1] for band in bands),
        n_components=features.n_components + targets.n_own,
        names=tuple(name for name, fire in zip(spikes.names, fires, strict=True) if fire),
        dropped=dropped,
        bins=len(rows),
        unconverged=regression.unconverged,
        ceiling=_ceiling(timeline, rows, folds, held, targets),
        **_likelihoods(folds, held, targets),
    )


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


def _likelihoods(folds: Folds, held: Sequence[HeldOut], targets: Targets) -> dict[str, Any]:
    """Log-likelihoods of all that is held out, nats, and what was chosen for it."""
    n = targets.n_neurons
    counts = targets.counts(slice(0, n))
    spikes, *shifted = targets.spikes()
    null = -log_factorials(counts)
    for fold, found in enumerate(held):
        rows, mean = folds.rows(fold), found.mean[:n]
        null = null + counts[rows].sum(0) * np.log(mean) - len(rows) * mean
    mean = spikes / len(counts)
    squares = [found.squares for found in held if found.squares is not None]
    weights = [found.weights for found in held if found.weights is not None]
    return {
        "spikes": spikes,
        "shifted_spikes": np.stack(shifted),
        "gains": np.sum([found.gain for found in held], axis=0).reshape(-1, n),
        "null_likelihood": null,
        "mean_likelihood": spikes * np.log(mean) - spikes - log_factorials(counts),
        "saturated_likelihood": saturated_log_likelihood(counts),
        "strengths": np.stack([found.strengths[:n] for found in held]),
        "squares": np.sum(squares, axis=0) if squares else None,
        "weights": np.mean(weights, axis=0) if weights else None,
    }


def _ceiling(
    timeline: Timeline, rows: np.ndarray, folds: Folds, held: Sequence[HeldOut], targets: Targets
) -> NoiseCeiling | None:
    """Where motion repeats, how well neurons could be predicted at best."""
    again = repeated_bins(timeline, rows)
    if again is None:
        return None
    rates = np.empty((len(rows), targets.n_neurons), np.float32)
    for fold, found in enumerate(held):
        rates[folds.rows(fold)] = found.rates
    at = np.searchsorted(rows, again)
    return noise_ceiling(targets.counts(slice(0, targets.n_neurons))[at], rates[at].mean(0))


def _folds(n_rows: int, bin_seconds: float, settings: EncodingSettings) -> Folds:
    needed = _SHIFTS_IN_SESSION * math.ceil(settings.shift_seconds / bin_seconds)
    if n_rows < needed:
        raise InputError(
            f"{n_rows * bin_seconds:g} s of the recording can be used; a null of shifts by at least "
            f"{settings.shift_seconds:g} s needs {_SHIFTS_IN_SESSION} times as long, "
            f"{needed * bin_seconds:g} s: record more, or set shorter --shift-seconds"
        )
    block = math.ceil(settings.block_seconds / bin_seconds)
    gap = math.ceil((settings.gap_seconds + settings.lag_span) / bin_seconds)
    return Folds.of(n_rows, settings.folds, block, gap)
