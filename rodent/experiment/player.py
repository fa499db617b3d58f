"""Play a batch of rollouts, each with its own start, seed and interventions, until each has failed or ended.

    player = Player(policy, task, num_envs=512, settings)
    outcomes = player.play(Trials(start, frames, seeds), plan)

Rollouts that are over are not simulated any more. Starts and noise depend on the seed alone, and nothing
depends on the place in the batch.
"""

import dataclasses
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rodent.experiment.measures import Measures
from rodent.experiment.series import Series
from rodent.intervention import Plan
from rodent.loop import Actor, Decision, Exploration, Loop, decided, evaluated, host_engine
from rodent.loop.state import LoopState, initial_loop_state
from rodent.physics.engine import PhysicsState
from rodent.physics.host import HostEngine
from rodent.policy.agent import Agent, Noise
from rodent.policy.policy import Policy
from rodent.recording.gates import is_gate
from rodent.tasks.task import Task

_NOISE = 0x4E  # makes keys of noise differ from those of initial states


class Trials(NamedTuple):
    """What is played, arrays (num_envs,).

    Attributes:
        start: indices in `Task.starts`.
        frames: control steps; 0 for padding.
        seeds: of noise and start.
    """

    start: np.ndarray
    frames: np.ndarray
    seeds: np.ndarray


class Settings(NamedTuple):
    """How rollouts are played.

    Attributes:
        jitter: standard deviation of each joint's angle at the start, degrees.
        sample: whether latents and actions are sampled.
        activity: layers whose mean absolute activity is measured.
        series: variables of behaviour that are recorded in every frame.
        threads: that step the physics; 0 for one per core.
    """

    jitter: float = 0.0
    sample: bool = False
    activity: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    threads: int = 0


class Player:
    """Plays batches of num_envs rollouts of a policy.

    Args:
        policy: the policy.
        task: its task.
        num_envs: rollouts in a batch.
        settings: see `Settings`.
    """

    def __init__(self, policy: Policy, task: Task[Any], num_envs: int, settings: Settings):
        self._policy, self._task, self._settings = policy, task.for_evaluation(), settings
        gates = any(map(is_gate, settings.activity))
        self._loop = Loop(
            policy.agent, Exploration(settings.sample), units=bool(settings.activity), gates=gates
        )
        self._keep = partial(_kept, settings.activity)
        self._num_envs = num_envs

    def play(
        self, trials: Trials, plan: Plan | None, advance: Callable[[int], None] = lambda frames: None
    ) -> dict[str, np.ndarray]:
        """Play a batch.

        Args:
            trials: of all environments.
            plan: interventions of all environments; None for none.
            advance: called with the number of frames after every step.

        Returns:
            outcomes by name, each (num_envs,), see `Measures`; series by name, see `Series`; and the lowest
            and highest values of the signals of triggers, `lowest` and `highest`, each (num_envs, signals).
        """
        seeds = jnp.asarray(trials.seeds)
        state, physics = _initial_states(self._loop.agent, self._task, jnp.asarray(trials.start), seeds)
        if self._settings.jitter:
            physics = _jittered(physics, trials.seeds, self._settings.jitter)
        state = dataclasses.replace(state, plan=None if plan is None else plan.begin())
        engine = self._engine if plan is None or not plan.body else self._new_engine(plan)
        engine_state = engine.begin(jax.tree.map(np.asarray, physics))
        actor = Actor(self._policy.params, self._policy.normalizer, plan)
        measures = Measures(self._task, trials.frames)
        series = Series(self._settings.series, self._task.scene, self._task.timestep)
        n_signals = 0 if plan is None else len(plan.signals)
        lowest, highest = (np.full((self._num_envs, n_signals), np.nan) for _ in range(2))
        for index in range(int(trials.frames.max())):
            noise = _noise(self._loop.agent, seeds, index) if self._settings.sample else None
            now = engine_state.physics
            device = jax.tree.map(jnp.asarray, now)
            state, kept, command = decided(self._loop, self._keep, self._task, actor, state, device, noise)
            alive = measures.add(kept, now)
            series.add(now)
            lowest = np.where(alive[:, None], kept["lowest"], lowest)
            highest = np.where(alive[:, None], kept["highest"], highest)
            if not alive.any():
                break
            engine_state = engine.step(engine_state, command._replace(active=alive))
            measures.add_step(engine_state.physics)
            state, _ = evaluated(self._task, state, jax.tree.map(jnp.asarray, engine_state.physics))
            advance(int(alive.sum()))
        found = measures.values()
        found |= series.values(found["frames_tracked"])
        return found | {"lowest": lowest, "highest": highest}

    @cached_property
    def _engine(self) -> HostEngine:
        """The engine of all plans that leave the body as it is."""
        return self._new_engine(None)

    def _new_engine(self, plan: Plan | None) -> HostEngine:
        return host_engine(self._task, self._num_envs, self._settings.threads, plan=plan)


def _kept(layers: tuple[str, ...], task: Task[Any], decision: Decision) -> dict[str, Any]:
    n = decision.failed.shape[0]
    report = decision.report
    return {
        "failed": decision.failed,
        "metrics": decision.metrics,
        "activity": {layer: jnp.abs(decision.units[layer]).mean(1) for layer in layers},
        "changed": jnp.zeros(n, int) if report is None else report.changed.sum(1),
        "active": jnp.zeros(n, bool) if report is None else (report.active > 0).any(1),
        "lowest": jnp.zeros((n, 0)) if report is None else report.lowest,
        "highest": jnp.zeros((n, 0)) if report is None else report.highest,
    }


@partial(jax.jit, static_argnums=0)
def _initial_states(
    agent: Agent, task: Task[Any], start: jax.Array, seeds: jax.Array
) -> tuple[LoopState, PhysicsState]:
    keys = jax.vmap(jax.random.PRNGKey)(seeds)
    task_state = jax.vmap(task.initial_state)(start, keys)
    physics = jax.vmap(task.initial_physics)(task_state)
    state = initial_loop_state(agent, task, task_state, physics, jax.random.PRNGKey(0))
    return dataclasses.replace(state, start=start), physics


@partial(jax.jit, static_argnums=0)
def _noise(agent: Agent, seeds: jax.Array, index: int) -> Noise:
    """Noise of one step, the same for environments of the same seed."""
    latent, action = agent.noise_sizes()

    def one(seed: jax.Array) -> tuple[jax.Array, jax.Array]:
        key = jax.random.fold_in(jax.random.fold_in(jax.random.PRNGKey(seed), _NOISE), index)
        key_latent, key_action = jax.random.split(key)
        return jax.random.normal(key_latent, (latent,)), jax.random.normal(key_action, (action,))

    return Noise(*jax.vmap(one)(seeds))


def _jittered(physics: PhysicsState, seeds: np.ndarray, degrees: float) -> PhysicsState:
    """Joints that begin somewhat off, by the seed. Positions of bodies follow with the first step."""
    qpos = np.array(physics.qpos)
    different, which = np.unique(seeds, return_inverse=True)
    size = qpos.shape[1] - 7
    drawn = [np.random.default_rng((int(seed), _NOISE)).normal(size=size) for seed in different]
    qpos[:, 7:] += np.deg2rad(degrees) * np.array(drawn, np.float32)[which]
    return dataclasses.replace(physics, qpos=qpos)
