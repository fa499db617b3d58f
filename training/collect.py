"""Collect experience: rats live their episodes, and their steps are laid out for learning.

One jitted call per control step judges the step just made, begins new episodes where
the old ones ended, observes and acts. A rat that begins anew is taken from the
reference, whose states were computed beforehand, so no engine call is needed for it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.struct
import jax
import jax.numpy as jnp

from rodent.physics.engine import Command, PhysicsState
from rodent.physics.host import HostEngine, HostState
from rodent.policy.agent import Agent, Memory, Noise, Params, restarted, still
from rodent.policy.policy import Normalizer
from rodent.tasks.imitation import Imitation, Observation
from rodent.tasks.metrics import finite
from rodent.tasks.reference import Reference
from training.sampler import Sampler, sample_starts, updated


class Act(NamedTuple):
    """What was seen and done in one step by n rats, arrays (n, ...).

    Attributes:
        observation: not normalised.
        memory: of the agent, before the step.
        noise: of the latent.
        action: in units of the task's action scale.
        mean, std: of the distribution the action was drawn from.
        fresh: whether an episode begins with this step.
    """

    observation: Observation
    memory: Memory
    noise: jax.Array
    action: jax.Array
    mean: jax.Array
    std: jax.Array
    fresh: jax.Array


class Outcome(NamedTuple):
    """What came of one step, arrays (n,).

    Attributes:
        reward: the sum of the terms.
        failed: the episode ended in failure.
        ended: the clip was over.
        diverged: the physics was not finite any more (a failure too).
        terms: of the reward, by name.
    """

    reward: jax.Array
    failed: jax.Array
    ended: jax.Array
    diverged: jax.Array
    terms: dict[str, jax.Array]


@flax.struct.dataclass
class Episodes:
    """Where n rats are in their episodes.

    Attributes:
        frame: of the reference, shape (n,).
        start: the frame the episode began with, shape (n,).
        act: the step under way.
        previous: the action before it, shape (n, 38).
        deviation: of that step's action from its mean, in standard deviations, shape (n, 38).
        memory: of the agent, for the next step.
        sampler: where episodes begin.
        key: of all randomness in collection.
    """

    frame: jax.Array
    start: jax.Array
    act: Act
    previous: jax.Array
    deviation: jax.Array
    memory: Memory
    sampler: Sampler
    key: jax.Array


class Move(NamedTuple):
    """What physics made of one step of n rats, arrays (n, ...).

    Attributes:
        state: before it.
        frame: of the reference, before it.
        previous: the action of the step before.
        memory: of the agent, before it.
        fresh: whether an episode begins with it.
        ctrl: the controls.
        after: the state it led to.
    """

    state: PhysicsState
    frame: jax.Array
    previous: jax.Array
    memory: Memory
    fresh: jax.Array
    ctrl: jax.Array
    after: PhysicsState


class Experience(NamedTuple):
    """Steps of n rats for one update; leaves lead with (unroll, n).

    Attributes:
        acts, outcomes: step by step.
        following: what was observed after the last of them, leaves (n, ...).
    """

    acts: Act
    outcomes: Outcome
    following: Observation


def first_episodes(
    task: Imitation, agent: Agent, reference: Reference, sampler: Sampler, key: jax.Array, n: int
) -> tuple[PhysicsState, Episodes]:
    """Rats at the end of the first clip: the first call of `advance` begins a new episode for all."""
    noise, memory = still(agent, n), agent.initial_memory(n)
    nought = noise.action
    frame = jnp.full(n, reference.last[0])
    observation = task.observe(reference.at(frame), reference, frame)
    act = Act(observation, memory, noise.latent, nought, nought, nought + 1.0, jnp.ones(n, bool))
    return reference.at(frame), Episodes(frame - 1, frame - 1, act, nought, nought, memory, sampler, key)


def judge(task: Imitation, reference: Reference, physics: PhysicsState, episodes: Episodes) -> Outcome:
    """Reward and end of the step under way, which leads to the next frame."""
    frame = episodes.frame + 1
    wanted = reference.at(frame)
    error = task.error(physics, wanted)
    alive = finite(physics)
    terms = task.rewards(physics, wanted, error, episodes.act.action, episodes.previous)
    terms = {name: jnp.where(alive, value, 0.0) for name, value in terms.items()}
    failed = task.failed(physics, error)
    ended = ~failed & (frame >= reference.last[reference.clip_of[frame]])
    return Outcome(sum(terms.values(), start=jnp.zeros(frame.shape)), failed, ended, ~alive, terms)


def advance(
    task: Imitation,
    agent: Agent,
    noise_correlation: float,
    params: Params,
    normalizer: Normalizer,
    reference: Reference,
    physics: PhysicsState,
    episodes: Episodes,
) -> tuple[Episodes, Outcome, Command]:
    """Judge the step under way, begin new episodes, observe and act."""
    key, key_start, key_latent, key_action = jax.random.split(episodes.key, 4)
    outcome = judge(task, reference, physics, episodes)
    frame = episodes.frame + 1
    over = outcome.failed | outcome.ended
    begun = sample_starts(episodes.sampler, key_start, frame.shape[0])
    sampler = updated(episodes.sampler, episodes.start, frame - episodes.start, outcome.failed, begun, over)
    frame, start = jnp.where(over, begun, frame), jnp.where(over, begun, episodes.start)
    now = select(over, reference.start(frame), physics)
    memory = restarted(agent, episodes.memory, over)
    observation = task.observe(now, reference, frame)
    latent = jax.random.normal(key_latent, (frame.shape[0], agent.noise_sizes()[0]))
    deviation = _correlated(key_action, episodes.deviation, over, noise_correlation)
    output = agent.act(params, memory, normalizer(observation), Noise(latent, deviation))
    act = Act(observation, memory, latent, output.action, output.mean, output.std, over)
    command = Command(task.ctrl(output.action, reference, frame), over, now)
    previous = jnp.where(over[:, None], 0.0, episodes.act.action)
    return Episodes(frame, start, act, previous, deviation, output.memory, sampler, key), outcome, command


def _correlated(key: jax.Array, before: jax.Array, fresh: jax.Array, correlation: float) -> jax.Array:
    """Standard normal noise that resembles that of the step before, except in a new episode."""
    new = jax.random.normal(key, before.shape)
    kept = correlation * before + jnp.sqrt(1 - correlation**2) * new
    return jnp.where(fresh[:, None], new, kept)


def select(where: jax.Array, yes: Any, no: Any) -> Any:
    """Rat by rat one tree or the other; where has shape (n,), leaves (n, ...)."""
    return jax.tree.map(lambda y, n: jnp.where(where.reshape(-1, *[1] * (y.ndim - 1)), y, n), yes, no)


def move_of(episodes: Episodes, command: Command, after: PhysicsState) -> Move:
    """The step under way, once physics has made it."""
    act = episodes.act
    before = command.initial
    return Move(before, episodes.frame, episodes.previous, act.memory, act.fresh, command.ctrl, after)


def collect(
    step: Callable[[PhysicsState, Episodes], tuple[Episodes, Outcome, Command]],
    engine: HostEngine,
    state: HostState,
    episodes: Episodes,
    unroll: int,
) -> tuple[HostState, Episodes, list[tuple[Act, Outcome, Move]]]:
    """Let the rats make `unroll` steps.

    A step's outcome is known only after the engine has moved, so the first step handed
    on is the one that was under way before, and the last one stays under way.

    Args:
        step: `advance`, jitted, with all but its last two arguments bound.
        engine: moves the rats.
        state, episodes: where they are.
        unroll: how many steps.

    Returns:
        where the rats are then, and the steps; with each the move begun meanwhile, which is the next step's.
    """
    steps = []
    for _ in range(unroll):
        act = episodes.act
        episodes, outcome, command = step(state.physics, episodes)
        state = engine.step(state, command)
        steps.append((act, outcome, move_of(episodes, command, state.physics)))
    return state, episodes, steps
