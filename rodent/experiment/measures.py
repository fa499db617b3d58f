"""Outcomes of the rollouts of a batch, accumulated frame by frame.

measures = Measures(task, frames)
alive = measures.add(kept, physics)       # rollouts that go on, shape (num_envs,)
measures.add_step(physics)
measures.values()["root_error"]           # shape (num_envs,)
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rodent.experiment.gait import Gait
from rodent.physics.engine import PhysicsState
from rodent.tasks.task import Task

ERRORS: Mapping[str, str] = {
    "root_error": "root_position",
    "joint_error": "joint_angle",
    "body_error": "body_position",
    "end_effector_error": "end_effector",
}
"""Outcomes, and the metrics of the task whose means over all frames they are."""
ACTIVITY = "activity:"
"""Prefix of the outcomes that are the mean absolute activity of a layer."""


class Measures:
    """Outcomes of num_envs rollouts.

    A rollout counts until it fails. In errors, the frames after it count with the worst value of the metric,
    as in tracking metrics over all frames.

    Args:
        task: of one environment.
        frames: control steps of each rollout, shape (num_envs,).
    """

    def __init__(self, task: Task[Any], frames: np.ndarray):
        n = len(frames)
        self._frames, self._metrics = frames, task.metrics
        self._index, self.alive = 0, frames > 0
        self._tracked, self._changed = np.zeros(n, np.int32), np.zeros(n, np.int64)
        self._onset = np.full(n, -1, np.int32)
        self._sums: dict[str, np.ndarray] = {}
        self._activity: dict[str, np.ndarray] = {}
        self._gait = Gait(task.scene, n, task.timestep)

    def add(self, kept: Mapping[str, Any], physics: PhysicsState) -> np.ndarray:
        """A frame of all rollouts.

        Args:
            kept: `failed`, `metrics` and `activity` by name, and what interventions have done so far:
                `changed`, the number of values that they have changed, and `active`, whether one was active;
                arrays (num_envs, …).
            physics: in this frame.

        Returns:
            rollouts that have not failed or ended, shape (num_envs,).
        """
        self.alive = self.alive & ~np.asarray(kept["failed"]) & (self._index < self._frames)
        begins = self.alive & np.asarray(kept["active"]) & (self._onset < 0)
        self._onset = np.where(begins, self._index, self._onset)
        self._index += 1
        self._tracked += self.alive
        self._changed = np.where(self.alive, np.asarray(kept["changed"]), self._changed)
        for name in ERRORS.values():
            if name in kept["metrics"]:
                values = np.asarray(kept["metrics"][name], float)
                _add(self._sums, name, values.reshape(len(values), -1).mean(1), self.alive)
        for layer, values in kept["activity"].items():
            _add(self._activity, layer, np.asarray(values, float), self.alive)
        self._gait.add(physics, self.alive)
        return self.alive

    def add_step(self, physics: PhysicsState) -> None:
        """What happened in the step, from the physics after it."""
        self._gait.add_step(physics, self.alive)

    def values(self) -> dict[str, np.ndarray]:
        """Outcomes by name, each (num_envs,); in SI units."""
        found: dict[str, np.ndarray] = {
            "frames": self._frames.astype(np.int32),
            "frames_tracked": self._tracked,
            "success": self._tracked == self._frames,
            "onset": self._onset.astype(np.int32),
        }
        lost = self._frames - self._tracked
        with np.errstate(invalid="ignore"):
            for outcome, name in ERRORS.items():
                if name in self._sums:
                    worst = self._metrics[name].worst / self._metrics[name].factor
                    found[outcome] = (self._sums[name] + worst * lost) / self._frames
                else:
                    found[outcome] = np.full(len(lost), np.nan)
            found |= self._gait.values()
            found |= {ACTIVITY + layer: sums / self._tracked for layer, sums in self._activity.items()}
        return found | {"changed_values": self._changed}


def _add(sums: dict[str, np.ndarray], name: str, values: np.ndarray, counted: np.ndarray) -> None:
    sums[name] = sums.get(name, np.zeros(len(values))) + np.where(counted, values, 0.0)
