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
other. The null is what such drift alone earns: the same regression with the features shifted in
time against the spikes, by at least 20 s, on the ring that the session forms with its mirror
image. The corrected score is the score less the mean of the shifts, and p its rank among them.
All neurons share each shift, so that the mean over neurons has a rank, too, however much they
have in common. Few shifts are regressed in full, many to second order (`analysis.encoding.null`);
the rank is then that of the score's own second order.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from analysis.encoding.bands import HISTORY, Band
from analysis.encoding.bins import Bins
from analysis.encoding.ceiling import NoiseCeiling, noise_ceiling
from analysis.encoding.coefficients import coefficients
from analysis.encoding.encoder import regression_class
from analysis.encoding.null import turned_gains
from analysis.encoding.regressions import HeldOut
from analysis.encoding.repeats import Repeats
from analysis.encoding.result import EncodingResult
from analysis.encoding.scores import log_factorials, saturated_log_likelihood
from analysis.encoding.settings import EncodingSettings
from analysis.neural.spikes import BinnedSpikes
from analysis.timeline import Timeline
from rodent.errors import InputError


def n_fits(settings: EncodingSettings, n_bands: int = 1) -> int:
    """How many regressions of all neurons `score` makes of a model of so many bands: the unit of progress."""
    null = 0 if settings.refits else settings.folds
    return regression_class(settings.model).n_fits(settings, n_bands) + null


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
    _require_bands(bands)
    return score(Bins.of(timeline, spikes, settings), bands, settings, advance)


def score(
    bins: Bins,
    bands: Sequence[Band],
    settings: EncodingSettings,
    advance: Callable[[float], None] = lambda n: None,
) -> EncodingResult:
    """The same on bins that several models share.

    Args:
        bins: of the session.
        bands: that neurons are regressed on.
        settings: how.
        advance: called with what is done of the `n_fits` regressions, which may be a part of one.

    Raises:
        InputError: a band is constant or named twice, or there are fewer bins than features.
    """
    _require_bands(bands)
    names = [band.name for band in bands]
    # the score's counts, and where the null is refitted those of each shift, are regressed side by side
    targets = bins.targets(HISTORY in names, bins.orders if settings.refits else ())
    features = bins.features(bands, settings)
    regression = regression_class(settings.model)(features, bins.folds, targets, settings, advance)
    held = [regression.held_out(fold) for fold in range(bins.folds.n_folds)]
    spikes, *shifted = targets.spikes()
    gains = np.sum([found.gain for found in held], axis=0).reshape(-1, len(bins.names))
    statistic = gains
    if not settings.refits:
        statistic = turned_gains(bins, bands, settings, lambda share: advance(share * settings.folds))
        shifted = [spikes] * len(bins.orders)
    return EncodingResult(
        layer="+".join(names),
        n_units=sum(band.values.shape[1] for band in bands),
        n_components=features.n_components + targets.n_own,
        names=bins.names,
        dropped=bins.dropped,
        bins=len(bins.rows),
        unconverged=regression.unconverged,
        spikes=spikes,
        gains=gains[0],
        statistic=statistic,
        shifted_spikes=np.stack(shifted),
        bounded=np.sum([found.bounded[: len(bins.names)] > 0 for found in held], axis=0),
        bands=(*(band.name for band in features.bands), *([HISTORY] if targets.n_own else [])),
        strengths=np.stack([found.strengths[:, : len(bins.names)] for found in held]),
        rates=bins.folds.together([found.rates for found in held]),
        block_gains=_block_gains(bins, held),
        ceiling=_ceiling(bins, held),
        coefficients=coefficients(features, targets.n_own, held),
        **_likelihoods(bins, held),
    )


def held_out_blocks(
    bins: Bins,
    bands: Sequence[Band],
    settings: EncodingSettings,
    advance: Callable[[float], None] = lambda n: None,
) -> np.ndarray:
    """Log-likelihood above the training mean of every block, without a null; arguments as for `score`.

    Returns:
        nats, shape (blocks, neurons).
    """
    _require_bands(bands)
    targets = bins.targets(HISTORY in [band.name for band in bands])
    features = bins.features(bands, settings)
    regression = regression_class(settings.model)(features, bins.folds, targets, settings, advance)
    return _block_gains(bins, [regression.held_out(fold) for fold in range(bins.folds.n_folds)])


def _require_bands(bands: Sequence[Band]) -> None:
    names = [band.name for band in bands]
    if not bands:
        raise InputError("a model needs one band at least; name some")
    if len(set(names)) < len(names):
        raise InputError(f"a band is named twice in the model {'+'.join(names)}; name it once")


def _likelihoods(bins: Bins, held: Sequence[HeldOut]) -> dict[str, Any]:
    """Log-likelihoods of all that is held out, nats, and what a linear model leaves."""
    counts, n = bins.used, len(bins.names)
    null = -log_factorials(counts)
    for fold, found in enumerate(held):
        rows, mean = bins.folds.rows(fold), found.mean[:n]
        null = null + counts[rows].sum(0) * np.log(mean) - len(rows) * mean
    spikes = counts.sum(0, dtype=np.int64)
    mean = spikes / len(counts)
    squares = [found.squares for found in held if found.squares is not None]
    weights = [found.weights for found in held if found.weights is not None]
    return {
        "null_likelihood": null,
        "mean_likelihood": spikes * np.log(mean) - spikes - log_factorials(counts),
        "saturated_likelihood": saturated_log_likelihood(counts),
        "squares": np.sum(squares, axis=0) if squares else None,
        "weights": np.mean(weights, axis=0) if weights else None,
    }


def _block_gains(bins: Bins, held: Sequence[HeldOut]) -> np.ndarray:
    """Log-likelihood above the training mean of every block, nats, shape (blocks, neurons)."""
    counts, folds, n = bins.used, bins.folds, len(bins.names)
    found = np.empty((folds.n_blocks, n))
    for fold, one in enumerate(held):
        rows = folds.rows(fold)
        explained = counts[rows] * np.log(one.rates / one.mean[:n]) - (one.rates - one.mean[:n])
        found[fold :: folds.n_folds] = explained.reshape(-1, folds.length, n).sum(1, dtype=np.float64)
    return found


def _ceiling(bins: Bins, held: Sequence[HeldOut]) -> NoiseCeiling | None:
    """Where motion repeats, how well neurons could be predicted at best."""
    again = Repeats.of(bins.timeline, bins.rows).trials()
    if again is None:
        return None
    at = np.searchsorted(bins.rows, again)
    rates = bins.folds.together([found.rates for found in held])
    return noise_ceiling(bins.used[at], rates[at].mean(0))
