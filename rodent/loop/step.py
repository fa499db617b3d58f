"""One control step of n environments.

state, decision, command = decide(loop, task, actor, state, physics)
engine_state = engine.step(engine_state, command)
state, outcome = evaluate_transition(task, state, engine_state.physics)
"""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from rodent.intervention import Report, Stepping
from rodent.loop.acting import act
from rodent.loop.settings import Loop
from rodent.loop.state import Actor, Ended, LoopState
from rodent.loop.world import displaced, drawn_world, pushed, sensed_noisily, world_key
from rodent.physics.engine import Command, PhysicsState
from rodent.policy.agent import AgentOutput, Memory, Noise, reset_memory
from rodent.tasks.task import PROPRIOCEPTION, Observation, Task

_STARTS = 0x5A  # makes the key of starts differ from those of noise


class Decision(NamedTuple):
    """State, observation and action of one step of n environments; arrays (n, …).

    Attributes:
        physics, task: states after resets.
        metrics, failed: metrics of the state before resets, and whether the last step terminated there.
        observation: not normalised.
        memory: of the agent, before the step.
        is_first: whether this is the first step of an episode.
        noise: standard normal.
        output: of the agent.
        previous_action: of the step before, zero in the first step.
        ctrl: the controls.
        units: activations by layer; empty unless `Loop.units`.
        report: of interventions, up to this step; None for none.
    """

    physics: PhysicsState
    task: Any
    metrics: dict[str, jax.Array]
    failed: jax.Array
    observation: Observation
    memory: Memory
    is_first: jax.Array
    noise: Noise
    output: AgentOutput
    previous_action: jax.Array
    ctrl: jax.Array
    units: dict[str, jax.Array]
    report: Report | None = None


class Outcome(NamedTuple):
    """Reward, termination and metrics of one step of n environments; arrays (n,).

    Attributes:
        terms: of the reward, by name; 0 if the physics diverged.
        reward: sum of the terms.
        limit_fraction: the largest error as a fraction of its limit.
        terminated: the episode failed: an error exceeded its limit, or the physics diverged.
        truncated: the episode ended for another reason, such as the end of a clip.
        diverged: the physics is not finite.
        metrics: of the state after the step; NaN if the physics diverged.
    """

    terms: dict[str, jax.Array]
    reward: jax.Array
    limit_fraction: jax.Array
    terminated: jax.Array
    truncated: jax.Array
    diverged: jax.Array
    metrics: dict[str, jax.Array]


def decide(
    loop: Loop,
    task: Task[Any],
    actor: Actor,
    state: LoopState,
    physics: PhysicsState,
    noise: Noise | None = None,
) -> tuple[LoopState, Decision, Command]:
    """Start new episodes, observe, act.

    Args:
        loop: settings.
        task: of one environment.
        actor: parameters and normaliser of the agent.
        state: of n environments.
        physics: of n environments.
        noise: of latent and action; None to sample it according to `loop.exploration`.

    Returns:
        the state for `evaluate_transition`, the decision, and the engine's command.
    """
    agent = loop.agent
    key, key_latent, key_action = jax.random.split(state.key, 3)
    restart, begun = restarted_state(loop, task, state)
    initial = jax.vmap(task.initial_physics)(begun.task)
    world, wrench, scales, key_world = state.world, None, None, world_key(state.key)
    if loop.vary is not None:
        key_begin, key_start, key_push, key_sense = jax.random.split(key_world, 4)
        initial = displaced(loop.vary, key_start, initial)
        drawn = drawn_world(loop.vary, task.timestep, key_begin, len(restart))
        world = select(restart, drawn, world)
        scales = world.scales
        if loop.vary.pushes:
            world, wrench = pushed(loop.vary, task.scene, task.timestep, key_push, world)
    now = physics if loop.restart == "never" else select(restart, initial, physics)
    is_first = begun.steps == 0
    memory = reset_memory(agent, state.memory, is_first)
    previous = jnp.where(is_first[:, None], 0.0, state.action)
    observation = jax.vmap(task.observe)(begun.task, now)
    stepping = None
    if actor.plan is not None and state.plan is not None:
        stepping = Stepping(actor.plan, state.plan, task, now, is_first)
    if noise is None:
        noise = _sample_noise(loop, (key_latent, key_action), state.noise, is_first)
    if loop.vary is not None and loop.vary.sensor_noise:
        spread = actor.normalizer.std[PROPRIOCEPTION]
        observation = sensed_noisily(loop.vary, key_sense, observation, spread)
    normalized = actor.normalizer(observation)
    if stepping is not None:
        normalized = stepping.observed(normalized, actor.normalizer)
    output, units = act(loop, actor, memory, normalized, noise, stepping)
    plan = None if stepping is None else stepping.end()
    command = output.action if output.command is None else output.command
    ctrl = jax.vmap(task.control)(begun.task, command)
    decision = Decision(
        now,
        begun.task,
        state.metrics,
        state.terminated,
        observation,
        memory,
        is_first,
        noise,
        output,
        previous,
        ctrl,
        units,
        None if plan is None else plan.report,
    )
    state = dataclasses.replace(
        begun,
        action=output.action,
        previous_action=previous,
        noise=noise.action,
        memory=output.memory,
        key=key,
        world=world,
        plan=plan,
    )
    return state, decision, Command(ctrl, restart, now, wrench, scales)


