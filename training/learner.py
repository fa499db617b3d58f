"""The state of learning: parameters, their Polyak average, statistics of observations.

learner = new_learner(config, agent, observation, key)
params, optimizer = stepped(config.optimizer, learner.params, learner.optimizer, gradient, rate)
"""

import dataclasses
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp

from rodent.policy.agent import Agent
from rodent.policy.policy import Normalizer
from rodent.tasks.task import Observation
from training.brax_parts import running_statistics
from training.config import OptimizerConfig, PPOConfig
from training.optimizer import kept_zeros, make_optimizer

_MIN_STD = 1e-2  # smaller standard deviations of an observation count as constant
SEEN_EVERY = 8
"""Interval in steps of the normaliser's statistics, because successive steps are similar."""


@flax.struct.dataclass
class Learner:
    """The state of learning.

    Attributes:
        params: of the actor-critic: policy and critic.
        average: Polyak average of the params, which is evaluated and saved.
        optimizer: moments of the optimisers of policy and critic.
        statistics: running mean and standard deviation of observations.
        learning_rate: current, adapted learning rate.
        key: of minibatch shuffling.
        steps: control steps so far.
    """

    params: Any
    average: Any
    optimizer: Any
    statistics: running_statistics.RunningStatisticsState
    learning_rate: jax.Array
    key: jax.Array
    steps: jax.Array


def new_learner(config: PPOConfig, agent: Agent, observation: Observation, key: jax.Array) -> Learner:
    """A learner with new parameters, whose shapes follow from an observation of n environments."""
    key, key_init = jax.random.split(key)
    params = agent.init(key_init, observation)
    one = jax.tree.map(lambda x: jnp.zeros(x.shape[1:], jnp.float32), dict(observation))
    return Learner(
        params=params,
        average=jax.tree.map(jnp.copy, params),  # buffers are donated, each once
        optimizer={part: make_optimizer(config.optimizer, part).init(own) for part, own in params.items()},
        statistics=running_statistics.init_state(one),
        learning_rate=jnp.float32(config.learning_rate),
        key=key,
        steps=jnp.int32(0),
    )


def normalizer_of(statistics: running_statistics.RunningStatisticsState) -> Normalizer:
    """The normaliser of the current statistics."""
    mean: Any = statistics.mean
    return Normalizer(mean, jax.tree.map(lambda s: jnp.maximum(s, _MIN_STD), statistics.std))


def with_fixed(
    statistics: running_statistics.RunningStatisticsState,
    fixed: running_statistics.RunningStatisticsState,
    groups: tuple[str, ...],
) -> running_statistics.RunningStatisticsState:
    """The statistics, with those of some groups of the observation taken from `fixed`."""

    def mixed(new: Any, old: Any) -> Any:
        return {name: old[name] if name in groups else values for name, values in new.items()}

    names = ("mean", "std", "summed_variance")
    own = {name: mixed(getattr(statistics, name), getattr(fixed, name)) for name in names}
    return dataclasses.replace(statistics, **own) if groups else statistics


def stepped(
    config: OptimizerConfig, params: Any, optimizer: Any, gradient: Any, rate: jax.Array | float
) -> tuple[Any, Any]:
    """Parameters and moments after a step of the parts with a gradient: policy, critic or both."""
    for part, own in gradient.items():
        step, moments = make_optimizer(config, part).update(own, optimizer[part], params[part])
        new = jax.tree.map(lambda p, s: p + rate * s, params[part], step)
        new = kept_zeros(config, params[part], new)
        params, optimizer = params | {part: new}, optimizer | {part: moments}
    return params, optimizer
