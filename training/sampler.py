"""Sampling of the starts of episodes: uniformly, at first frames of clips, and where episodes soon fail.

A failure counts for the start of its episode, not for the frame in which it happens: an episode that starts
before a rear may end in a fall that does not happen in one that starts half way up.
"""

import dataclasses

import flax.struct
import jax
import jax.numpy as jnp

from rodent.loop.state import Ended
from rodent.tasks.task import Starts
from training.config import SamplerConfig


@flax.struct.dataclass
class Sampler:
    """Statistics of episodes by their start; N possible starts. See `rodent.loop.StartSampler`.

    Attributes:
        config: fractions and time constants.
        begun: decaying count of episodes, shape (N,).
        failed: decaying count of failed episodes, in which early failures have a larger weight, shape (N,).
        cumulative: cumulative distribution of starts, shape (N,).
    """

    config: SamplerConfig = flax.struct.field(pytree_node=False)
    begun: jax.Array
    failed: jax.Array
    cumulative: jax.Array

    def draw(self, key: jax.Array, n: int) -> jax.Array:
        """Starts of n episodes, shape (n,)."""
        draw = jax.random.uniform(key, (n,))
        return jnp.minimum(jnp.searchsorted(self.cumulative, draw), len(self.cumulative) - 1)

    def counted(self, ended: Ended, begun: jax.Array) -> "Sampler":
        """The sampler with updated counts of failed and of new episodes.

        Args:
            ended: the episodes that ended.
            begun: start of the next episode of each environment, shape (n,).
        """
        weight = (ended.which & ended.terminated) * jnp.exp(-ended.steps / self.config.soon)
        return dataclasses.replace(
            self,
            failed=self.failed.at[ended.start].add(weight),
            begun=self.begun.at[begun].add(ended.which.astype(jnp.float32)),
        )


def new_sampler(config: SamplerConfig, starts: Starts) -> Sampler:
    """A sampler without data, in which all starts have the same risk."""
    none = jnp.zeros(starts.count)
    return updated_sampler(Sampler(config, none, none, none), starts)


@jax.jit
def updated_sampler(sampler: Sampler, starts: Starts) -> Sampler:
    """The sampler with decayed counts and a new distribution of starts; once per update."""
    config = sampler.config
    begun, failed = config.memory * sampler.begun, config.memory * sampler.failed
    index = jnp.arange(starts.count)
    low = jnp.maximum(index - config.neighbours, starts.first[starts.group_of])
    high = jnp.minimum(index + config.neighbours, starts.last[starts.group_of])

    def nearby(count: jax.Array) -> jax.Array:
        total = jnp.concatenate([jnp.zeros(1), jnp.cumsum(count)])
        return total[high + 1] - total[low]

    usable = starts.usable.astype(jnp.float32)
    # a prior of one failure in one episode, so that untried starts are tried
    risk = (nearby(failed) + 1) / (nearby(begun) + 1)
    first = jnp.zeros(starts.count).at[starts.first].set(1.0)
    weight = (
        config.first * _normalised(first)
        + config.failing * _normalised(risk * usable)
        + (1 - config.first - config.failing) * _normalised(usable)
    )
    return Sampler(config, begun, failed, jnp.cumsum(weight) / jnp.sum(weight))


def _normalised(weight: jax.Array) -> jax.Array:
    return weight / jnp.sum(weight)
