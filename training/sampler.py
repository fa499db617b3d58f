"""Where episodes begin: anywhere, at first frames, and more often shortly before rats fail."""

import dataclasses

import flax.struct
import jax
import jax.numpy as jnp

from rodent.tasks.reference import Reference
from training.config import SamplerConfig


@flax.struct.dataclass
class Sampler:
    """Failures by frame and the distribution of first frames, over the N frames of a reference.

    Attributes:
        failures: decaying count, shape (N,).
        cumulative: distribution function of the frame an episode begins with, shape (N,).
    """

    failures: jax.Array
    cumulative: jax.Array


def new_sampler(config: SamplerConfig, reference: Reference) -> Sampler:
    """A sampler that knows of no failures."""
    return refreshed(config, Sampler(jnp.zeros(reference.num_frames), jnp.zeros(0)), reference)


def updated(sampler: Sampler, frame: jax.Array, failed: jax.Array) -> Sampler:
    """Count the failures of rats that came to the given frames, shape (n,)."""
    return dataclasses.replace(sampler, failures=sampler.failures.at[frame].add(failed.astype(jnp.float32)))


def refreshed(config: SamplerConfig, sampler: Sampler, reference: Reference) -> Sampler:
    """Let old failures fade and weigh the frames anew; once per update."""
    failures = config.memory * sampler.failures
    frames = jnp.arange(reference.num_frames)
    final = reference.last[reference.clip_of]
    can_begin = (frames < final).astype(jnp.float32)
    # failures in the window (frame, frame + before], within the clip
    total = jnp.concatenate([jnp.zeros(1), jnp.cumsum(failures)])
    near = total[jnp.minimum(frames + config.before, final) + 1] - total[frames + 1]
    first = jnp.zeros(reference.num_frames).at[reference.first].set(1.0)
    weight = (
        config.first * _share(first)
        + config.failing * _share(near * can_begin)
        + (1 - config.first - config.failing) * _share(can_begin)
    )
    return Sampler(failures, jnp.cumsum(weight) / jnp.sum(weight))


def sample_starts(sampler: Sampler, key: jax.Array, n: int) -> jax.Array:
    """First frames of n new episodes, shape (n,)."""
    draw = jax.random.uniform(key, (n,))
    return jnp.minimum(jnp.searchsorted(sampler.cumulative, draw), sampler.cumulative.shape[0] - 1)


def _share(weight: jax.Array) -> jax.Array:
    total = jnp.sum(weight)
    return jnp.where(total > 0, weight / jnp.maximum(total, 1e-9), 0.0)
