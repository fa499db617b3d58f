"""Where episodes begin: anywhere, at first frames, and more often where rats soon fail.

A failure is held against the frame its episode began with, not the one it happened at:
a rear begun from standing may end in a fall that none begun half way up ends in.
"""

import dataclasses

import flax.struct
import jax
import jax.numpy as jnp

from rodent.tasks.reference import Reference
from training.config import SamplerConfig


@flax.struct.dataclass
class Sampler:
    """What became of episodes, by the frame they began with; N frames of a reference.

    Attributes:
        config: shares and time constants.
        begun: decaying count of episodes, shape (N,).
        failed: decaying count of those that failed, early failures counting most, shape (N,).
        cumulative: distribution function of the frame an episode begins with, shape (N,).
    """

    config: SamplerConfig = flax.struct.field(pytree_node=False)
    begun: jax.Array
    failed: jax.Array
    cumulative: jax.Array


def new_sampler(config: SamplerConfig, reference: Reference) -> Sampler:
    """A sampler that knows of no episode, and holds every frame to be as hard as any."""
    none = jnp.zeros(reference.num_frames)
    return refreshed(Sampler(config, none, none, none), reference)


def updated(
    sampler: Sampler, start: jax.Array, lived: jax.Array, failed: jax.Array, begun: jax.Array, anew: jax.Array
) -> Sampler:
    """Count the episodes that failed and those that begin, arrays (n,).

    Args:
        sampler: as it was.
        start: frame that the rat's episode began with.
        lived: steps it has lasted.
        failed: whether it failed just now.
        begun: frame that the rat's next episode begins with.
        anew: whether a next one begins.
    """
    weight = failed * jnp.exp(-lived / sampler.config.soon)
    return dataclasses.replace(
        sampler,
        failed=sampler.failed.at[start].add(weight),
        begun=sampler.begun.at[begun].add(anew.astype(jnp.float32)),
    )


def refreshed(sampler: Sampler, reference: Reference) -> Sampler:
    """Let old episodes fade and weigh the frames anew; once per update."""
    config = sampler.config
    begun, failed = config.memory * sampler.begun, config.memory * sampler.failed
    frames = jnp.arange(reference.num_frames)
    clip = reference.clip_of
    low = jnp.maximum(frames - config.neighbours, reference.first[clip])
    high = jnp.minimum(frames + config.neighbours, reference.last[clip])

    def nearby(count: jax.Array) -> jax.Array:
        total = jnp.concatenate([jnp.zeros(1), jnp.cumsum(count)])
        return total[high + 1] - total[low]

    can_begin = (frames < reference.last[clip]).astype(jnp.float32)
    # one failure of one episode is assumed, so that frames never tried are tried
    risk = (nearby(failed) + 1) / (nearby(begun) + 1)
    first = jnp.zeros(reference.num_frames).at[reference.first].set(1.0)
    weight = (
        config.first * _share(first)
        + config.failing * _share(risk * can_begin)
        + (1 - config.first - config.failing) * _share(can_begin)
    )
    return Sampler(config, begun, failed, jnp.cumsum(weight) / jnp.sum(weight))


def sample_starts(sampler: Sampler, key: jax.Array, n: int) -> jax.Array:
    """First frames of n new episodes, shape (n,)."""
    draw = jax.random.uniform(key, (n,))
    return jnp.minimum(jnp.searchsorted(sampler.cumulative, draw), sampler.cumulative.shape[0] - 1)


def _share(weight: jax.Array) -> jax.Array:
    return weight / jnp.sum(weight)
