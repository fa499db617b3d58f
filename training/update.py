"""One update of a training: collect an unroll, learn from it.

    algorithm = Algorithm(config, agent, dynamics)
    state = begin(algorithm, task, engine, key)
    update = host_update(algorithm, engine)          # or device_update, one compiled program
    state, figures = update(state, hyper, task)

`TrainState` is all that the next update depends on, one tree of arrays. What is learnt from an unroll is
written once, `learn`; host and device differ in how the unroll is collected and in how `learn` chooses.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp

from rodent.loop import Actor, ClosedLoop, Exploration, Loop, LoopState, Step, first, iterate, scan
from rodent.physics.engine import Engine, PhysicsState
from rodent.policy.agent import Agent
from rodent.tasks.task import Task
from training.config import TrainConfig
from training.dynamics import Dynamics
from training.experience import DynamicsSample, Experience, kept, laid_out, reward_figures
from training.hyperparameters import Hyperparameters
from training.learner import Learner, new_learner, normalizer_of
from training.model_based import (
    FIT_FIGURES,
    IMPROVE_FIGURES,
    ModelBased,
    ModelBasedState,
    fit,
    improve,
)
from training.ppo import POLICY_FIGURES, update, update_value
from training.sampler import new_sampler, refreshed

Figures = dict[str, jax.Array]
Choose = Callable[..., Any]
"""As `jax.lax.cond`: what a condition decides between two functions of the same arguments."""


@flax.struct.dataclass
class TrainState:
    """All that the next update depends on.

    Attributes:
        learner: parameters, optimiser, statistics, learning rate, key.
        model_based: the dynamics model, and what else model-based learning changes.
        loop: where the environments are in their episodes, the sampler, the key.
        engine: the engine's state.
    """

    learner: Learner
    model_based: ModelBasedState
    loop: LoopState
    engine: Any


Update = Callable[[TrainState, Hyperparameters, Task[Any]], tuple[TrainState, Figures]]
"""A function of state, hyperparameters and task, to the next state and figures for the log."""


class Algorithm:
    """PPO, and the model-based policy gradient where it is configured, for one kind of agent and body.

    Attributes:
        config: of the run.
        agent: what acts.
        model_based: how imagined rollouts are made.
        loop: how environments are run.
    """

    def __init__(self, config: TrainConfig, agent: Agent, dynamics: Dynamics):
        self.config, self.agent = config, agent
        self.model_based = ModelBased(config.model_based, config.ppo, agent, dynamics)
        explore = Exploration(sample=True, correlation=config.ppo.noise_correlation)
        self.loop = Loop(agent, explore, restart="done", vary=config.randomisation.in_use)

    def is_warm(self, state: TrainState) -> bool:
        """Whether imagined rollouts improve the policy in the next update, and PPO does not."""
        return bool(self.config.model_based.updates and self.model_based.is_warm(state.model_based))

    def meaningless(self, warm: bool, after: TrainState) -> set[str]:
        """Names of the figures of an update that stand for what it did not do.

        Args:
            warm: what `is_warm` said before it.
            after: the state after it.
        """
        if not self.config.model_based.updates:
            return set()
        model_based = self.model_based
        names = set(POLICY_FIGURES) if warm else set[str]()
        if not bool(model_based.is_due(after.learner)):
            return names | set(FIT_FIGURES) | set(IMPROVE_FIGURES)
        return names if bool(model_based.is_warm(after.model_based)) else names | set(IMPROVE_FIGURES)


def begin(
    algorithm: Algorithm, task: Task[Any], key: jax.Array
) -> tuple[Learner, ModelBasedState, LoopState, PhysicsState]:
    """Everything as it is before the first step."""
    return _begin(algorithm.config, algorithm.model_based, task, key)


@partial(jax.jit, static_argnums=(0, 1))
def _begin(
    config: TrainConfig, model_based: ModelBased, task: Task[Any], key: jax.Array
) -> tuple[Learner, ModelBasedState, LoopState, PhysicsState]:
    key_loop, key_learner = jax.random.split(key)
    agent, starts = model_based.agent, task.starts
    sampler = new_sampler(config.sampler, starts)
    places = jnp.full(config.ppo.num_envs, starts.first[0])
    loop, physics = first(agent, task, places, key_loop, sampler, config.randomisation.in_use)
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
) -> tuple[TrainState, Figures]:
    """Learn from one unroll; a pure function.

    Args:
        algorithm: what is learnt, and how.
        choose: `jax.lax.cond`, or on the host one that computes only what is chosen.
        hyper, task, state: see `Update`; the loop's and the engine's states are after the unroll.
        unroll: what was collected.
    """
    config, agent, model_based = algorithm.config, algorithm.agent, algorithm.model_based
    experience, samples = unroll
    by_ppo = partial(update, config.ppo, agent, hyper)
    learner, imagined = state.learner, state.model_based
    if not config.model_based.updates:
        learner, figures = by_ppo(learner, experience)
    else:
        # a policy that imagined rollouts improve is improved by them alone
        value_alone = partial(_padded, partial(update_value, config.ppo, agent, hyper))
        warm = model_based.is_warm(imagined)
        learner, figures = choose(warm, value_alone, by_ppo, learner, experience)
        imagined, fitted = choose(
            model_based.is_due(learner),
            partial(fit, model_based, hyper),
            _not_fitted,
            imagined,
            samples,
        )
        learner, imagined, improved = choose(
            model_based.is_due(learner) & model_based.is_warm(imagined),
            partial(improve, model_based, task, hyper),
            _not_improved,
            learner,
            imagined,
            samples,
        )
        figures |= fitted | improved
    sampler = refreshed(state.loop.sampler, task.starts)
    loop = dataclasses.replace(state.loop, sampler=sampler)
    state = dataclasses.replace(state, learner=learner, model_based=imagined, loop=loop)
    return state, figures | reward_figures(experience.outcomes)


def host_update(algorithm: Algorithm, engine: Engine[Any]) -> Update:
    """An update whose unroll is stepped by an engine on the host."""
    unroll = algorithm.config.ppo.unroll

    def updated(state: TrainState, hyper: Hyperparameters, task: Task[Any]) -> tuple[TrainState, Figures]:
        actor = Actor(state.learner.params, normalizer_of(state.learner.statistics))
        carried, steps = (state.loop, state.engine), []
        running = iterate(ClosedLoop(algorithm.loop, task, actor, engine), carried, kept)
        for _ in range(unroll):
            carried, step = next(running)
            steps.append(step)
        state = dataclasses.replace(state, loop=carried[0], engine=carried[1])
        return learn(algorithm, _on_the_host, hyper, task, state, _stacked(task, steps, state.loop))

    return updated


def device_update(algorithm: Algorithm, engine: Engine[Any]) -> Update:
    """An update in which a traceable engine steps the unroll; for `jax.jit` and `jax.vmap`."""
    unroll = algorithm.config.ppo.unroll

    def updated(state: TrainState, hyper: Hyperparameters, task: Task[Any]) -> tuple[TrainState, Figures]:
        actor = Actor(state.learner.params, normalizer_of(state.learner.statistics))
        carried = (state.loop, state.engine)
        closed = ClosedLoop(algorithm.loop, task, actor, engine)
        (loop, engine_state), steps = scan(closed, carried, kept, length=unroll)
        state = dataclasses.replace(state, loop=loop, engine=engine_state)
        return learn(algorithm, jax.lax.cond, hyper, task, state, laid_out(task, steps, loop))

    return updated


def _on_the_host(condition: jax.Array, yes: Callable[..., Any], no: Callable[..., Any], *given: Any) -> Any:
    return (yes if bool(condition) else no)(*given)


@jax.jit
def _stacked(task: Task[Any], steps: list[Step], state: LoopState) -> tuple[Experience, DynamicsSample]:
    """An unroll of steps that still stand in a row."""
    return laid_out(task, jax.tree.map(lambda *x: jnp.stack(x), *steps), state)


def _padded(
    value_alone: Callable[..., tuple[Learner, Figures]], learner: Learner, experience: Experience
) -> tuple[Learner, Figures]:
    """With a place for the figures that only learning of the policy has: both ways must look alike."""
    learner, figures = value_alone(learner, experience)
    return learner, figures | dict.fromkeys(POLICY_FIGURES, jnp.zeros(()))


def _not_fitted(state: ModelBasedState, samples: DynamicsSample) -> tuple[ModelBasedState, Figures]:
    return state, dict.fromkeys(FIT_FIGURES, jnp.zeros(()))


def _not_improved(
    learner: Learner, state: ModelBasedState, samples: DynamicsSample
) -> tuple[Learner, ModelBasedState, Figures]:
    return learner, state, dict.fromkeys(IMPROVE_FIGURES, jnp.zeros(()))
