"""Posterior of linear dynamical systems, of all windows at once, in double precision.

    posterior = smooth(system, evidence)                    # Gaussian evidence about the states
    posterior = poisson_posterior(system, loadings, bias, counts)

Evidence is in information form: what the channels of a bin say of the state is a precision matrix and a
vector, so that the cost of the recursion does not depend on the number of channels. For Poisson counts the
posterior is approximated by a Gaussian at its mode (Laplace). The mode is found by Newton's method, each step
of which is a Kalman smoother (Paninski et al., J Comput Neurosci 29, 107, 2010).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

MOST_LOG_COUNT = 4.0
"""Largest logarithm of an expected count in the search for the mode: far beyond what neurons do."""


class System(NamedTuple):
    """x(t + 1) = matrix x(t) + noise.

    Attributes:
        matrix: shape (D, D).
        noise: covariance of the noise, shape (D, D).
        mean, covariance: of the first state, shape (D,) and (D, D).
    """

    matrix: jax.Array
    noise: jax.Array
    mean: jax.Array
    covariance: jax.Array


class Evidence(NamedTuple):
    """What the channels say of each state.

    Attributes:
        precision: shape (windows, bins, D, D).
        vector: precision times the state that is most likely by the channels alone, shape (windows, bins, D).
    """

    precision: jax.Array
    vector: jax.Array


class Posterior(NamedTuple):
    """Posterior of the states.

    Attributes:
        mean: shape (windows, bins, D).
        covariance: shape (windows, bins, D, D).
        cross: covariance of each state with the one before it, shape (windows, bins - 1, D, D).
    """

    mean: jax.Array
    covariance: jax.Array
    cross: jax.Array


@jax.jit
def smooth(system: System, evidence: Evidence) -> Posterior:
    """The posterior of the states of all windows."""
    return jax.vmap(lambda precision, vector: _smooth_one(system, precision, vector))(*evidence)


def _smooth_one(system: System, precision: jax.Array, vector: jax.Array) -> Posterior:
    eye = jnp.eye(len(system.mean))

    def forward(carry: tuple, each: tuple) -> tuple:
        mean, covariance = carry
        own_precision, own_vector = each
        updated = _symmetric(jnp.linalg.solve(eye + covariance @ own_precision, covariance))
        state = mean + updated @ (own_vector - own_precision @ mean)
        ahead = _symmetric(system.matrix @ updated @ system.matrix.T + system.noise)
        return (system.matrix @ state, ahead), (state, updated, ahead)

    first = (system.mean, system.covariance)
    _, (means, covariances, ahead) = jax.lax.scan(forward, first, (precision, vector))

    def backward(carry: tuple, each: tuple) -> tuple:
        later_mean, later_covariance = carry
        mean, covariance, expected = each
        gain = jnp.linalg.solve(expected, system.matrix @ covariance).T
        smoothed = mean + gain @ (later_mean - system.matrix @ mean)
        spread = _symmetric(covariance + gain @ (later_covariance - expected) @ gain.T)
        return (smoothed, spread), (smoothed, spread, later_covariance @ gain.T)

    last = (means[-1], covariances[-1])
    rest = (means[:-1], covariances[:-1], ahead[:-1])
    _, (smoothed, spread, cross) = jax.lax.scan(backward, last, rest, reverse=True)
    return Posterior(
        jnp.concatenate([smoothed, means[-1:]]), jnp.concatenate([spread, covariances[-1:]]), cross
    )


def gaussian_evidence(
    loadings: jax.Array, bias: jax.Array, variance: jax.Array, values: jax.Array
) -> Evidence:
    """Evidence of channels with Gaussian noise.

    Args:
        loadings: shape (channels, D).
        bias, variance: of the channels, shape (channels,).
        values: shape (windows, bins, channels).
    """
    scaled = loadings / variance[:, None]
    precision = jnp.broadcast_to(loadings.T @ scaled, (*values.shape[:2], *(loadings.shape[1],) * 2))
    return Evidence(precision, (values - bias) @ scaled)


@jax.jit
def poisson_evidence(loadings: jax.Array, bias: jax.Array, counts: jax.Array, states: jax.Array) -> Evidence:
    """Evidence of Poisson counts with rates exp(loadings state + bias), to second order around states."""
    drive = jnp.minimum(states @ loadings.T, MOST_LOG_COUNT - bias)
    rates = jnp.exp(drive + bias)
    precision = jnp.einsum("wtn,nd,ne->wtde", rates, loadings, loadings)
    return Evidence(precision, (counts - rates + rates * drive) @ loadings)


def poisson_posterior(
    system: System,
    loadings: jax.Array,
    bias: jax.Array,
    counts: jax.Array,
    states: jax.Array,
    steps: int,
) -> Posterior:
    """Laplace approximation of the posterior, from Newton steps that begin at the states given."""
    posterior = None
    for _ in range(steps):
        posterior = smooth(system, poisson_evidence(loadings, bias, counts, states))
        states = posterior.mean
    assert posterior is not None
    return posterior


def _symmetric(matrix: jax.Array) -> jax.Array:
    return (matrix + matrix.T) / 2
