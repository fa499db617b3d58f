"""Survival of clips, success rates by distance, and causes of failure.

frames, fraction = alive_by_frame(traces)
fraction = success_within(traces, np.arange(1, 51))
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from training.evaluate import Trace

NOT_FINITE, TERMINATED = "not_finite", "terminated"
_UNITS = {"deg": "degrees"}
_SINGLE = 1e-5  # rounding error of a fraction in single precision
THRESHOLDS_MM = np.arange(1, 51)


def alive_by_frame(traces: Sequence["Trace"]) -> tuple[np.ndarray, np.ndarray]:
    """Fraction of clips without a failure, at the frames where it changes.

    Clips that end without a failure are censored: the estimate of Kaplan and Meier (1958), which is the
    plain fraction for clips of equal length.

    Returns:
        frames, the first being 0, and the fraction from each to the next.
    """
    lifespan = np.array([trace.lifespan for trace in traces])
    length = np.array([len(trace.failed) for trace in traces])
    frames = np.arange(length.max())
    failed = np.sum((lifespan == frames[:, None]) & (lifespan < length), axis=1)
    at_risk = np.sum((lifespan >= frames[:, None]) & (length > frames[:, None]), axis=1)
    # after the last clip at risk the fraction does not change
    fraction = np.cumprod(1 - failed / np.maximum(at_risk, 1))
    changes = np.flatnonzero((failed > 0) | (frames == 0))
    return frames[changes], fraction[changes]


def success_within(
    traces: Sequence["Trace"],
    millimetres: np.ndarray,
    errors: Sequence[str] = ("root_position", "body_position"),
) -> np.ndarray:
    """Fraction of clips tracked to the end in which no error ever exceeds a distance.

    Args:
        traces: of the clips.
        millimetres: distances, shape (n,).
        errors: names of the errors.

    Returns:
        shape (n,).
    """
    worst = [
        np.inf if trace.failed.any() else max(trace.errors[error].max() for error in errors)
        for trace in traces
    ]
    return np.mean(np.array(worst)[:, None] <= millimetres, axis=0)


def ended_by(trace: "Trace") -> str | None:
    """The error that exceeds its limit most in the frame of failure; None without a failure."""
    if not trace.failed.any():
        return None
    fraction = {name: error[trace.lifespan] for name, error in limit_fractions(trace).items()}
    if not all(np.isfinite(error[trace.lifespan]).all() for error in trace.errors.values()):
        return NOT_FINITE
    if not fraction:  # the limits of the task are not those of metrics
        return TERMINATED
    if max(fraction.values()) < 1 - _SINGLE:
        return NOT_FINITE
    return max(fraction, key=lambda name: fraction[name])


def limits(trace: "Trace") -> dict[str, float]:
    """The limits of the errors that can terminate an episode, in the units of the report."""
    return {name: metric.limit for name, metric in trace.metrics.items() if metric.limit is not None}


def limit_fractions(trace: "Trace") -> dict[str, np.ndarray]:
    """The errors that can terminate an episode, each relative to its limit, shape (frames,)."""
    return {name: trace.errors[name] / limit for name, limit in limits(trace).items()}


def failure_text(found: Mapping[str, float]) -> str:
    """The limits of `scores` in words: `the root position error is more than 50 mm, or …`."""
    words = []
    for label, limit in found.items():
        name = label.rpartition("_")[0].replace("_", " ")
        words.append(f"the {name} is more than {limit:.0f} {unit_of(label)}")
    return ", or ".join(words)


def unit_of(label: str) -> str:
    """The unit of a metric, from the end of its label: `mm` of `root_position_error_mm`."""
    unit = label.rpartition("_")[2]
    return _UNITS.get(unit, unit)
