"""Tuning curves: the rate of neurons against one scalar of behavior, as counted and as predicted.

    curve = tuning_curve(speed, edges(speed, 20), counts, {"joints": rates}, bin_seconds=0.1)
    curve.seconds                                   # spent in each band of the scalar, (bands,)
    curve.hz                                        # (bands, neurons)
    curve.predicted_hz["joints"]                    # (bands, neurons), from fits that did not see the bins

Rates are spikes over the time spent there (O'Keefe and Dostrovsky, Brain Research 34, 171, 1971), without
smoothing. A band in which no time was spent has the rate NaN.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np


@dataclasses.dataclass(frozen=True)
class TuningCurve:
    """Rates against one scalar.

    Attributes:
        edges: of the bands, in the unit of the scalar, shape (bands + 1,).
        seconds: spent in each band, shape (bands,).
        spikes: counted in each band, shape (bands, neurons).
        hz: mean rate, shape (bands, neurons).
        predicted_hz: mean predicted rate of each model, shape (bands, neurons).
    """

    edges: np.ndarray
    seconds: np.ndarray
    spikes: np.ndarray
    hz: np.ndarray
    predicted_hz: dict[str, np.ndarray]


def edges(values: np.ndarray, n: int, circular: bool = False) -> np.ndarray:
    """Edges of n bands of equal width: of the circle, or between the 1st and 99th percentile.

    Args:
        values: shape (bins,).
        n: how many bands.
        circular: whether the values are angles from -pi to pi.

    Returns:
        shape (n + 1,).
    """
    low, high = (-np.pi, np.pi) if circular else np.percentile(values, (1, 99))
    return np.linspace(low, high, n + 1)


def tuning_curve(
    values: np.ndarray,
    edges: np.ndarray,
    counts: np.ndarray,
    rates: Mapping[str, np.ndarray],
    bin_seconds: float,
) -> TuningCurve:
    """Rates against a scalar.

    Args:
        values: of the scalar, shape (bins,); those beyond the edges are left out.
        edges: of the bands, shape (bands + 1,).
        counts: spikes, shape (bins, neurons).
        rates: expected counts by model, shape (bins, neurons) each.
        bin_seconds: length of a bin.
    """
    n = len(edges) - 1
    # the last band holds its upper edge, as in numpy's histogram
    band = np.where(values == edges[-1], n - 1, np.searchsorted(edges, values, side="right") - 1)
    inside = (band >= 0) & (band < n)
    member = np.zeros((n, len(values)))
    member[band[inside], np.flatnonzero(inside)] = 1.0
    seconds = member.sum(1) * bin_seconds
    spent = np.where(seconds > 0, seconds, np.nan)[:, None]
    return TuningCurve(
        edges=edges,
        seconds=seconds,
        spikes=(member @ counts).astype(np.int64),
        hz=member @ counts / spent,
        predicted_hz={model: member @ rate / spent for model, rate in rates.items()},
    )
