"""One control step of n environments: the only one there is.

state, decision, command = decide(loop, task, actor, state, physics)
engine_state = engine.step(engine_state, command)
state, outcome = evaluate_transition(task, state, engine_state.physics)
"""

import dataclasses
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

from rodent.loop.state import Actor, Ended, LoopState
from rodent.loop.world import displaced, drawn_world, pushed, sensed_noisily, world_key
from rodent.physics.engine import Command, PhysicsState
from rodent.policy.agent import Agent, AgentOutput, Memory, Noise, restarted
from rodent.policy.gates import capture_gates
from rodent.randomisation_config import RandomisationConfig
from rodent.tasks.task import Observation, Task

Restart = Literal["done", "terminated", "diverged", "never"]
"""Which environments begin anew: those whose episode is over, at a place that the sampler draws; those that
terminated or, less, diverged, where the task stands; or none."""
_STARTS = 0x5A  # keeps the key of starts apart from those of noise


@dataclasses.dataclass(frozen=True)
class Exploration:
    """How actions and latents depart from their means.

    Attributes:
        sample: whether they do.
        correlation: of the action's noise from one step to the next, in [0, 1).
        std_scale: the action's noise is this many times its standard deviation.
    """

    sample: bool = False
    correlation: float = 0.0
    std_scale: float = 1.0


@dataclasses.dataclass(frozen=True)
class Loop:
    """How environments are run; hashable, so that what is compiled for one loop serves all equal ones.

    Attributes:
        agent: what acts.
        exploration: whether by its mean.
        restart: which environments begin anew.
        units: whether decisions hold the activations of every layer.
        gates: whether the gates of LSTM cells are among them.
        vary: how the world differs between episodes; None for one world.
    """

    agent: Agent
    exploration: Exploration = Exploration()
    restart: Restart = "diverged"
    units: bool = False
    gates: bool = False
    vary: RandomisationConfig | None = None


class Decision(NamedTuple):
    """What was seen and done in one step of n environments; arrays (n, …).

    Attributes:
        physics, task: where body and task were, new episodes begun.
        metrics, lost: of that state before any restart, and whether the last step terminated there.
        observation: not normalised.
        memory: of the agent, before the step.
        is_first: whether an episode begins with the step.
        noise: standard normal.
        output: of the agent.
        previous_action: of the step before, zero at first.
        ctrl: the controls.
        units: activations by layer; empty unless asked for.
    """

    physics: PhysicsState
    task: Any
    metrics: dict[str, jax.Array]
    lost: jax.Array
    observation: Observation
    memory: Memory
    is_first: jax.Array
    noise: Noise
    output: AgentOutput
    previous_action: jax.Array
    ctrl: jax.Array
    units: dict[str, jax.Array]


class Outcome(NamedTuple):
    """What came of one step of n environments; arrays (n,).

    Attributes:
        terms: of the reward, by name; 0 where the physics diverged.
        reward: their sum.
        limit_fraction: the largest error as a fraction of its limit.
        terminated: the episode ended in a failure: a limit was passed, or the physics diverged.
        truncated: the episode ended for another reason, such as the end of a clip.
        diverged: the physics is not finite any more.
        metrics: of where the step led; NaN where the physics diverged.
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
    """Begin new episodes, observe, act.

    Args:
        loop: how.
        task: of one environment.
        actor: what the agent acts with.
        state: of n environments.
        physics: where their bodies are.
        noise: of latent and action; None to draw it as `loop.exploration` says.

    Returns:
        the state under way, what was seen and done, and the engine's command.
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
    memory = restarted(agent, state.memory, is_first)
    previous = jnp.where(is_first[:, None], 0.0, state.action)
    observation = jax.vmap(task.observe)(begun.task, now)
    if noise is None:
        noise = _drawn(loop, (key_latent, key_action), state.noise, is_first)
    seen = actor.normalizer(observation)
    if loop.vary is not None and loop.vary.sensor_noise:
        seen = sensed_noisily(loop.vary, key_sense, seen)
    output, units = _acted(loop, actor, memory, seen, noise)
    ctrl = jax.vmap(task.control)(begun.task, output.action)
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
    )
    state = dataclasses.replace(
        begun,
        action=output.action,
        previous_action=previous,
        noise=noise.action,
        memory=output.memory,
        key=key,
        world=world,
    )
    return state, decision, Command(ctrl, restart, now, wrench, scales)


