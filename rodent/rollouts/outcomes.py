"""Outcomes of a rollout: lifespan, failures, mean rewards and mean errors.

    outcome = Outcome(once=True)
    outcome.add({"failed": failed, "reward/total": reward, "error/root_position": error})    # blocks of rows
    outcome.values()["lifespan"]

Means are over the frames before the first failure, as in the tracking metrics.
"""

from collections.abc import Mapping

import numpy as np

from rodent.recording import Channel
from rodent.tasks.task import Metric


def outcome_channels(metrics: Mapping[str, Metric]) -> dict[str, Channel]:
    """The outcomes of a task with these metrics, in addition to those of every rollout."""
    return {
        f"error/{name}": Channel(metric.unit, "mean error before the first failure", (), "f8")
        for name, metric in metrics.items()
    }


class Outcome:
    """The outcomes of one rollout, from its rows.

    Args:
        once: count only the first failure, because the body is not reset; else the body is reset after each.
    """

    def __init__(self, once: bool):
        self._once = once
        self._failed = np.zeros(0, bool)
        self._sums: dict[str, float] = {}

    def add(self, rows: Mapping[str, np.ndarray]) -> np.ndarray:
        """Add the next rows.

        Args:
            rows: `failed`, failures by frame, and the quantities to average; each of shape (n,).

        Returns:
            frames without failure, bool, shape (n,).
        """
        before = len(self._failed)
        self._failed = np.concatenate([self._failed, rows["failed"]])
        good = slice(max(0, min(self._lifespan - before, len(rows["failed"]))))
        for name, values in rows.items():
            if name != "failed":
                self._sums[name] = self._sums.get(name, 0.0) + float(np.sum(values[good], dtype=np.float64))
        alive = np.arange(before, len(self._failed)) < self._lifespan
        return alive if self._once else ~rows["failed"]

    @property
    def failures(self) -> int:
        """Number of failures so far."""
        return int(self._failed.any() if self._once else self._failed.sum())

    def values(self) -> dict[str, float]:
        """All outcomes; means over no frames are NaN."""
        frames, lifespan = len(self._failed), self._lifespan
        means = {name: total / lifespan if lifespan else np.nan for name, total in self._sums.items()}
        return {
            "frames": frames,
            "lifespan": lifespan,
            "failures": self.failures,
            "terminated": lifespan < frames,
            "truncated": lifespan == frames,
            **means,
        }

    @property
    def _lifespan(self) -> int:
        return int(np.argmax(self._failed)) if self._failed.any() else len(self._failed)
