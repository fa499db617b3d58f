"""How well a model predicts what it did not see: held-out channels, and the bins that follow.

    score = co_smoothing(model, activity, scored_piece)
    score = forward_prediction(model, activity, scored_piece)

Definitions are those of the Neural Latents Benchmark (`nlb_tools`; Pei et al., NeurIPS Datasets and
Benchmarks 2021): the Poisson log-likelihood above that of the neurons' mean counts in the scored bins, summed
over neurons and bins, over the number of spikes, in bits. Units have R², also summed over units.
"""

import dataclasses

import numpy as np

from analysis.dynamics.activity import Activity
from analysis.dynamics.model import LatentModel
from analysis.dynamics.windows import Windows
from analysis.encoding.scores import likelihood_gain
from rodent.errors import InputError

_LEAST_RATE = 1e-6  # expected count of a bin


@dataclasses.dataclass(frozen=True)
class Score:
    """A score.

    Attributes:
        bits_per_spike: NaN for units.
        r2: NaN for spikes.
    """

    bits_per_spike: float
    r2: float

    @property
    def value(self) -> float:
        """Bits per spike of spikes, R² of units."""
        return self.r2 if np.isnan(self.bits_per_spike) else self.bits_per_spike


def score_of(values: np.ndarray, predicted: np.ndarray, kind: str, where: str) -> Score:
    """Score predictions.

    Args:
        values: counts or activations, shape (bins, channels).
        predicted: expected values, shape (bins, channels).
        kind: `spikes` or `units`.
        where: for the error.

    Raises:
        InputError: there are no spikes to score.
    """
    if kind == "units":
        total = ((values - values.mean(0)) ** 2).sum()
        if total <= 0:
            raise InputError(f"{where}: the units do not vary, so no prediction can be scored")
        return Score(float("nan"), float(1 - ((values - predicted) ** 2).sum() / total))
    spikes = values.sum()
    if spikes == 0:
        raise InputError(f"{where}: there are no spikes to score; take a longer recording or more neurons")
    live = values.any(0)
    predicted = np.maximum(predicted[:, live], _LEAST_RATE)
    gain = likelihood_gain(values[:, live], predicted, values[:, live].mean(0))
    return Score(float(gain.sum() / (spikes * np.log(2))), float("nan"))


def co_smoothing(model: LatentModel, activity: Activity, piece: np.ndarray) -> Score:
    """Score the prediction of channels that the model does not see, from those that it sees.

    Args:
        model: fitted.
        activity: of all channels.
        piece: of the bins to score, -1 for others, shape (bins,).
    """
    windows = scored_windows(model, activity, piece)
    predicted = windows.joined(model.rates(windows.of(activity.values)))
    bins, out = np.isfinite(predicted[:, 0]), ~model.held_in_
    values = activity.values[bins][:, out]
    return score_of(values, predicted[bins][:, out], activity.kind, f"{activity.name}, held-out channels")


@dataclasses.dataclass(frozen=True)
class Forecast:
    """Forward prediction.

    Attributes:
        score: of the model.
        persistence: R² of units that stay as they were in the last bin known; NaN for spikes.
        true, predicted: values of the bins predicted, shape (windows, bins, channels).
    """

    score: Score
    persistence: float
    true: np.ndarray
    predicted: np.ndarray


def forward_prediction(model: LatentModel, activity: Activity, piece: np.ndarray) -> Forecast:
    """Score the prediction of the last bins of windows from the bins before them, of all channels.

    Args:
        model: fitted.
        activity: of all channels.
        piece: of the bins to score, -1 for others, shape (bins,).
    """
    windows = scored_windows(model, activity, piece)
    values = windows.of(activity.values)
    steps = max(1, round(model.settings.forecast_seconds / activity.bin_seconds))
    known, true = values[:, :-steps], values[:, -steps:]
    predicted = model.forecast(known, steps)
    flat, where = (-1, values.shape[2]), f"{activity.name}, forward prediction"
    score = score_of(true.reshape(flat), predicted.reshape(flat), activity.kind, where)
    persistence = float("nan")
    if activity.kind == "units":
        before = np.broadcast_to(known[:, -1:], true.shape)
        persistence = score_of(true.reshape(flat), before.reshape(flat), activity.kind, where).r2
    return Forecast(score, persistence, true, predicted)


def scored_windows(model: LatentModel, activity: Activity, piece: np.ndarray) -> Windows:
    """Windows of the bins to score; there are enough.

    Raises:
        InputError: there are too few.
    """
    length, overlap = window_bins(model.settings.window_seconds, model.settings.overlap_seconds, activity)
    windows = Windows.cut(piece, length, overlap)
    windows.require_enough(f"the scored part of {activity.name}", model.settings.window_seconds)
    return windows


def window_bins(window_seconds: float, overlap_seconds: float, activity: Activity) -> tuple[int, int]:
    """Length of a window, and overlap, bins.

    Raises:
        InputError: a window has fewer than four bins.
    """
    length = round(window_seconds / activity.bin_seconds)
    if length < 4:
        raise InputError(
            f"a window of {window_seconds:g} s has {length} bins of {activity.bin_seconds:g} s; expected 4 "
            "at least: take longer windows (--window-seconds) or shorter bins (--bin-seconds)"
        )
    return length, min(round(overlap_seconds / activity.bin_seconds), length - 1)