def evaluate_transition(
    task: Task[Any], state: LoopState, physics: PhysicsState
) -> tuple[LoopState, Outcome]:
    """Advance the task by the step under way, and say what came of it.

    This is the only place where physics that diverged is masked.

    Args:
        task: of one environment.
        state: as `decide` left it.
        physics: where the step led.
    """
    reached = jax.vmap(task.advance)(state.task)
    measure = jax.vmap(task.measure)(reached, physics)
    diverged = ~finite(physics)
    terminated = diverged | (measure.limit_fraction > 1)
    truncated = jax.vmap(task.truncated)(reached) & ~terminated
    terms = jax.vmap(task.reward)(reached, physics, measure, state.action, state.previous_action)
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
        task=reached,
        steps=state.steps + 1,
        terminated=terminated,
        truncated=truncated,
        diverged=diverged,
        metrics=measure.metrics,
    )
    return state, outcome


def finite(physics: PhysicsState) -> jax.Array:
    """Whether all of an environment's state is finite, shape (n,)."""
    fields = [jnp.isfinite(x).reshape(x.shape[0], -1).all(-1) for x in jax.tree.leaves(physics)]
    return jnp.stack(fields).all(0)


def select(where: jax.Array, yes: Any, no: Any) -> Any:
    """By environment one tree or the other; where has shape (n,), leaves (n, …)."""
    return jax.tree.map(lambda y, n: jnp.where(where.reshape(-1, *[1] * (y.ndim - 1)), y, n), yes, no)


def restarted_state(loop: Loop, task: Task[Any], state: LoopState) -> tuple[jax.Array, LoopState]:
    """Which environments begin a new episode, and the state with these begun."""
    if loop.restart != "done":
        never = jnp.zeros_like(state.terminated)
        kinds = {"terminated": state.terminated, "diverged": state.diverged, "never": never}
        restart = kinds[loop.restart]
        return restart, dataclasses.replace(state, steps=jnp.where(restart, 0, state.steps))
    restart, n = state.terminated | state.truncated, state.start.shape[0]
    key_start, key_task = jax.random.split(jax.random.fold_in(state.key, _STARTS))
    begun = state.sampler.draw(key_start, n)
    sampler = state.sampler.counted(Ended(restart, state.start, state.steps, state.terminated), begun)
    drawn = jax.vmap(task.initial_state)(begun, jax.random.split(key_task, n))
    return restart, dataclasses.replace(
        state,
        task=select(restart, drawn, state.task),
        start=jnp.where(restart, begun, state.start),
        steps=jnp.where(restart, 0, state.steps),
        sampler=sampler,
    )


def _acted(
    loop: Loop, actor: Actor, memory: Memory, observation: Observation, noise: Noise
) -> tuple[AgentOutput, dict[str, jax.Array]]:
    """What the agent does, and its units if they are asked for."""
    if not loop.units:
        scale = loop.exploration.std_scale
        return loop.agent.act(actor.params, memory, observation, noise, scale), {}
    with capture_gates() as gates:
        output, units = loop.agent.probe(actor.params, memory, observation, noise)
    return output, units | (gates if loop.gates else {})


def _drawn(loop: Loop, keys: tuple[jax.Array, jax.Array], before: jax.Array, is_first: jax.Array) -> Noise:
    """Noise of one step; that of an action resembles the step before's, except in a new episode."""
    n, (latent, action) = before.shape[0], loop.agent.noise_sizes()
    if not loop.exploration.sample:
        return Noise(jnp.zeros((n, latent)), jnp.zeros((n, action)))
    new = jax.random.normal(keys[1], (n, action))
    correlation = loop.exploration.correlation
    if correlation:
        kept = correlation * before + jnp.sqrt(1 - correlation**2) * new
        new = jnp.where(is_first[:, None], new, kept)
    return Noise(jax.random.normal(keys[0], (n, latent)), new)
