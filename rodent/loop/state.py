"""What a loop carries from one control step to the next, beside the engine's own state."""

from typing import Any, NamedTuple, Protocol, Self

import flax.struct
import jax
import jax.numpy as jnp

from rodent.physics.engine import PhysicsState
from rodent.policy.agent import Agent, Memory, Params
from rodent.policy.policy import Normalizer
from rodent.tasks.task import Task


class Actor(NamedTuple):
    """What an agent acts with.

    Attributes:
        params: of the agent.
        normalizer: of its observations.
    """

    params: Params
    normalizer: Normalizer


class StartSampler(Protocol):
    """Decides where episodes begin; a tree of arrays."""

    def draw(self, key: jax.Array, n: int) -> jax.Array:
        """Places of `Task.starts` for n episodes, shape (n,)."""
        ...

    def counted(self, ended: "Ended", begun: jax.Array) -> Self:
        """The sampler when it has heard of episodes that ended and of where the next ones begin."""
        ...


class Ended(NamedTuple):
    """Episodes of n environments, arrays (n,).

    Attributes:
        which: environments whose episode ended.
        start: place that it began with.
        steps: control steps that it lasted.
        terminated: whether it ended with a failure.
    """

    which: jax.Array
    start: jax.Array
    steps: jax.Array
    terminated: jax.Array


@flax.struct.dataclass
class LoopState:
    """Where n environments are in their episodes; arrays (n, …).

    Attributes:
        task: states of the task.
        start: place of `Task.starts` that the episode began with.
        steps: control steps of the episode so far.
        action, previous_action: of the last step, and of the one before it.
        noise: of the last action, standard normal.
        memory: of the agent, for the next step.
        terminated, truncated, diverged: what the last step came to, see `Outcome`.
        metrics: of where it led.
        sampler: a `StartSampler`; None where environments are put back where they were.
        key: of all randomness.
        world: of a world that differs between episodes, see `rodent.loop.world.World`; None for one world.
    """

    task: Any
    start: jax.Array
    steps: jax.Array
    action: jax.Array
    previous_action: jax.Array
    noise: jax.Array
    memory: Memory
    terminated: jax.Array
    truncated: jax.Array
    diverged: jax.Array
    metrics: dict[str, jax.Array]
    sampler: Any
    key: jax.Array
    world: Any = None


def under_way(
    agent: Agent, task: Task[Any], task_state: Any, physics: PhysicsState, key: jax.Array
) -> LoopState:
    """Environments whose task and bodies are in the given states, and that have not acted yet.

    Args:
        agent: what acts.
        task: of one environment.
        task_state, physics: of n environments.
        key: of all randomness.
    """
    measure = jax.vmap(task.measure)(task_state, physics)
    n = len(measure.limit_fraction)
    still, no = jnp.zeros((n, agent.action_size)), jnp.zeros(n, bool)
    return LoopState(
        task=task_state,
        start=jnp.zeros(n, jnp.int32),
        steps=jnp.zeros(n, jnp.int32),
        action=still,
        previous_action=still,
        noise=still,
        memory=agent.initial_memory(n),
        terminated=measure.limit_fraction > 1,
        truncated=no,
        diverged=no,
        metrics=measure.metrics,
        sampler=None,
        key=key,
    )
