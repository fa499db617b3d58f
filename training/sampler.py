"""Where episodes begin: anywhere, at first places such as a clip's first frame, and more often where they
soon fail.

A failure is held against the place its episode began at, not the one it happened at:
a rear begun from standing may end in a fall that none begun half way up ends in.
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
    """What became of episodes, by the place they began at; N places. See `rodent.loop.StartSampler`.

    Attributes:
        config: fractions and time constants.
        begun: decaying count of episodes, shape (N,).
        failed: decaying count of those that failed, early failures counting most, shape (N,).
        cumulative: distribution function of the place an episode begins at, shape (N,).
    """

    config: SamplerConfig = flax.struct.field(pytree_node=False)
    begun: jax.Array
    failed: jax.Array
    cumulative: jax.Array

    def draw(self, key: jax.Array, n: int) -> jax.Array:
        """Places where n episodes begin, shape (n,)."""
        draw = jax.random.uniform(key, (n,))
        return jnp.minimum(jnp.searchsorted(self.cumulative, draw), len(self.cumulative) - 1)

    def counted(self, ended: Ended, begun: jax.Array) -> "Sampler":
        """The sampler when it has counted the episodes that failed and those that begin in their place.

        Args:
            ended: the episodes that are over.
            begun: place that each environment's next episode begins at, shape (n,).
        """
        weight = (ended.which & ended.terminated) * jnp.exp(-ended.steps / self.config.soon)
        return dataclasses.replace(
            self,
            failed=self.failed.at[ended.start].add(weight),
            begun=self.begun.at[begun].add(ended.which.astype(jnp.float32)),
        )


def new_sampler(config: SamplerConfig, starts: Starts) -> Sampler:
    """A sampler that knows of no episode, and takes every place to be as hard as any."""
    none = jnp.zeros(starts.count)
    return refreshed(Sampler(config, none, none, none), starts)


@jax.jit
def refreshed(sampler: Sampler, starts: Starts) -> Sampler:
    """Let old episodes fade and weigh the places anew; once per update."""
    config = sampler.config
    begun, failed = config.memory * sampler.begun, config.memory * sampler.failed
    places = jnp.arange(starts.count)
    low = jnp.maximum(places - config.neighbours, starts.first[starts.group_of])
    high = jnp.minimum(places + config.neighbours, starts.last[starts.group_of])

    def nearby(count: jax.Array) -> jax.Array:
        total = jnp.concatenate([jnp.zeros(1), jnp.cumsum(count)])
        return total[high + 1] - total[low]

    usable = starts.usable.astype(jnp.float32)
    # one failure of one episode is assumed, so that places never tried are tried
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
