"""KL divergence of the intention from its prior."""

import jax
import jax.numpy as jnp

from rodent.policy.agent import AgentOutput


def latent_kl(
    output: AgentOutput, before: jax.Array, is_first: jax.Array, correlation: jax.Array | float
) -> jax.Array:
    """KL divergence from the intention to its prior, nats, shape of is_first.

    An agent's own prior is a normal distribution given proprioception (as in Luo et al., Universal humanoid
    motion representations, ICLR 2024). Else the prior of z_t is normal around correlation * z_(t-1) with
    variance 1 - correlation^2, and standard normal in the first step of an episode (Merel et al., Neural
    probabilistic motor primitives, ICLR 2019).
    """
    if output.prior is None:
        known = ~is_first[..., None]
        mean = jnp.where(known, correlation * before, 0.0)
        logvar = jnp.log(jnp.where(known, 1 - correlation**2, 1.0))
    else:
        mean, logvar = output.prior
    q = jnp.exp(output.latent_logvar)
    off = (q + jnp.square(output.latent_mean - mean)) / jnp.exp(logvar)
    return 0.5 * jnp.sum(off - 1 + logvar - output.latent_logvar, -1)


def latent_weight(final: jax.Array | float, over: int, steps: jax.Array) -> jax.Array:
    """Weight of the intention's KL divergence, which rises linearly to its final value over control steps."""
    return final * jnp.minimum(1.0, steps / over)
