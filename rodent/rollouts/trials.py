"""Trials of an episode, found in the task's states once it has been played.

history = History(task)
history.add(states, alive)          # blocks of frames
history.trials()
"""

from typing import Any

import jax
import numpy as np

from rodent.recording.trials import Trial, until_failure
from rodent.tasks.task import Task


class History:
    """The states of a task in one episode.

    Args:
        task: of one environment.
    """

    def __init__(self, task: Task[Any]):
        self._task = task
        self._states: list[Any] = []
        self._alive: list[np.ndarray] = []

    def add(self, states: Any, alive: np.ndarray) -> None:
        """Add the next frames.

        Args:
            states: of the task, arrays that lead with (frames, …).
            alive: whether the episode had not failed, shape (frames,).
        """
        self._states.append(states)
        self._alive.append(alive)

    def trials(self) -> list[Trial]:
        """The trials of the episode, up to its failures."""
        if not self._states:
            return []
        states = jax.tree.map(lambda *blocks: np.concatenate(blocks), *self._states)
        return until_failure(self._task.trials(states), np.concatenate(self._alive), self._task.timestep)
