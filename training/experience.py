"""Experience: steps of n environments, arranged for PPO and for the dynamics model."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from rodent.loop import Decision, LoopState, Outcome, Step
from rodent.loop.step import select
from rodent.physics.engine import PhysicsState
from rodent.policy.agent import Memory
from rodent.tasks.task import Observation, Task


class ActionSample(NamedTuple):
    """Observation and action of one step, arrays (n, ...).

    Attributes:
        observation: not normalised.
        memory: of the agent, before the step.
        noise: of the latent.
        action: in units of the task's action scale.
        mean, std: of the distribution of the action.
        is_first: whether this is the first step of an episode.
    """

    observation: Observation
    memory: Memory
    noise: jax.Array
    action: jax.Array
    mean: jax.Array
    std: jax.Array
    is_first: jax.Array


class DynamicsSample(NamedTuple):
    """One step of physics, arrays (n, ...).

    Attributes:
        physics: state before the step.
        task: the task's state before the step.
        previous_action: action of the step before.
        memory: of the agent, before the step.
        is_first: whether this is the first step of an episode.
        ctrl: the controls.
        next_physics: state after the step.
    """

    physics: PhysicsState
    task: Any
    previous_action: jax.Array
    memory: Memory
    is_first: jax.Array
    ctrl: jax.Array
    next_physics: PhysicsState


class Experience(NamedTuple):
    """Steps of n environments for one update; leaves lead with (unroll, n).

    Attributes:
        actions, outcomes: of every step.
        following: observation after the last step, leaves (n, ...).
    """

    actions: ActionSample
    outcomes: Outcome
    following: Observation


def samples_of(task: Task[Any], decision: Decision) -> tuple[ActionSample, DynamicsSample]:
    """The samples of a decision; the next state of physics is not known yet."""
    d, output = decision, decision.output
    action = ActionSample(
        d.observation, d.memory, d.noise.latent, output.action, output.mean, output.std, d.is_first
    )
    unknown: Any = None
    sample = DynamicsSample(d.physics, d.task, d.previous_action, d.memory, d.is_first, d.ctrl, unknown)
    return action, sample


def experience_of(task: Task[Any], steps: Step, state: LoopState) -> tuple[Experience, DynamicsSample]:
    """Experience and samples of one unroll.

    Args:
        task: of one environment.
        steps: with the output of `samples_of` in `kept`, leaves (unroll, n, ...).
        state: of the loop after the unroll.
    """
    actions, samples = steps.kept
    last = jax.tree.map(lambda x: x[-1], steps.physics)
    # the observation after the end of an episode has no effect, but must be finite
    over = state.terminated | state.truncated
    last = select(over, jax.vmap(task.initial_physics)(state.task), last)
    following = jax.vmap(task.observe)(state.task, last)
    return Experience(actions, steps.outcome, following), samples._replace(next_physics=steps.physics)


def reward_metrics(outcomes: Outcome) -> dict[str, jax.Array]:
    """Rewards and ends of episodes, for the log."""
    episodes = jnp.sum(outcomes.terminated | outcomes.truncated)
    return {
        "reward": jnp.mean(outcomes.reward),
        **{f"reward/{name}": jnp.mean(term) for name, term in outcomes.terms.items()},
        "failures_per_step": jnp.mean(outcomes.terminated.astype(jnp.float32)),
        "steps_per_episode": outcomes.terminated.size / jnp.maximum(episodes, 1),
        "diverged": jnp.sum(outcomes.diverged.astype(jnp.float32)),
    }
