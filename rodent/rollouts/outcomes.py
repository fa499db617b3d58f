"""Outcomes of a rollout: how long it went well, how it ended, what it earned, how far off it was.

    outcome = Outcome(once=True)
    outcome.add({"lost": lost, "reward/total": reward, "error/root_position": error})    # rows as they come
    outcome.values()["lifespan"]

Means are over the frames before the episode was first lost, as in the tracking metrics.
"""

from collections.abc import Mapping

import numpy as np

from rodent.recording import Channel
from rodent.tasks.task import Metric


def outcome_channels(metrics: Mapping[str, Metric]) -> dict[str, Channel]:
    """The outcomes of a task with these metrics, beside those that every rollout has."""
    return {
        f"error/{name}": Channel(metric.unit, "mean error before the episode was first lost", (), "f8")
        for name, metric in metrics.items()
    }


class Outcome:
    """The outcomes of one rollout, from its rows.

    Args:
        once: a body that is left where it is fails only once; else it is put back each time.
    """

    def __init__(self, once: bool):
        self._once = once
        self._lost = np.zeros(0, bool)
        self._sums: dict[str, float] = {}

    def add(self, rows: Mapping[str, np.ndarray]) -> np.ndarray:
        """Take the next rows.

        Args:
            rows: `lost`, whether the episode was lost at a frame, and whatever the means are taken of; each
                of shape (n,).

        Returns:
            whether the episode was not lost, bool, shape (n,).
        """
        before = len(self._lost)
        self._lost = np.concatenate([self._lost, rows["lost"]])
        good = slice(max(0, min(self._lifespan - before, len(rows["lost"]))))
        for name, values in rows.items():
            if name != "lost":
                self._sums[name] = self._sums.get(name, 0.0) + float(np.sum(values[good], dtype=np.float64))
        alive = np.arange(before, len(self._lost)) < self._lifespan
        return alive if self._once else ~rows["lost"]

    @property
    def failures(self) -> int:
        """How often it was lost so far."""
        return int(self._lost.any() if self._once else self._lost.sum())

    def values(self) -> dict[str, float]:
        """All of them; means over no frames are NaN."""
        frames, lifespan = len(self._lost), self._lifespan
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
        return int(np.argmax(self._lost)) if self._lost.any() else len(self._lost)
