"""A task as a vector environment of Gymnasium, stepped on the host's threads."""

from typing import Any

import gymnasium
import jax
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from rodent.environments.given import acting, begun, given_loop, seen
from rodent.loop import host_engine
from rodent.loop.drivers import decided, evaluated
from rodent.tasks.task import Task

_LARGEST = np.float32(np.finfo(np.float32).max)


class GymVectorEnv(VectorEnv[Any, np.ndarray, np.ndarray]):
    """num_envs parallel environments; after the end of an episode, a new one starts in the same step.

    Observations are dictionaries of arrays by group, see `Task.observe`, not normalised. Actions are in the
    task's units, in which 1 is the nominal action of an actuator. At the end of an episode, `final_obs` of
    the infos has the last observation; metrics and reward terms are also in the infos.

    Args:
        task: of one environment.
        num_envs: number of environments.
        threads: that step the physics; 0 for one per core.
    """

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}  # noqa: RUF012

    def __init__(self, task: Task[Any], num_envs: int = 1, threads: int = 0):
        self.task, self.num_envs = task, num_envs
        self._loop = given_loop(task)
        self._engine = host_engine(task, num_envs, threads)
        state, physics = begun(task, jax.random.PRNGKey(0), 1)
        groups, _ = seen(self._loop, task, state, physics)
        self.single_observation_space = gymnasium.spaces.Dict(
            {name: _box(values.shape[-1]) for name, values in groups.items()}
        )
        self.single_action_space = _box(task.action_size)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(
        self, *, seed: int | list[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start new episodes at random starts; with a seed, always the same ones."""
        if isinstance(seed, list):
            seed = seed[0]
        super().reset(seed=seed)
        key = jax.random.PRNGKey(int(self.np_random.integers(2**31)))
        self._state, physics = begun(self.task, key, self.num_envs)
        self._engine_state = self._engine.begin(jax.tree.map(np.asarray, physics))
        observation, _ = seen(self._loop, self.task, self._state, physics)
        return jax.tree.map(np.asarray, dict(observation)), {}

    def step(self, actions: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """See `gymnasium.vector.VectorEnv.step`."""
        actor = acting(np.asarray(actions, np.float32))
        physics = self._engine_state.physics
        state, _, command = decided(self._loop, _nothing, self.task, actor, self._state, physics)
        self._engine_state = self._engine.step(self._engine_state, command)
        physics = self._engine_state.physics
        self._state, outcome = evaluated(self.task, state, physics)
        observation, last = seen(self._loop, self.task, self._state, physics)
        observation, last, outcome = jax.tree.map(np.asarray, (dict(observation), dict(last), outcome))
        over = outcome.terminated | outcome.truncated
        infos: dict[str, Any] = {
            "metrics": outcome.metrics,
            "terms": outcome.terms,
            **({"final_obs": last, "_final_obs": over} if over.any() else {}),
        }
        return observation, outcome.reward, outcome.terminated, outcome.truncated, infos


class GymEnv(gymnasium.Env[Any, np.ndarray]):
    """One environment; see `GymVectorEnv`."""

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

    def __init__(self, task: Task[Any]):
        self._vector = GymVectorEnv(task, 1, threads=1)
        self.observation_space = self._vector.single_observation_space
        self.action_space = self._vector.single_action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode at a drawn place; with a seed the same one each time."""
        super().reset(seed=seed)
        vector_seed = int(self.np_random.integers(2**31))
        observation, infos = self._vector.reset(seed=vector_seed)
        return _of_one(observation), infos

    def step(self, action: np.ndarray) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """See `gymnasium.Env.step`."""
        observation, reward, terminated, truncated, infos = self._vector.step(np.asarray(action)[None])
        last = infos.pop("final_obs", observation)
        infos.pop("_final_obs", None)
        return _of_one(last), float(reward[0]), bool(terminated[0]), bool(truncated[0]), _of_one(infos)


def _of_one(tree: Any) -> Any:
    return jax.tree.map(lambda x: x[0], tree)


def _box(size: int) -> gymnasium.spaces.Box:
    return gymnasium.spaces.Box(-_LARGEST, _LARGEST, (size,), np.float32)


def _nothing(task: Task[Any], decision: Any) -> tuple[()]:
    return ()
