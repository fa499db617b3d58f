"""Linear dynamical systems, fitted by expectation maximisation.

States go on by a matrix and Gaussian noise. Neurons are Poisson with a log rate that is linear in the state
(Macke et al., NeurIPS 2011); units are linear in the state with Gaussian noise.

The library dynamax is not used: with JAX 0.10 its expectation maximisation returns NaN, it has no Poisson
likelihood for it, and it needs a nightly build of TensorFlow Probability and a web server.
"""

from collections.abc import Mapping
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np

from analysis.dynamics.kalman import (
    MOST_LOG_COUNT,
    Posterior,
    System,
    gaussian_evidence,
    poisson_posterior,
    smooth,
)
from analysis.dynamics.model import Advance, LatentModel
from analysis.dynamics.settings import DynamicsSettings
from analysis.dynamics.subspace import FactorAnalysis, go_on
from rodent.errors import WorkError

_NEWTON_STEPS, _WARM_STEPS = 8, 3
_LOADING_STEPS = 3
_LONGEST_STEP = 1.0  # of a neuron's loadings, for states of unit variance
_LEAST_VARIANCE = 1e-3  # of a standardised unit
_LARGEST_MODE = 0.995  # eigenvalue per bin: of bins of 20 ms, a time constant of 4 s
_RIDGE = 1e-2  # of loadings, per spike; of units per bin


class _Emission(NamedTuple):
    """From states to the channels held in.

    Attributes:
        loadings: shape (channels, D).
        bias: shape (channels,).
        variance: of the noise, shape (channels,); of no use for spikes.
    """

    loadings: jax.Array
    bias: jax.Array
    variance: jax.Array


