"""Variables of behaviour in every frame of the rollouts of a batch.

series = Series(("speed", "phase/foot_L"), scene, timestep)
series.add(physics)                       # a frame of all environments
series.values(tracked)["series:speed"]    # shape (num_envs, frames), NaN from the failure on

They are those that units are selected by, see `rodent.intervention.behaviour`. A phase comes from a filter
over the whole rollout, so poses are kept until its end.
"""

from collections.abc import Sequence

import numpy as np

from rodent.intervention.behaviour import behaviour
from rodent.physics.engine import PhysicsState
from rodent.scene import Scene

SERIES = "series:"
"""Prefix of columns that hold a variable in every frame."""


class Series:
    """Variables of behaviour of num_envs rollouts.

    Args:
        names: of the variables; empty for none.
        scene: names and indices.
        timestep: of control, s.
    """

    def __init__(self, names: Sequence[str], scene: Scene, timestep: float):
        self._names, self._scene, self._timestep = names, scene, timestep
        self._poses: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, physics: PhysicsState) -> None:
        """A frame, from the physics before its step."""
        if self._names:
            self._poses.append((np.array(physics.qpos), np.array(physics.qvel)))

    def values(self, tracked: np.ndarray) -> dict[str, np.ndarray]:
        """The variables.

        Args:
            tracked: frames before the failure, shape (num_envs,).

        Returns:
            by name with the prefix, each (num_envs, frames), float32; NaN from the failure on.
        """
        if not self._names:
            return {}
        qpos, qvel = (np.stack(arrays, 1) for arrays in zip(*self._poses, strict=True))
        found = {name: np.full(qpos.shape[:2], np.nan, np.float32) for name in self._names}
        for i in np.flatnonzero(tracked):
            n = int(tracked[i])
            known = behaviour(self._scene, qpos[i, :n], qvel[i, :n], self._timestep)
            for name, values in found.items():
                values[i, :n] = known[name]
        return {SERIES + name: values for name, values in found.items()}
