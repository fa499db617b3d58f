"""Drivers of the closed loop: a Python loop on the host, or a scan in a compiled program."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from rodent.intervention import Plan
from rodent.loop.settings import Loop
from rodent.loop.state import Actor, LoopState, initial_loop_state
from rodent.loop.step import Decision, Outcome, decide, evaluate_transition
from rodent.loop.world import displaced, drawn_world, world_key
from rodent.physics.engine import Command, Engine, EngineState, PhysicsState
from rodent.policy.agent import Agent, Noise
from rodent.randomisation_config import RandomisationConfig
from rodent.tasks.task import Task

E = TypeVar("E", bound=EngineState)
Keep = Callable[[Task[Any], Decision], Any]
"""Selects the parts of a decision to return; other parts are not computed."""


class ClosedLoop(NamedTuple, Generic[E]):
    """The parts of a closed loop.

    Attributes:
        loop: settings.
        task: of one environment.
        actor: parameters and normaliser of the agent.
        engine: steps the physics.
    """

    loop: Loop
    task: Task[Any]
    actor: Actor
    engine: Engine[E]


class Manipulation(NamedTuple):
    """What is done to rats while they play; asked before every step.

    Attributes:
        wrench: returns the wrench on the root bodies, see `Command`; None for that of the loop.
        plan: returns the interventions. Their times count from the first step of all. Interventions on the
            body must be those of the engine. None for the interventions of the actor, for good.
        noise: returns the noise of latents and actions; None for that of the loop.
        command: returns what is commanded, see `Task.commands`, shape (commands,); None for the commands of
            the task.
    """

    wrench: Callable[[], np.ndarray | None] = lambda: None
    plan: Callable[[], Plan | None] | None = None
    noise: Callable[[], Noise | None] = lambda: None
    command: Callable[[], np.ndarray | None] = lambda: None


NO_MANIPULATION = Manipulation()
"""Nothing is done."""


class Step(NamedTuple):
    """The result of one control step of n environments.

    Attributes:
        kept: output of `keep` for the decision.
        outcome: reward and termination.
        physics: state after the step.
    """

    kept: Any
    outcome: Outcome
    physics: PhysicsState


def initial_states(
    agent: Agent,
    task: Task[Any],
    start: jax.Array,
    key: jax.Array,
    sampler: Any = None,
    vary: RandomisationConfig | None = None,
) -> tuple[LoopState, PhysicsState]:
    """States of n environments before the first step of their episodes.

    Args:
        agent: the agent.
        task: of one environment.
        start: indices in `task.starts`, shape (n,).
        key: of all random numbers.
        sampler: a `StartSampler` of the starts of new episodes, if episodes are restarted elsewhere.
        vary: how the world differs between episodes; None for one world.

    Returns:
        the state of the loop with its worlds, and the physics state for `Engine.begin`.
    """
    n = len(start)
    key, key_task = jax.random.split(key) if sampler is not None else (key, key)
    task_state = jax.vmap(task.initial_state)(start, jax.random.split(key_task, n))
    physics = jax.vmap(task.initial_physics)(task_state)
    world = None
    if vary is not None:
        key_world, key_start = jax.random.split(world_key(key))
        physics = displaced(vary, key_start, physics)
        world = drawn_world(vary, task.timestep, key_world, n)
    state = initial_loop_state(agent, task, task_state, physics, key)
    state = dataclasses.replace(state, start=start, world=world)
    if sampler is not None:
        # the sampler also draws the starts of the first episodes
        no = jnp.zeros(n, bool)
        state = dataclasses.replace(state, terminated=no, truncated=~no, sampler=sampler)
    return state, physics


def iterate(
    closed: ClosedLoop[E],
    carried: tuple[LoopState, E],
    keep: Keep,
    manipulation: Manipulation = NO_MANIPULATION,
) -> Iterator[tuple[tuple[LoopState, E], Step]]:
    """Step endlessly on the host.

    Args:
        closed: the closed loop.
        carried: states of loop and engine, see `initial_states`.
        keep: selects the parts of decisions to return; a module-level function, so that it is compiled once.
        manipulation: what is done meanwhile.

    Yields:
        the next states, and the result of the step.
    """
    loop, task, actor, engine = closed
    state, engine_state = carried
    physics = jax.tree.map(jnp.asarray, engine_state.physics)
    for frame in itertools.count():
        if manipulation.plan is not None:
            actor, state = _replanned(actor, state, manipulation.plan(), frame)
        if (given := manipulation.command()) is not None:
            state = commanded(task, state, jnp.asarray(given, jnp.float32))
        state, kept, command = decided(loop, keep, task, actor, state, physics, manipulation.noise())
        push = manipulation.wrench()
        command = command if push is None else command._replace(wrench=push)
        engine_state = engine.step(engine_state, command)
        physics = jax.tree.map(jnp.asarray, engine_state.physics)
        state, outcome = evaluated(task, state, physics)
        yield (state, engine_state), Step(kept, outcome, engine_state.physics)


def _replanned(actor: Actor, state: LoopState, plan: Plan | None, frame: int) -> tuple[Actor, LoopState]:
    """Actor and state with other interventions from a step on; the same if they are the same object."""
    if plan is actor.plan:
        return actor, state
    begun = None if plan is None else plan.begin(frame)
    return actor._replace(plan=plan), dataclasses.replace(state, plan=begun)


@partial(jax.jit, static_argnums=(0, 1))
def decided(
    loop: Loop,
    keep: Keep,
    task: Task[Any],
    actor: Actor,
    state: LoopState,
    physics: PhysicsState,
    noise: Noise | None = None,
) -> tuple[LoopState, Any, Command]:
    """`decide`, compiled; only the parts that `keep` selects are computed."""
    state, decision, command = decide(loop, task, actor, state, physics, noise)
    return state, keep(task, decision), command


evaluated = jax.jit(evaluate_transition)


@jax.jit
def commanded(task: Task[Any], state: LoopState, command: jax.Array) -> LoopState:
    """The state of n environments that are all given a command; see `Task.with_command`."""
    return dataclasses.replace(
        state, task=jax.vmap(task.with_command, in_axes=(0, None))(state.task, command)
    )


def scan(
    closed: ClosedLoop[E],
    carried: tuple[LoopState, E],
    keep: Keep,
    length: int | None = None,
    noise: Noise | None = None,
    wrap: Callable[[Any], Any] = lambda step: step,
) -> tuple[tuple[LoopState, E], Step]:
    """Make many steps in a compiled program.

    Args:
        closed, carried, keep: see `iterate`; the engine is traceable.
        length: number of steps; None for the length of the noise.
        noise: of all steps, leaves (steps, n, …); None to sample it.
        wrap: wrapper of a step, such as `jax.checkpoint`.

    Returns:
        the next states, and the results of the steps, leaves (length, n, …).
    """
    loop, task, actor, engine = closed

    def step(carried: tuple[LoopState, E], noise: Noise | None) -> tuple[tuple[LoopState, E], Step]:
        state, engine_state = carried
        state, decision, command = decide(loop, task, actor, state, engine_state.physics, noise)
        engine_state = engine.step(engine_state, command)
        state, outcome = evaluate_transition(task, state, engine_state.physics)
        return (state, engine_state), Step(keep(task, decision), outcome, engine_state.physics)

    return jax.lax.scan(wrap(step), carried, noise, length)
