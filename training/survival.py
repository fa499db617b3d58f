"""How long clips are tracked, how closely, and what ends them.

frames, share = alive_by_frame(traces)        # from the first frame on
share = success_within(traces, np.arange(1, 51))
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from training.evaluate import Trace

NOT_FINITE, TERMINATED = "not_finite", "terminated"
_UNITS = {"deg": "degrees"}
_SINGLE = 1e-5  # what single precision may lose of a fraction
THRESHOLDS_MM = np.arange(1, 51)


def alive_by_frame(traces: Sequence["Trace"]) -> tuple[np.ndarray, np.ndarray]:
    """Share of clips not yet lost, where it changes.

    Clips that end without being lost leave those that are counted: the estimate of Kaplan and
    Meier (1958), for clips of one length the plain share.

    Returns:
        frames, the first being 0, and the share that is alive from each until the next.
    """
    lifespan = np.array([trace.lifespan for trace in traces])
    length = np.array([len(trace.failed) for trace in traces])
    frames = np.arange(length.max())
    lost = np.sum((lifespan == frames[:, None]) & (lifespan < length), axis=1)
    at_risk = np.sum((lifespan >= frames[:, None]) & (length > frames[:, None]), axis=1)
    # after the last clip at risk the share stays as it is
    share = np.cumprod(1 - lost / np.maximum(at_risk, 1))
    changes = np.flatnonzero((lost > 0) | (frames == 0))
    return frames[changes], share[changes]


def success_within(
    traces: Sequence["Trace"],
    millimetres: np.ndarray,
    errors: Sequence[str] = ("root_position", "body_position"),
) -> np.ndarray:
    """Share of clips tracked to the end with none of the errors ever above a distance.

    Args:
        traces: of the clips.
        millimetres: distances, shape (n,).
        errors: which are to stay below them.

    Returns:
        shape (n,).
    """
    worst = [
        np.inf if trace.failed.any() else max(trace.errors[error].max() for error in errors)
        for trace in traces
    ]
    return np.mean(np.array(worst)[:, None] <= millimetres, axis=0)


def ended_by(trace: "Trace") -> str | None:
    """The error that was furthest beyond its limit in the frame of failure; None without one."""
    if not trace.failed.any():
        return None
    fraction = {name: error[trace.lifespan] for name, error in limit_fractions(trace).items()}
    if not all(np.isfinite(error[trace.lifespan]).all() for error in trace.errors.values()):
        return NOT_FINITE
    if not fraction:  # the task has limits that are no metric's
        return TERMINATED
    if max(fraction.values()) < 1 - _SINGLE:
        return NOT_FINITE
    return max(fraction, key=lambda name: fraction[name])


def limits(trace: "Trace") -> dict[str, float]:
    """The limits of the errors that can end an episode, in the units that they are reported in."""
    return {name: metric.limit for name, metric in trace.metrics.items() if metric.limit is not None}


def limit_fractions(trace: "Trace") -> dict[str, np.ndarray]:
    """The errors that can end an episode, each relative to its limit, shape (frames,)."""
    return {name: trace.errors[name] / limit for name, limit in limits(trace).items()}


def how_lost(found: Mapping[str, float]) -> str:
    """The limits of `scores` in words: `the root position error is more than 50 mm, or …`."""
    words = []
    for label, limit in found.items():
        name = label.rpartition("_")[0].replace("_", " ")
        words.append(f"the {name} is more than {limit:.0f} {unit_of(label)}")
    return ", or ".join(words)


def unit_of(label: str) -> str:
    """The unit of a figure, which ends its label: `mm` of `root_position_error_mm`."""
    unit = label.rpartition("_")[2]
    return _UNITS.get(unit, unit)
