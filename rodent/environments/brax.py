"""A task as a batched environment of brax, stepped by MJX inside compiled programs.

    env = BraxEnv(task, num_envs=64)
    brax.training.agents.ppo.train.train(env, wrap_env=False, num_envs=64, num_eval_envs=64, ...)

It batches environments and resets episodes by itself, so brax must not wrap it. brax 0.14 calls
`jax.device_put_replicated`, which JAX 0.10 does not have; `benchmarks/brax_ppo.py` trains with a replacement.
"""

import contextlib
import io
from typing import Any

import jax
import jax.numpy as jnp

from rodent.environments.given import acting, begun, given_loop, seen
from rodent.loop.step import decide, evaluate_transition
from rodent.physics.device import DeviceEngine, Mjx
from rodent.physics.mjx_compat import Implementation
from rodent.tasks.task import Observation, Task

with contextlib.redirect_stdout(io.StringIO()):  # importing mujoco.mjx prints where Warp is not installed
    from brax.envs.base import Env, State


class BraxEnv(Env):
    """num_envs parallel environments; after the end of an episode, the next step starts a new one.

    Observations are one array, see `flat_observation`. Metrics are the task's, of one number each; `info` has
    `truncation`, `steps`, `episode_done`, and `episode_metrics`, sums over the episode so far.

    Args:
        task: of one environment.
        num_envs: number of environments.
        implementation: of MJX, see `Mjx`.
    """

    def __init__(self, task: Task[Any], num_envs: int, implementation: Implementation = "jax"):
        scene = task.scene
        self.task, self.num_envs, self._loop = task, num_envs, given_loop(task)
        self._engine = DeviceEngine(
            scene.model,
            num_envs,
            task.timestep,
            Mjx(implementation),
            bodies=scene.tracked_ids,
            root=scene.root_id,
        )

    def reset(self, rng: jax.Array) -> State:
        """Start new episodes; of brax's keys, one per environment, only the first is used."""
        key = rng.reshape(-1, rng.shape[-1])[0]
        loop, physics = begun(self.task, key, self.num_envs)
        engine = self._engine.begin(jax.tree.map(jnp.asarray, physics))
        observation, _ = seen(self._loop, self.task, loop, physics)
        none = jnp.zeros(self.num_envs)
        metrics = {
            name: jnp.zeros(value.shape[:1]) for name, value in loop.metrics.items() if value.ndim == 1
        }
        sums = dict.fromkeys((*metrics, "sum_reward", "length"), none)
        info = {"truncation": none, "steps": none, "episode_done": none, "episode_metrics": sums}
        carried: Any = (loop, engine)
        return State(carried, flat_observation(observation), none, none, metrics, info)

    def step(self, state: Any, action: jax.Array) -> State:
        """One control step of all environments."""
        before: Any = state.pipeline_state
        loop, engine = before
        loop, _, command = decide(self._loop, self.task, acting(action), loop, engine.physics)
        engine = self._engine.step(engine, command)
        loop, outcome = evaluate_transition(self.task, loop, engine.physics)
        observation, _ = seen(self._loop, self.task, loop, engine.physics)
        done = (outcome.terminated | outcome.truncated).astype(jnp.float32)
        metrics = {name: outcome.metrics[name] for name in state.metrics}
        added = metrics | {"sum_reward": outcome.reward, "length": jnp.ones(self.num_envs)}
        so_far = state.info["episode_metrics"]
        info = state.info | {
            "truncation": outcome.truncated.astype(jnp.float32),
            "steps": loop.steps.astype(jnp.float32),
            "episode_done": done,
            "episode_metrics": {
                name: value + jnp.where(state.done > 0, 0.0, so_far[name]) for name, value in added.items()
            },
        }
        return state.replace(
            pipeline_state=(loop, engine),
            obs=flat_observation(observation),
            reward=outcome.reward,
            done=done,
            metrics=metrics,
            info=info,
        )

    @property
    def observation_size(self) -> int:
        """Size of the observation."""
        shape = jax.eval_shape(lambda key: self.reset(key[None]).obs, jax.random.PRNGKey(0))
        return shape.shape[-1]

    @property
    def action_size(self) -> int:
        """Number of action dimensions."""
        return self.task.action_size

    @property
    def backend(self) -> str:
        """`mjx`."""
        return "mjx"


def flat_observation(observation: Observation) -> jax.Array:
    """All groups of an observation in one array, in the order of their names: what `BraxEnv` gives.

    Args:
        observation: by group, shapes (n, …).

    Returns:
        shape (n, observation_size).
    """
    return jnp.concatenate([observation[name] for name in sorted(observation)], -1)
