"""KL divergence of the intention from its autoregressive prior."""

import jax
import jax.numpy as jnp

from rodent.policy.agent import AgentOutput


def latent_kl(
    output: AgentOutput, before: jax.Array, is_first: jax.Array, correlation: jax.Array | float
) -> jax.Array:
    """KL divergence from the intention to its AR(1) prior, nats, shape of is_first.

    The prior of z_t is normal around correlation * z_(t-1) with variance 1 - correlation^2, and standard
    normal in the first step of an episode (Merel et al., Neural probabilistic motor primitives, ICLR 2019).
    """
    known = ~is_first[..., None]
    mean = jnp.where(known, correlation * before, 0.0)
    variance = jnp.where(known, 1 - correlation**2, 1.0)
    q = jnp.exp(output.latent_logvar)
    kl = (q + jnp.square(output.latent_mean - mean)) / variance - 1 + jnp.log(variance) - output.latent_logvar
    return 0.5 * jnp.sum(kl, -1)


def latent_weight(final: jax.Array | float, over: int, steps: jax.Array) -> jax.Array:
    """Weight of the intention's KL divergence, which rises linearly to its final value over control steps."""
    return final * jnp.minimum(1.0, steps / over)
