"""The network of the sequential autoencoder: encoder, controller with inferred inputs, generator, factors.

    network = LfadsNetwork(settings, held_in=45, channels=60, dimensions=3)
    params = network.init(key, inputs, noise)
    found = network.apply(params, inputs, noise)    # a `Pass`

In the manner of LFADS (Pandarinath et al., Nature Methods 15, 805, 2018), and smaller: one encoder serves
both the initial state and the controller. A generator, started in a state that the encoder infers, and pushed
by inputs that the controller infers bin by bin, makes factors; channels read the factors.
"""

import math
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from analysis.dynamics.settings import LfadsSettings

_MOST_STATE = 5.0  # of an encoder or the generator
_LEAST_LOG_VARIANCE = -8.0
PRIOR_VARIANCE = 0.1
"""Variance of inferred inputs and initial states by their priors, at the beginning of training."""


class Noise(NamedTuple):
    """Standard normal noise of a pass; zeros give posterior means.

    Attributes:
        start: of the initial state, shape (windows, generator).
        inputs: of the inferred inputs, shape (windows, bins, inputs).
    """

    start: jax.Array
    inputs: jax.Array


class Pass(NamedTuple):
    """What a pass gives.

    Attributes:
        sums: log expected counts, or means of units, shape (windows, bins, channels).
        factors: shape (windows, bins, dimensions).
        states: of the generator, shape (windows, bins, generator).
        inputs: means of the inferred inputs, shape (windows, bins, inputs).
        divergence: of initial states and inputs from their priors, nats, shape (windows,).
    """

    sums: jax.Array
    factors: jax.Array
    states: jax.Array
    inputs: jax.Array
    divergence: jax.Array


def gru_step(kernel: jax.Array, state: jax.Array, drive: jax.Array) -> jax.Array:
    """A gated recurrent unit (Cho et al., EMNLP 2014), with its input weighted already.

    Args:
        kernel: recurrent weights, shape (size, 3 * size).
        state: shape (…, size).
        drive: weighted inputs of both gates and the candidate, shape (…, 3 * size).
    """
    recurrent = state @ kernel
    drive_update, drive_reset, drive_new = jnp.split(drive, 3, axis=-1)
    update, reset, new = jnp.split(recurrent, 3, axis=-1)
    update = nn.sigmoid(drive_update + update)
    candidate = jnp.tanh(drive_new + nn.sigmoid(drive_reset + reset) * new)
    return jnp.clip((1 - update) * candidate + update * state, -_MOST_STATE, _MOST_STATE)