def evaluate_transition(
    task: Task[Any], state: LoopState, physics: PhysicsState
) -> tuple[LoopState, Outcome]:
    """Advance the task by one step, and compute reward, termination and metrics.

    Diverged physics is masked only here.

    Args:
        task: of one environment.
        state: returned by `decide`.
        physics: after the step.
    """
    advanced = jax.vmap(task.update)(jax.vmap(task.advance)(state.task), physics)
    measure = jax.vmap(task.measure)(advanced, physics)
    diverged = ~finite(physics)
    terminated = diverged | (measure.limit_fraction > 1)
    truncated = jax.vmap(task.truncated)(advanced) & ~terminated
    terms = jax.vmap(task.reward)(advanced, physics, measure, state.action, state.previous_action)
    terms = {name: jnp.where(diverged, 0.0, term) for name, term in terms.items()}
    outcome = Outcome(
        terms=terms,
        reward=sum(terms.values(), start=jnp.zeros(diverged.shape)),
        limit_fraction=measure.limit_fraction,
        terminated=terminated,
        truncated=truncated,
        diverged=diverged,
        metrics=measure.metrics,
    )
    state = dataclasses.replace(
        state,
        task=advanced,
        steps=state.steps + 1,
        terminated=terminated,
        truncated=truncated,
        diverged=diverged,
        metrics=measure.metrics,
    )
    return state, outcome


def finite(physics: PhysicsState) -> jax.Array:
    """Whether the whole physics state of each environment is finite, shape (n,)."""
    fields = [jnp.isfinite(x).reshape(x.shape[0], -1).all(-1) for x in jax.tree.leaves(physics)]
    return jnp.stack(fields).all(0)


def select(where: jax.Array, yes: Any, no: Any) -> Any:
    """`jnp.where` by environment on trees; where has shape (n,), leaves (n, …)."""
    return jax.tree.map(lambda y, n: jnp.where(where.reshape(-1, *[1] * (y.ndim - 1)), y, n), yes, no)


def restarted_state(loop: Loop, task: Task[Any], state: LoopState) -> tuple[jax.Array, LoopState]:
    """Which environments are reset, and the state with new episodes in these."""
    if loop.restart != "done":
        never = jnp.zeros_like(state.terminated)
        kinds = {"terminated": state.terminated, "diverged": state.diverged, "never": never}
        restart = kinds[loop.restart]
        return restart, dataclasses.replace(state, steps=jnp.where(restart, 0, state.steps))
    restart, n = state.terminated | state.truncated, state.start.shape[0]
    key_start, key_task = jax.random.split(jax.random.fold_in(state.key, _STARTS))
    begun = state.sampler.draw(key_start, n)
    sampler = state.sampler.counted(Ended(restart, state.start, state.steps, state.terminated), begun)
    initial = jax.vmap(task.initial_state)(begun, jax.random.split(key_task, n))
    return restart, dataclasses.replace(
        state,
        task=select(restart, initial, state.task),
        start=jnp.where(restart, begun, state.start),
        steps=jnp.where(restart, 0, state.steps),
        sampler=sampler,
    )


def _sample_noise(
    loop: Loop, keys: tuple[jax.Array, jax.Array], before: jax.Array, is_first: jax.Array
) -> Noise:
    """Noise of one step; that of actions is correlated with the step before, except in a new episode."""
    n, (latent, action) = before.shape[0], loop.agent.noise_sizes()
    if not loop.exploration.sample:
        return Noise(jnp.zeros((n, latent)), jnp.zeros((n, action)))
    new = jax.random.normal(keys[1], (n, action))
    correlation = loop.exploration.correlation
    if correlation:
        correlated = correlation * before + jnp.sqrt(1 - correlation**2) * new
        new = jnp.where(is_first[:, None], new, correlated)
    return Noise(jax.random.normal(keys[0], (n, latent)), new)
