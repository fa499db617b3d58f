"""What is learnt from: steps of n environments, laid out for PPO and for the dynamics model."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from rodent.loop import Decision, LoopState, Outcome, Step
from rodent.loop.step import select
from rodent.physics.engine import PhysicsState
from rodent.policy.agent import Memory
from rodent.tasks.task import Observation, Task


class ActionSample(NamedTuple):
    """What was seen and done in one step, arrays (n, ...).

    Attributes:
        observation: not normalised.
        memory: of the agent, before the step.
        noise: of the latent.
        action: in units of the task's action scale.
        mean, std: of the distribution the action was drawn from.
        is_first: whether an episode begins with this step.
    """

    observation: Observation
    memory: Memory
    noise: jax.Array
    action: jax.Array
    mean: jax.Array
    std: jax.Array
    is_first: jax.Array


class DynamicsSample(NamedTuple):
    """What physics made of one step, arrays (n, ...).

    Attributes:
        physics: before it.
        task: the task's state before it.
        previous_action: of the step before.
        memory: of the agent, before it.
        is_first: whether an episode begins with it.
        ctrl: the controls.
        next_physics: where it led.
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
        actions, outcomes: step by step.
        following: what is observed after the last of them, leaves (n, ...).
    """

    actions: ActionSample
    outcomes: Outcome
    following: Observation


def kept(task: Task[Any], decision: Decision) -> tuple[ActionSample, DynamicsSample]:
    """What learning needs of a decision; where physics led is not known yet."""
    d, output = decision, decision.output
    action = ActionSample(
        d.observation, d.memory, d.noise.latent, output.action, output.mean, output.std, d.is_first
    )
    still_unknown: Any = None
    sample = DynamicsSample(d.physics, d.task, d.previous_action, d.memory, d.is_first, d.ctrl, still_unknown)
    return action, sample


def laid_out(task: Task[Any], steps: Step, state: LoopState) -> tuple[Experience, DynamicsSample]:
    """Experience and samples of one unroll.

    Args:
        task: of one environment.
        steps: kept by `kept`, leaves (unroll, n, ...).
        state: of the loop after them.
    """
    actions, samples = steps.kept
    last = jax.tree.map(lambda x: x[-1], steps.physics)
    # what is seen of an episode that is over does not count, but must be finite
    over = state.terminated | state.truncated
    last = select(over, jax.vmap(task.initial_physics)(state.task), last)
    following = jax.vmap(task.observe)(state.task, last)
    return Experience(actions, steps.outcome, following), samples._replace(next_physics=steps.physics)


def reward_figures(outcomes: Outcome) -> dict[str, jax.Array]:
    """What steps were rewarded for and how they ended, for the log."""
    episodes = jnp.sum(outcomes.terminated | outcomes.truncated)
    return {
        "reward": jnp.mean(outcomes.reward),
        **{f"reward/{name}": jnp.mean(term) for name, term in outcomes.terms.items()},
        "failures_per_step": jnp.mean(outcomes.terminated.astype(jnp.float32)),
        "steps_per_episode": outcomes.terminated.size / jnp.maximum(episodes, 1),
        "diverged": jnp.sum(outcomes.diverged.astype(jnp.float32)),
    }
