"""A task as an environment of dm_env, stepped on the host."""

from typing import Any

import dm_env
import numpy as np
from dm_env import specs

from rodent.environments.gym import GymEnv
from rodent.tasks.task import Task


class DmEnvironment(dm_env.Environment):
    """One environment; observations are arrays by group, not normalised, actions in the task's units.

    Args:
        task: of one environment.
        seed: of the starts of episodes.
    """

    def __init__(self, task: Task[Any], seed: int = 0):
        self._env, self._seed, self._begun = GymEnv(task), seed, False

    def reset(self) -> dm_env.TimeStep:
        """Start an episode at a random start."""
        observation, _ = self._env.reset(seed=self._seed)
        self._seed, self._begun = self._seed + 1, True
        return dm_env.restart(observation)

    def step(self, action: np.ndarray) -> dm_env.TimeStep:
        """See `dm_env.Environment.step`: after a last step, a new episode starts."""
        if not self._begun:
            return self.reset()
        observation, reward, terminated, truncated, _ = self._env.step(action)
        self._begun = not (terminated or truncated)
        if terminated:
            return dm_env.termination(np.float32(reward), observation)
        if truncated:
            return dm_env.truncation(np.float32(reward), observation)
        return dm_env.transition(np.float32(reward), observation)

    def observation_spec(self) -> dict[str, specs.Array]:
        """Shape and type of each group."""
        spaces: Any = self._env.observation_space
        return {name: specs.Array(space.shape, np.float32, name) for name, space in spaces.items()}

    def action_spec(self) -> specs.Array:
        """Shape and type of an action."""
        return specs.Array(self._env.action_space.shape, np.float32, "action")

    def reward_spec(self) -> specs.Array:
        """A number."""
        return specs.Array((), np.float32, "reward")