class LfadsNetwork(nn.Module):
    """Encoder, controller, generator and readout.

    Attributes:
        settings: sizes.
        held_in: channels that the encoder sees.
        channels: channels that are predicted.
        dimensions: factors.
    """

    settings: LfadsSettings
    held_in: int
    channels: int
    dimensions: int

    def setup(self) -> None:
        """Declare the weights."""
        s = self.settings
        kernel = nn.initializers.orthogonal()
        self.encoder_input = nn.Dense(6 * s.encoder)
        self.encoder_kernels = [
            self.param(f"encoder_{way}", kernel, (s.encoder, 3 * s.encoder))
            for way in ("forward", "backward")
        ]
        self.start_mean = nn.Dense(s.generator)
        self.start_log_variance = nn.Dense(s.generator, bias_init=nn.initializers.constant(-2.0))
        self.start_prior = self.param("start_prior", _log_variance, (s.generator,))
        self.generator_kernel = self.param("generator", kernel, (s.generator, 3 * s.generator))
        self.generator_bias = self.param("generator_bias", nn.initializers.zeros, (3 * s.generator,))
        factor_init = nn.initializers.lecun_normal()
        self.factor_kernel = self.param("factors", factor_init, (s.generator, self.dimensions))
        self.readout = nn.Dense(self.channels)
        if s.inputs:
            self.input_kernel = self.param("inputs", factor_init, (s.inputs, 3 * s.generator))
            self.controller_input = nn.Dense(3 * s.controller)
            self.controller_factors = self.param(
                "controller_factors", factor_init, (self.dimensions, 3 * s.controller)
            )
            self.controller_kernel = self.param("controller", kernel, (s.controller, 3 * s.controller))
            self.controller_out = self.param("controller_out", factor_init, (s.controller, 2 * s.inputs))
            self.input_prior = self.param("input_prior", _input_prior, (2, s.inputs))

    def __call__(self, inputs: jax.Array, noise: Noise) -> Pass:
        """A pass.

        Args:
            inputs: standardised activity held in, shape (windows, bins, held in).
            noise: of the posterior.
        """
        last, encoded = self.encode(inputs)
        mean, log_variance = self.start_mean(last), self.start_log_variance(last)
        log_variance = jnp.maximum(log_variance, _LEAST_LOG_VARIANCE)
        start = jnp.tanh(mean + jnp.exp(0.5 * log_variance) * noise.start)
        divergence = _divergence(mean, log_variance, 0.0, self.start_prior).sum(-1)
        states, means, log_variances = self.generate(start, encoded, noise.inputs)
        factors = states @ self.factor_kernel
        if self.settings.inputs:
            divergence = divergence + self.divergence_of_inputs(means, log_variances)
        return Pass(self.readout(factors), factors, states, means, divergence)

    def encode(self, inputs: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Last states of both directions, (windows, 2 * encoder), and states of all bins."""
        drive = jnp.moveaxis(self.encoder_input(inputs), 1, 0)
        forward, backward = jnp.split(drive, 2, axis=-1)
        drive, kernels = jnp.stack([forward, backward[::-1]], 1), jnp.stack(self.encoder_kernels)

        def step(state: jax.Array, now: jax.Array) -> tuple[jax.Array, jax.Array]:
            state = jax.vmap(gru_step)(kernels, state, now)
            return state, state

        zero = jnp.zeros((2, inputs.shape[0], self.settings.encoder), inputs.dtype)
        last, states = jax.lax.scan(step, zero, drive)
        both = jnp.concatenate([states[:, 0], states[::-1, 1]], -1)
        return jnp.concatenate([last[0], last[1]], -1), jnp.moveaxis(both, 0, 1)

    def generate(
        self, start: jax.Array, encoded: jax.Array, noise: jax.Array
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Generator states, and means and log variances of inputs, (windows, bins, …) each."""
        count, kernel = self.settings.inputs, self.generator_kernel
        if not count:

            def free(state: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
                after = gru_step(kernel, state, self_bias)
                return after, after

            self_bias = self.generator_bias
            _, states = jax.lax.scan(free, start, None, length=encoded.shape[1])
            states, nothing = jnp.moveaxis(states, 0, 1), jnp.zeros((*encoded.shape[:2], 0))
            return states, nothing, nothing
        drive = jnp.moveaxis(self.controller_input(encoded), 1, 0)
        arrays = (self.factor_kernel, self.controller_factors, self.controller_kernel, self.controller_out)
        to_factors, from_factors, controller_kernel, out = arrays
        input_kernel, bias = self.input_kernel, self.generator_bias

        def step(carry: tuple, each: tuple) -> tuple:
            state, controller = carry
            now, own_noise = each
            controller = gru_step(controller_kernel, controller, now + state @ to_factors @ from_factors)
            mean, log_variance = jnp.split(controller @ out, 2, axis=-1)
            log_variance = jnp.maximum(log_variance - 2.0, _LEAST_LOG_VARIANCE)
            pushed = mean + jnp.exp(0.5 * log_variance) * own_noise
            state = gru_step(kernel, state, pushed @ input_kernel + bias)
            return (state, controller), (state, mean, log_variance)

        zero = jnp.zeros((len(start), self.settings.controller), start.dtype)
        _, found = jax.lax.scan(step, (start, zero), (drive, jnp.moveaxis(noise, 1, 0)))
        states, means, log_variances = (jnp.moveaxis(one, 0, 1) for one in found)
        return states, means, log_variances

    def divergence_of_inputs(self, means: jax.Array, log_variances: jax.Array) -> jax.Array:
        """Of inferred inputs from an autoregressive prior, nats, shape (windows,).

        The expectation over the input before, of which the prior of each depends, is exact.
        """
        persistence, prior = nn.sigmoid(self.input_prior[0]), self.input_prior[1]
        before = jnp.pad(persistence * means[:, :-1], ((0, 0), (1, 0), (0, 0)))
        spread = jnp.pad(persistence**2 * jnp.exp(log_variances[:, :-1]), ((0, 0), (1, 0), (0, 0)))
        found = _divergence(means, log_variances, before, prior) + 0.5 * spread / jnp.exp(prior)
        return found.sum((1, 2))


def _divergence(mean: jax.Array, log_variance: jax.Array, prior_mean: Any, prior: jax.Array) -> jax.Array:
    """Kullback and Leibler's divergence of normal distributions, nats."""
    ratio = (jnp.exp(log_variance) + (mean - prior_mean) ** 2) / jnp.exp(prior)
    return 0.5 * (ratio - 1 - log_variance + prior)


def _log_variance(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    return jnp.full(shape, math.log(PRIOR_VARIANCE), jnp.float32)


def _input_prior(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    return jnp.stack([jnp.full(shape[1:], 2.0, jnp.float32), _log_variance(key, shape[1:])])
