"""Outcomes of a rollout: how long it went well, how it ended, what it earned, how far off it was.

    outcome = Outcome(once=True)
    outcome.add({"lost": lost, "reward/total": reward, "error/root_position": error})    # rows as they come
    outcome.values()["lifespan"]

Means are over the frames before the reference was first lost, as in the tracking metrics.
"""

from collections.abc import Mapping

import numpy as np

from rodent.recording import Channel

ERRORS: Mapping[str, str] = {
    "root_position": "m",
    "root_orientation": "rad",
    "joint_angle": "rad",
    "body_position": "m",
    "end_effector": "m",
}
"""The tracking errors, and their units."""
TRACKING_OUTCOMES: Mapping[str, Channel] = {
    f"error/{name}": Channel(unit, "mean tracking error before the reference was first lost", (), "f8")
    for name, unit in ERRORS.items()
}
"""The outcomes of tracking, beside those that every rollout has."""


class Outcome:
    """The outcomes of one rollout, from its rows.

    Args:
        once: a rat that is left where it is fails only once; else it is put back each time.
    """

    def __init__(self, once: bool):
        self._once = once
        self._lost = np.zeros(0, bool)
        self._sums: dict[str, float] = {}

    def add(self, rows: Mapping[str, np.ndarray]) -> np.ndarray:
        """Take the next rows.

        Args:
            rows: `lost`, whether the reference was lost at a frame, and whatever means are wanted of; each of
                shape (n,).

        Returns:
            whether the rat was alive, bool, shape (n,).
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
        """How often the reference was lost so far."""
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
