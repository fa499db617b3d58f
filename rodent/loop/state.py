"""The state of the closed loop between control steps, in addition to the state of the engine."""

from typing import Any, NamedTuple, Protocol, Self

import flax.struct
import jax
import jax.numpy as jnp

from rodent.intervention import Plan, PlanState
from rodent.physics.engine import PhysicsState
from rodent.policy.agent import Agent, Memory, Params
from rodent.policy.policy import Normalizer
from rodent.tasks.task import Task


class Actor(NamedTuple):
    """Parameters and normaliser of an agent.

    Attributes:
        params: of the agent.
        normalizer: of its observations.
        plan: interventions on it, by environment; None for none.
    """

    params: Params
    normalizer: Normalizer
    plan: Plan | None = None


class StartSampler(Protocol):
    """Samples the starts of episodes; a pytree of arrays."""

    def draw(self, key: jax.Array, n: int) -> jax.Array:
        """Indices in `Task.starts` for n episodes, shape (n,)."""
        ...

    def counted(self, ended: "Ended", begun: jax.Array) -> Self:
        """The sampler with updated statistics of ended episodes and of the starts of the next ones."""
        ...


class Ended(NamedTuple):
    """Episodes of n environments, arrays (n,).

    Attributes:
        which: environments whose episode ended.
        start: index of its start.
        steps: number of its control steps.
        terminated: whether it ended with a failure.
    """

    which: jax.Array
    start: jax.Array
    steps: jax.Array
    terminated: jax.Array


@flax.struct.dataclass
class LoopState:
    """The state of the loop for n environments; arrays (n, …).

    Attributes:
        task: states of the task.
        start: index of the episode's start in `Task.starts`.
        steps: control steps of the episode so far.
        action, previous_action: of the last step, and of the one before it.
        noise: of the last action, standard normal.
        memory: of the agent, for the next step.
        terminated, truncated, diverged: of the last step, see `Outcome`.
        metrics: of the state after the last step.
        sampler: a `StartSampler`; None if environments are reset to the current state of the task.
        key: of all random numbers.
        world: of a world that differs between episodes, see `rodent.loop.world.World`; None for one world.
        plan: state of the actor's interventions, from `Plan.begin`; None for none.
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
    plan: PlanState | None = None


def initial_loop_state(
    agent: Agent, task: Task[Any], task_state: Any, physics: PhysicsState, key: jax.Array
) -> LoopState:
    """The state of the loop before the first action.

    Args:
        agent: the agent.
        task: of one environment.
        task_state, physics: states of n environments.
        key: of all random numbers.
    """
    measure = jax.vmap(task.measure)(task_state, physics)
    n = len(measure.limit_fraction)
    zero, no = jnp.zeros((n, agent.action_size)), jnp.zeros(n, bool)
    return LoopState(
        task=task_state,
        start=jnp.zeros(n, jnp.int32),
        steps=jnp.zeros(n, jnp.int32),
        action=zero,
        previous_action=zero,
        noise=zero,
        memory=agent.initial_memory(n),
        terminated=measure.limit_fraction > 1,
        truncated=no,
        diverged=no,
        metrics=measure.metrics,
        sampler=None,
        key=key,
    )
