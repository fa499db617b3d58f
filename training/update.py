"""One update of a training: collect an unroll, learn from it.

    algorithm = Algorithm(config, agent, dynamics)
    state = begin(algorithm, task, engine, key)
    update = host_update(algorithm, engine)          # or device_update, one compiled program
    state, metrics = update(state, hyper, task)

`TrainState` is the full state of a training, a pytree of arrays. Learning from an unroll is one function,
`learn`; host and device differ in how they collect the unroll and in how `learn` branches.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp

from rodent.loop import Actor, ClosedLoop, Exploration, Loop, LoopState, Step, initial_states, iterate, scan
from rodent.physics.engine import Engine, PhysicsState
from rodent.policy.agent import Agent
from rodent.tasks.task import Task
from training.config import TrainConfig
from training.distillation import DISTILLATION_METRICS, Teacher, distil
from training.dynamics import Dynamics
from training.experience import DynamicsSample, Experience, experience_of, reward_metrics, samples_of
from training.hyperparameters import Hyperparameters
from training.learner import Learner, new_learner, normalizer_of
from training.model_based import (
    FIT_METRICS,
    IMAGINED,
    IMPROVE_METRICS,
    ModelBased,
    ModelBasedState,
    fit,
    improve,
)
from training.ppo import POLICY_METRICS, update, update_value
from training.sampler import new_sampler, updated_sampler

DISTILLATION = "distillation"
"""Name of the phase in which the policy learns from a teacher."""
Metrics = dict[str, jax.Array]
Choose = Callable[..., Any]
"""Like `jax.lax.cond`: calls one of two functions of the same arguments."""


@flax.struct.dataclass
class TrainState:
    """The full state of a training.

    Attributes:
        learner: parameters, optimiser, statistics, learning rate, key.
        model_based: the state of model-based learning, with the dynamics model.
        loop: states of the environments, the sampler, the key.
        engine: the engine's state.
    """

    learner: Learner
    model_based: ModelBasedState
    loop: LoopState
    engine: Any


Update = Callable[[TrainState, Hyperparameters, Task[Any]], tuple[TrainState, Metrics]]
"""A function of state, hyperparameters and task, to the next state and metrics for the log."""


class Algorithm:
    """PPO, and distillation and the model-based policy gradient if configured, for one agent and body.

    Attributes:
        config: of the run.
        agent: the agent.
        teacher: that the policy learns from at first; None for none.
        model_based: functions of model-based learning.
        loop: settings of the closed loop.
    """

    def __init__(self, config: TrainConfig, agent: Agent, dynamics: Dynamics, teacher: Teacher | None = None):
        self.config, self.agent, self.teacher = config, agent, teacher
        self.model_based = ModelBased(config.model_based, config.ppo, agent, dynamics)
        explore = Exploration(sample=True, correlation=config.ppo.noise_correlation)
        self.loop = Loop(agent, explore, restart="done", vary=config.randomisation.in_use)

    def is_taught(self, learner: Learner) -> jax.Array:
        """Whether the next update learns from the teacher."""
        taught = self.teacher is not None
        return jnp.asarray(taught & (learner.steps < self.config.distillation.steps))

    def phase(self, state: TrainState) -> str:
        """Name of the phase of the next update, such as PPO or imagined rollouts."""
        if bool(self.is_taught(state.learner)):
            return DISTILLATION
        return self.model_based.phase(state.learner, state.model_based)

    def inapplicable(self, phase: str, after: TrainState) -> set[str]:
        """Names of the metrics of steps that an update did not make.

        Args:
            phase: before the update.
            after: the state after the update.
        """
        names = set() if phase == DISTILLATION else set(DISTILLATION_METRICS)
        if phase in (DISTILLATION, IMAGINED):
            names |= set(POLICY_METRICS)
        if not bool(self.model_based.is_due(after.learner)):
            return names | set(FIT_METRICS) | set(IMPROVE_METRICS)
        improved = phase != DISTILLATION and bool(self.model_based.is_warm(after.model_based))
        return names if improved else names | set(IMPROVE_METRICS)


def begin(
    algorithm: Algorithm, task: Task[Any], key: jax.Array
) -> tuple[Learner, ModelBasedState, LoopState, PhysicsState]:
    """The states before the first step."""
    return _begin(algorithm.config, algorithm.model_based, task, key)


@partial(jax.jit, static_argnums=(0, 1))
def _begin(
    config: TrainConfig, model_based: ModelBased, task: Task[Any], key: jax.Array
) -> tuple[Learner, ModelBasedState, LoopState, PhysicsState]:
    key_loop, key_learner = jax.random.split(key)
    agent, starts = model_based.agent, task.starts
    sampler = new_sampler(config.sampler, starts)
    first_starts = jnp.full(config.ppo.num_envs, starts.first[0])
    loop, physics = initial_states(agent, task, first_starts, key_loop, sampler, config.randomisation.in_use)
    observation = jax.vmap(task.observe)(loop.task, physics)
    learner = new_learner(config.ppo, agent, observation, key_learner)
    return learner, model_based.init(learner, jax.random.fold_in(key_learner, 1)), loop, physics


def learn(
    algorithm: Algorithm,
    choose: Choose,
    hyper: Hyperparameters,
    task: Task[Any],
    state: TrainState,
    unroll: tuple[Experience, DynamicsSample],
) -> tuple[TrainState, Metrics]:
    """Learn from one unroll; a pure function.

    Args:
        algorithm: the learning algorithm.
        choose: `jax.lax.cond`, or on the host a Python branch.
        hyper, task, state: see `Update`; the states of loop and engine are those after the unroll.
        unroll: the collected experience.
    """
    config, agent, model_based = algorithm.config, algorithm.agent, algorithm.model_based
    experience, samples = unroll
    learner, imagined = state.learner, state.model_based
    taught = algorithm.is_taught(learner)
    # while a teacher or imagined rollouts improve the policy, PPO only fits the value network
    learner, metrics = choose(
        taught | model_based.is_warm(imagined),
        partial(_padded, partial(update_value, config.ppo, agent, hyper)),
        partial(update, config.ppo, agent, hyper),
        learner,
        experience,
    )
    if algorithm.teacher is not None:
        from_teacher = partial(
            distil, (config.distillation, config.ppo), agent, hyper, algorithm.teacher, task
        )
        seen = experience.actions, samples
        learner, distilled = choose(taught, from_teacher, _not_distilled, learner, seen)
        metrics |= distilled
    if config.model_based.updates:
        imagined, fitted = choose(
            model_based.is_due(learner),
            partial(fit, model_based, hyper),
            _not_fitted,
            imagined,
            samples,
        )
        learner, imagined, improved = choose(
            ~taught & model_based.is_due(learner) & model_based.is_warm(imagined),
            partial(improve, model_based, task, hyper),
            _not_improved,
            learner,
            imagined,
            samples,
        )
        metrics |= fitted | improved
    sampler = updated_sampler(state.loop.sampler, task.starts)
    loop = dataclasses.replace(state.loop, sampler=sampler)
    state = dataclasses.replace(state, learner=learner, model_based=imagined, loop=loop)
    return state, metrics | reward_metrics(experience.outcomes)


def host_update(algorithm: Algorithm, engine: Engine[Any]) -> Update:
    """An update with an engine on the host."""
    unroll = algorithm.config.ppo.unroll

    def updated(state: TrainState, hyper: Hyperparameters, task: Task[Any]) -> tuple[TrainState, Metrics]:
        actor = Actor(state.learner.params, normalizer_of(state.learner.statistics))
        carried, steps = (state.loop, state.engine), []
        running = iterate(ClosedLoop(algorithm.loop, task, actor, engine), carried, samples_of)
        for _ in range(unroll):
            carried, step = next(running)
            steps.append(step)
        state = dataclasses.replace(state, loop=carried[0], engine=carried[1])
        return learn(algorithm, _on_the_host, hyper, task, state, _stacked(task, steps, state.loop))

    return updated


def device_update(algorithm: Algorithm, engine: Engine[Any]) -> Update:
    """An update with a traceable engine; for `jax.jit` and `jax.vmap`."""
    unroll = algorithm.config.ppo.unroll

    def updated(state: TrainState, hyper: Hyperparameters, task: Task[Any]) -> tuple[TrainState, Metrics]:
        actor = Actor(state.learner.params, normalizer_of(state.learner.statistics))
        carried = (state.loop, state.engine)
        closed = ClosedLoop(algorithm.loop, task, actor, engine)
        (loop, engine_state), steps = scan(closed, carried, samples_of, length=unroll)
        state = dataclasses.replace(state, loop=loop, engine=engine_state)
        return learn(algorithm, jax.lax.cond, hyper, task, state, experience_of(task, steps, loop))

    return updated


def _on_the_host(condition: jax.Array, yes: Callable[..., Any], no: Callable[..., Any], *given: Any) -> Any:
    return (yes if bool(condition) else no)(*given)


@jax.jit
def _stacked(task: Task[Any], steps: list[Step], state: LoopState) -> tuple[Experience, DynamicsSample]:
    """The experience of an unroll from a list of steps."""
    return experience_of(task, jax.tree.map(lambda *x: jnp.stack(x), *steps), state)


def _padded(
    value_alone: Callable[..., tuple[Learner, Metrics]], learner: Learner, experience: Experience
) -> tuple[Learner, Metrics]:
    """The update with zeros for the metrics of the policy, because both branches need the same structure."""
    learner, metrics = value_alone(learner, experience)
    return learner, metrics | dict.fromkeys(POLICY_METRICS, jnp.zeros(()))


def _not_distilled(learner: Learner, unroll: Any) -> tuple[Learner, Metrics]:
    return learner, dict.fromkeys(DISTILLATION_METRICS, jnp.zeros(()))


def _not_fitted(state: ModelBasedState, samples: DynamicsSample) -> tuple[ModelBasedState, Metrics]:
    return state, dict.fromkeys(FIT_METRICS, jnp.zeros(()))


def _not_improved(
    learner: Learner, state: ModelBasedState, samples: DynamicsSample
) -> tuple[Learner, ModelBasedState, Metrics]:
    return learner, state, dict.fromkeys(IMPROVE_METRICS, jnp.zeros(()))
