"""What drives the step: a loop on the host, or a scan inside a compiled program."""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from rodent.loop.state import Actor, LoopState, under_way
from rodent.loop.step import Decision, Loop, Outcome, decide, evaluate_transition
from rodent.loop.world import displaced, drawn_world, world_key
from rodent.physics.engine import Command, Engine, EngineState, PhysicsState
from rodent.policy.agent import Agent, Noise
from rodent.randomisation_config import RandomisationConfig
from rodent.tasks.task import Task

E = TypeVar("E", bound=EngineState)
Keep = Callable[[Task[Any], Decision], Any]
"""What is kept of a task's decision; what is not costs nothing, for it is never computed."""


class ClosedLoop(NamedTuple, Generic[E]):
    """What a closed loop is made of.

    Attributes:
        loop: how environments are run.
        task: of one environment.
        actor: what the agent acts with.
        engine: steps the physics.
    """

    loop: Loop
    task: Task[Any]
    actor: Actor
    engine: Engine[E]


class Step(NamedTuple):
    """What is kept of one control step of n environments.

    Attributes:
        kept: what `keep` made of the decision.
        outcome: what came of it.
        physics: where it led.
    """

    kept: Any
    outcome: Outcome
    physics: PhysicsState


def first(
    agent: Agent,
    task: Task[Any],
    start: jax.Array,
    key: jax.Array,
    sampler: Any = None,
    vary: RandomisationConfig | None = None,
) -> tuple[LoopState, PhysicsState]:
    """States of n environments whose episodes are about to begin.

    Args:
        agent: what acts.
        task: of one environment.
        start: places of `task.starts`, shape (n,).
        key: of all randomness.
        sampler: a `StartSampler`, where episodes begin anew at other places.
        vary: how the world differs between episodes; None for one world.

    Returns:
        the loop's state, and where the bodies are, for `Engine.begin`; their worlds are the state's.
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
    state = under_way(agent, task, task_state, physics, key)
    state = dataclasses.replace(state, start=start, world=world)
    if sampler is not None:
        # it decides where to begin from the very first episode on
        no = jnp.zeros(n, bool)
        state = dataclasses.replace(state, terminated=no, truncated=~no, sampler=sampler)
    return state, physics


def iterate(
    closed: ClosedLoop[E],
    carried: tuple[LoopState, E],
    keep: Keep,
    wrench: Callable[[], np.ndarray | None] = lambda: None,
) -> Iterator[tuple[tuple[LoopState, E], Step]]:
    """Step without end on the host.

    Args:
        closed: what is run.
        carried: the loop's state and the engine's, see `first`.
        keep: what is kept of decisions; a function at the top of a module, so that it is compiled once.
        wrench: what pushes the root bodies, asked before every step; see `Command`. None for what the loop
            itself does.

    Yields:
        what to carry on with, and what is kept of the step.
    """
    loop, task, actor, engine = closed
    state, engine_state = carried
    physics = jax.tree.map(jnp.asarray, engine_state.physics)
    while True:
        state, kept, command = decided(loop, keep, task, actor, state, physics)
        push = wrench()
        command = command if push is None else command._replace(wrench=push)
        engine_state = engine.step(engine_state, command)
        physics = jax.tree.map(jnp.asarray, engine_state.physics)
        state, outcome = evaluated(task, state, physics)
        yield (state, engine_state), Step(kept, outcome, engine_state.physics)


@partial(jax.jit, static_argnums=(0, 1))
def decided(
    loop: Loop, keep: Keep, task: Task[Any], actor: Actor, state: LoopState, physics: PhysicsState
) -> tuple[LoopState, Any, Command]:
    """`decide`, compiled, of which only what is kept is computed."""
    state, decision, command = decide(loop, task, actor, state, physics)
    return state, keep(task, decision), command


evaluated = jax.jit(evaluate_transition)


def scan(
    closed: ClosedLoop[E],
    carried: tuple[LoopState, E],
    keep: Keep,
    length: int | None = None,
    noise: Noise | None = None,
    wrap: Callable[[Any], Any] = lambda step: step,
) -> tuple[tuple[LoopState, E], Step]:
    """Make many steps inside a compiled program.

    Args:
        closed, carried, keep: see `iterate`; the engine is traceable.
        length: how many steps; None for as many as there is noise.
        noise: of all steps, leaves (steps, n, …); None to draw it.
        wrap: around a step, such as `jax.checkpoint`.

    Returns:
        what to carry on with, and the steps, leaves (length, n, …).
    """
    loop, task, actor, engine = closed

    def step(carried: tuple[LoopState, E], noise: Noise | None) -> tuple[tuple[LoopState, E], Step]:
        state, engine_state = carried
        state, decision, command = decide(loop, task, actor, state, engine_state.physics, noise)
        engine_state = engine.step(engine_state, command)
        state, outcome = evaluate_transition(task, state, engine_state.physics)
        return (state, engine_state), Step(keep(task, decision), outcome, engine_state.physics)

    return jax.lax.scan(wrap(step), carried, noise, length)