class LinearDynamicalSystem(LatentModel):
    """A linear dynamical system: Poisson for spikes, Gaussian for units.

    Attributes:
        system_: of the states.
        emission_: of the channels held in; units are standardised.
    """

    system_: System
    emission_: _Emission

    @classmethod
    def steps_of(cls, settings: DynamicsSettings) -> int:
        """Iterations, and the readout."""
        return settings.iterations + 1

    def learn(self, windows: np.ndarray, advance: Advance) -> None:
        """Fit by expectation maximisation, from factor analysis.

        Raises:
            WorkError: the states are not finite.
        """
        held_in = windows[..., self.held_in_]
        self.mean_ = held_in.mean((0, 1))
        self.scale_ = np.ones(len(self.mean_)) if self.kind == "spikes" else held_in.std((0, 1))
        self.scale_ = np.where(self.scale_ > 0, self.scale_, 1.0)
        with jax.enable_x64(True):
            values = self._values(windows)
            states = self._begin(windows, values)
            for _ in range(self.settings.iterations):
                posterior = self._posterior(values, states, _WARM_STEPS)
                states = posterior.mean
                self.system_ = _system_of(posterior)
                self.emission_ = self._emission_of(posterior, values)
                advance(1)
        if not np.isfinite(np.asarray(states)).all():
            raise WorkError(
                "the states of the linear dynamical system are not finite; take fewer --dimensions"
            )
        self._standardise(np.asarray(states))
        with jax.enable_x64(True):
            posterior = self._posterior(values, jnp.zeros_like(states), _NEWTON_STEPS)
        self.step_ = _stable_step(posterior)
        self.fit_readout(np.asarray(posterior.mean), windows)
        advance(1)

    def latents(self, windows: np.ndarray) -> np.ndarray:
        """Posterior means of the states (windows, bins, dimensions), from the channels held in."""
        with jax.enable_x64(True):
            values = self._values(windows)
            states = jnp.zeros((*values.shape[:2], self.dimensions))
            return np.asarray(self._posterior(values, states, _NEWTON_STEPS).mean)

    def forecast_latents(self, windows: np.ndarray, steps: int) -> np.ndarray:
        """Expected states of the bins that follow, shape (windows, steps, dimensions)."""
        assert self.step_ is not None
        return go_on(self.latents(windows)[:, -1], *self.step_, steps)

    def tensors(self) -> dict[str, np.ndarray]:
        """Fitted arrays by name."""
        arrays = {**self.system_._asdict(), **self.emission_._asdict()}
        found = {f"state/{name}": np.asarray(value) for name, value in arrays.items()}
        matrix, offset = cast(tuple[np.ndarray, np.ndarray], self.step_)
        return found | {"mean": self.mean_, "scale": self.scale_, "matrix": matrix, "offset": offset}

    def restore(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Take over fitted arrays."""
        with jax.enable_x64(True):
            self.system_ = System(*(jnp.asarray(tensors[f"state/{name}"]) for name in System._fields))
            emission = (jnp.asarray(tensors[f"state/{name}"]) for name in _Emission._fields)
            self.emission_ = _Emission(*emission)
        self.mean_, self.scale_ = tensors["mean"], tensors["scale"]
        self.step_ = tensors["matrix"], tensors["offset"]

    def _values(self, windows: np.ndarray) -> jax.Array:
        held_in = windows[..., self.held_in_]
        return jnp.asarray(held_in if self.kind == "spikes" else (held_in - self.mean_) / self.scale_, float)

    def _posterior(self, values: jax.Array, states: jax.Array, steps: int) -> Posterior:
        loadings, bias, variance = self.emission_
        if self.kind == "spikes":
            return poisson_posterior(self.system_, loadings, bias, values, states, steps)
        return smooth(self.system_, gaussian_evidence(loadings, bias, variance, values))

    def _begin(self, windows: np.ndarray, values: jax.Array) -> jax.Array:
        """Set system and emission from factor analysis; returns its latents."""
        model = FactorAnalysis(self.settings, self.kind, self.dimensions, self.bin_seconds)
        model.fit(windows, self.held_in_)
        latents = model.latents(windows)
        centre, spread = latents.mean((0, 1)), np.maximum(latents.std((0, 1)), 1e-9)
        states = (latents - centre) / spread
        matrix, _ = model.dynamics(states)
        change = (states[:, 1:] - states[:, :-1] @ matrix.T).reshape(-1, self.dimensions)
        eye = np.eye(self.dimensions)
        noise = change.T @ change / len(change) + 1e-4 * eye
        arrays = (matrix, noise, np.zeros(self.dimensions), eye)
        self.system_ = System(*map(jnp.asarray, arrays))
        readout = model.readout_
        loadings = (readout.weights * spread[:, None])[:, self.held_in_].T
        bias = (readout.bias + centre @ readout.weights)[self.held_in_]
        if self.kind == "units":
            loadings, bias = loadings / self.scale_[:, None], (bias - self.mean_) / self.scale_
        residual = np.asarray(values) - states @ loadings.T - bias
        variance = np.maximum(residual.var((0, 1)), _LEAST_VARIANCE)
        self.emission_ = _Emission(*map(jnp.asarray, (loadings, bias, variance)))
        return jnp.asarray(states)

    def _emission_of(self, posterior: Posterior, values: jax.Array) -> _Emission:
        if self.kind == "units":
            return _gaussian_emission(posterior, values)
        loadings, bias = _poisson_emission(posterior, values, self.emission_.loadings, self.emission_.bias)
        return self.emission_._replace(loadings=loadings, bias=bias)

    def _standardise(self, states: np.ndarray) -> None:
        """Turn the states so that they are uncorrelated, of unit variance, largest effect first."""
        flat = states.reshape(-1, self.dimensions)
        covariance = flat.T @ flat / len(flat)
        root = np.linalg.cholesky(covariance + 1e-12 * np.trace(covariance) * np.eye(self.dimensions))
        effects = np.asarray(self.emission_.loadings) @ root
        turn = np.linalg.svd(effects, full_matrices=False)[2].T
        # states = basis @ new states
        basis = root @ turn
        inverse = np.linalg.inv(basis)
        system = self.system_
        with jax.enable_x64(True):
            self.system_ = System(
                jnp.asarray(inverse @ system.matrix @ basis),
                jnp.asarray(inverse @ system.noise @ inverse.T),
                jnp.asarray(inverse @ system.mean),
                jnp.asarray(inverse @ system.covariance @ inverse.T),
            )
            self.emission_ = self.emission_._replace(loadings=jnp.asarray(self.emission_.loadings @ basis))


def _stable_step(posterior: Posterior) -> tuple[np.ndarray, np.ndarray]:
    """The affine map that most likely takes each state to the next, with modes that do not grow.

    States of short windows need not have mean zero, and growth may fit windows best. A forecast should return
    to the mean of the states instead.
    """
    mean, covariance, cross = (np.asarray(one) for one in posterior)
    before, after = mean[:, :-1].reshape(-1, mean.shape[2]), mean[:, 1:].reshape(-1, mean.shape[2])
    middle = before.mean(0), after.mean(0)
    second = (before - middle[0]).T @ (before - middle[0]) + covariance[:, :-1].sum((0, 1))
    product = (after - middle[1]).T @ (before - middle[0]) + cross.sum((0, 1))
    values, vectors = np.linalg.eig(np.linalg.solve(second.T, product.T).T)
    held = values / np.maximum(1, np.abs(values) / _LARGEST_MODE)
    matrix = (vectors @ np.diag(held) @ np.linalg.inv(vectors)).real
    centre = (middle[0] + middle[1]) / 2
    return matrix, centre - matrix @ centre


@jax.jit
def _system_of(posterior: Posterior) -> System:
    """The system that is most likely, given the posterior of its states."""
    mean, covariance, cross = posterior
    second = covariance + mean[..., :, None] * mean[..., None, :]
    product = (cross + mean[:, 1:, :, None] * mean[:, :-1, None, :]).sum((0, 1))
    before, after = second[:, :-1].sum((0, 1)), second[:, 1:].sum((0, 1))
    eye = jnp.eye(mean.shape[2])
    n = mean.shape[0] * (mean.shape[1] - 1)
    matrix = jnp.linalg.solve(before + 1e-6 * jnp.trace(before) * eye, product.T).T
    noise = (after - matrix @ product.T - product @ matrix.T + matrix @ before @ matrix.T) / n
    noise = (noise + noise.T) / 2 + 1e-6 * eye
    first = mean[:, 0].mean(0)
    spread = second[:, 0].mean(0) - first[:, None] * first
    return System(matrix, noise, first, (spread + spread.T) / 2 + 1e-6 * eye)


@jax.jit
def _gaussian_emission(posterior: Posterior, values: jax.Array) -> _Emission:
    mean, covariance, _ = posterior
    n = mean.shape[0] * mean.shape[1]
    centre, level = mean.mean((0, 1)), values.mean((0, 1))
    x, y = (mean - centre).reshape(n, -1), (values - level).reshape(n, -1)
    second = x.T @ x + covariance.sum((0, 1)) + _RIDGE * n * jnp.eye(x.shape[1])
    loadings = jnp.linalg.solve(second, x.T @ y).T
    explained = jnp.einsum("nd,nd->n", loadings, (x.T @ y).T)
    variance = jnp.maximum(((y**2).sum(0) - explained) / n, _LEAST_VARIANCE)
    return _Emission(loadings, level - loadings @ centre, variance)


@jax.jit
def _poisson_emission(
    posterior: Posterior, counts: jax.Array, loadings: jax.Array, bias: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Loadings and biases that raise the expected log-likelihood, by Newton steps of every neuron."""
    mean, covariance, _ = posterior
    dimensions = mean.shape[2]
    x, spread = mean.reshape(-1, dimensions), covariance.reshape(-1, dimensions, dimensions)
    y = counts.reshape(len(x), -1)
    penalty = _RIDGE * len(x) * jnp.append(jnp.ones(dimensions), 0.0)
    penalty = penalty * jnp.maximum(y.mean(0), 0.5 / len(x))[:, None]

    def one(weights: jax.Array, own: jax.Array, ridge: jax.Array) -> jax.Array:
        for _ in range(_LOADING_STEPS):
            slope_of_x = x + spread @ weights[:-1]
            log_rate = x @ weights[:-1] + 0.5 * (spread @ weights[:-1]) @ weights[:-1]
            rate = jnp.exp(jnp.minimum(log_rate + weights[-1], MOST_LOG_COUNT))
            design = jnp.concatenate([slope_of_x, jnp.ones((len(x), 1))], 1)
            data = jnp.append(own @ x, own.sum())
            slope = data - rate @ design - ridge * weights
            curvature = (design * rate[:, None]).T @ design + jnp.diag(ridge)
            curvature = curvature.at[:-1, :-1].add(jnp.einsum("t,tde->de", rate, spread))
            step = jnp.linalg.solve(curvature, slope)
            # where a neuron hardly fires, a whole step leads far beyond the optimum
            weights = weights + step * jnp.minimum(1.0, _LONGEST_STEP / jnp.linalg.norm(step))
        return weights

    start = jnp.concatenate([loadings, bias[:, None]], 1)
    found = cast(jax.Array, jax.lax.map(lambda each: one(*each), (start, y.T, penalty), batch_size=8))
    return found[:, :-1], found[:, -1]
