"""What learning changes, and how it is changed: parameters, their average, statistics of what is seen.

learner = new_learner(config, agent, observation, key)
params, optimizer = stepped(config.optimizer, learner.params, learner.optimizer, gradient, rate)
"""

from typing import Any

import flax.struct
import jax
import jax.numpy as jnp

from rodent.policy.agent import Agent
from rodent.policy.policy import Normalizer
from rodent.tasks.task import Observation
from training.brax_parts import running_statistics
from training.config import OptimizerConfig, PPOConfig
from training.optimizer import make_optimizer

_MIN_STD = 1e-2  # what counts as constant in an observation
SEEN_EVERY = 8
"""Steps that follow one another look alike: the normaliser's statistics are of every so many."""


@flax.struct.dataclass
class Learner:
    """All that learning changes.

    Attributes:
        params: of the actor-critic: policy and critic.
        average: of the params over the last updates: what is evaluated and saved.
        optimizer: its moments, of the policy and of the critic.
        statistics: running mean and deviation of observations.
        learning_rate: as adapted so far.
        key: of minibatch shuffling.
        steps: control steps learnt from.
    """

    params: Any
    average: Any
    optimizer: Any
    statistics: running_statistics.RunningStatisticsState
    learning_rate: jax.Array
    key: jax.Array
    steps: jax.Array


def new_learner(config: PPOConfig, agent: Agent, observation: Observation, key: jax.Array) -> Learner:
    """A learner with fresh parameters, shaped by one observation of n rats."""
    key, key_init = jax.random.split(key)
    params = agent.init(key_init, observation)
    one = jax.tree.map(lambda x: jnp.zeros(x.shape[1:], jnp.float32), dict(observation))
    return Learner(
        params=params,
        average=jax.tree.map(jnp.copy, params),  # buffers are donated, each once
        optimizer={part: make_optimizer(config.optimizer, part).init(its) for part, its in params.items()},
        statistics=running_statistics.init_state(one),
        learning_rate=jnp.float32(config.learning_rate),
        key=key,
        steps=jnp.int32(0),
    )


def normalizer_of(statistics: running_statistics.RunningStatisticsState) -> Normalizer:
    """The normaliser that goes with the statistics so far."""
    mean: Any = statistics.mean
    return Normalizer(mean, jax.tree.map(lambda s: jnp.maximum(s, _MIN_STD), statistics.std))


def stepped(
    config: OptimizerConfig, params: Any, optimizer: Any, gradient: Any, rate: jax.Array | float
) -> tuple[Any, Any]:
    """Parameters and moments after a step of the parts that have a gradient: policy, critic or both."""
    for part, its in gradient.items():
        step, moments = make_optimizer(config, part).update(its, optimizer[part], params[part])
        moved = jax.tree.map(lambda p, s: p + rate * s, params[part], step)
        params, optimizer = params | {part: moved}, optimizer | {part: moments}
    return params, optimizer
