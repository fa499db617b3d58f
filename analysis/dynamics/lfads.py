"""A sequential variational autoencoder in the manner of LFADS: training, rates and forecasts.

Values that the encoder sees do not count in the loss of the same step, so that no value predicts itself
(coordinated dropout; Keshtkaran and Pandarinath, NeurIPS 2019). Forecasts let the generator go on without
inputs.
"""

from collections.abc import Mapping
from typing import Any

import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np
import optax

from analysis.dynamics.lfads_network import LfadsNetwork, Noise, Pass, gru_step
from analysis.dynamics.model import Advance, LatentModel
from analysis.dynamics.readout import Readout
from analysis.dynamics.settings import DynamicsSettings
from analysis.encoding.scores import mean_count
from rodent.errors import WorkError

_MOST_LOG_COUNT = 4.0  # of a bin, in training: far beyond any neuron
_LEAST_LOG_SPREAD = -3.0  # of a standardised unit's error
_MOST_SLOPE = 5.0
_AT_ONCE = 256  # windows of a pass without training


class Lfads(LatentModel):
    """A sequential variational autoencoder.

    Attributes:
        params_: weights of the network.
        losses_: mean loss of each tenth of the training, nats per value.
    """

    params_: Any
    losses_: np.ndarray

    @classmethod
    def steps_of(cls, settings: DynamicsSettings) -> int:
        """Steps of the optimiser."""
        return settings.lfads.steps

    def learn(self, windows: np.ndarray, advance: Advance) -> None:
        """Train.

        Raises:
            WorkError: the loss is not finite.
        """
        flat = windows.reshape(-1, windows.shape[2])
        if self.kind == "spikes":
            self.mean_ = mean_count(flat.sum(0), len(flat))
            self.scale_ = np.sqrt(self.mean_)
        else:
            self.mean_, self.scale_ = flat.mean(0), flat.std(0)
        self.scale_ = np.where(self.scale_ > 0, self.scale_, 1.0)
        values = windows if self.kind == "spikes" else (windows - self.mean_) / self.scale_
        settings, key = self.settings.lfads, jax.random.PRNGKey(self.settings.seed)
        network = self._network()
        inputs = jnp.asarray(self._inputs(windows[:1]))
        params = jax.jit(network.init)(key, inputs, _no_noise(settings, inputs))["params"]
        if self.kind == "spikes":
            params["readout"]["bias"] = jnp.asarray(np.log(self.mean_), jnp.float32)
        state = {"network": params, "log_spread": jnp.zeros(len(self.mean_))}
        rate = optax.cosine_decay_schedule(settings.learning_rate, settings.steps)
        optimiser = optax.chain(optax.clip_by_global_norm(_MOST_SLOPE), optax.adam(rate))
        step = self._step_of(network, jnp.asarray(values, jnp.float32), optimiser)
        memory, losses = optimiser.init(state), []
        for i in range(settings.steps):
            state, memory, loss = step(state, memory, i, jax.random.fold_in(key, i))
            losses.append(loss)
            advance(1)
        course = np.array(jax.device_get(losses), float)
        if not np.isfinite(course[-1]):
            raise WorkError("the loss of lfads is not finite; take a lower --lfads.learning-rate")
        self.losses_ = np.array([part.mean() for part in np.array_split(course, min(10, len(course)))])
        self._take(state["network"])

    def latents(self, windows: np.ndarray) -> np.ndarray:
        """Factors (windows, bins, dimensions), from the channels held in."""
        return self._passed(windows, "factors")

    def inferred_inputs(self, windows: np.ndarray) -> np.ndarray:
        """Means of the inferred inputs, shape (windows, bins, inputs)."""
        return self._passed(windows, "inputs")

    def states(self, windows: np.ndarray) -> np.ndarray:
        """States of the generator, shape (windows, bins, generator)."""
        return self._passed(windows, "states")

    def forecast_latents(self, windows: np.ndarray, steps: int) -> np.ndarray:
        """Factors of the bins that follow; the generator goes on without inputs."""
        state, found = jnp.asarray(self.states(windows)[:, -1]), []
        for _ in range(steps):
            state = self.generator_step(state)
            found.append(state @ self.params_["factors"])
        return np.asarray(jnp.stack(found, 1), float)

    def generator_step(self, state: jax.Array) -> jax.Array:
        """The generator's state a bin later, without inputs, shape (…, generator)."""
        return gru_step(self.params_["generator"], state, self.params_["generator_bias"])

    def tensors(self) -> dict[str, np.ndarray]:
        """Fitted arrays by name."""
        flat = flax.traverse_util.flatten_dict(self.params_, sep="/")
        found = {f"network/{name}": np.asarray(value) for name, value in flat.items()}
        return found | {"mean": self.mean_, "scale": self.scale_, "losses": self.losses_}

    def restore(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Take over fitted arrays."""
        network = {
            name.removeprefix("network/"): jnp.asarray(value)
            for name, value in tensors.items()
            if name.startswith("network/")
        }
        self.mean_, self.scale_, self.losses_ = (tensors[name] for name in ("mean", "scale", "losses"))
        self._take(flax.traverse_util.unflatten_dict(network, sep="/"))

    def _network(self) -> LfadsNetwork:
        return LfadsNetwork(
            self.settings.lfads, int(self.held_in_.sum()), len(self.held_in_), self.dimensions
        )

    def _take(self, params: Any) -> None:
        self.params_ = params
        weights, bias = (np.asarray(params["readout"][name], float) for name in ("kernel", "bias"))
        if self.kind == "units":
            weights, bias = weights * self.scale_, bias * self.scale_ + self.mean_
        most = np.full(len(bias), _MOST_LOG_COUNT if self.kind == "spikes" else np.inf)
        self.readout_ = Readout(self.kind, weights, bias, np.full(len(bias), -np.inf), most)

    def _inputs(self, windows: np.ndarray) -> np.ndarray:
        held_in = self.held_in_
        return ((windows[..., held_in] - self.mean_[held_in]) / self.scale_[held_in]).astype(np.float32)

    def _passed(self, windows: np.ndarray, what: str) -> np.ndarray:
        """A part of passes without noise, some windows at a time."""
        network, inputs = self._network(), self._inputs(windows)

        @jax.jit
        def run(params: Any, some: jax.Array) -> Pass:
            return network.apply({"params": params}, some, _no_noise(self.settings.lfads, some))

        parts = (inputs[start : start + _AT_ONCE] for start in range(0, len(inputs), _AT_ONCE))
        return np.concatenate([np.asarray(getattr(run(self.params_, part), what), float) for part in parts])

    def _step_of(
        self, network: LfadsNetwork, values: jax.Array, optimiser: optax.GradientTransformation
    ) -> Any:
        """A step of the optimiser: state, memory, number and key to state, memory and loss."""
        settings, spikes = self.settings.lfads, self.kind == "spikes"
        held_in = jnp.asarray(self.held_in_)
        mean, scale = (jnp.asarray(one, jnp.float32) for one in (self.mean_, self.scale_))
        columns = np.flatnonzero(self.held_in_)
        size = (min(settings.batch, len(values)), values.shape[1])

        def loss_of(state: Any, number: jax.Array, key: jax.Array) -> jax.Array:
            keys = jax.random.split(key, 4)
            own = values[jax.random.randint(keys[0], size[:1], 0, len(values))]
            seen = jax.random.bernoulli(keys[1], 1 - settings.dropout, own.shape) & held_in
            standard = (own - mean) / scale if spikes else own
            inputs = jnp.where(seen, standard, 0.0)[..., columns] / (1 - settings.dropout)
            start = jax.random.normal(keys[2], (size[0], settings.generator))
            noise = Noise(start, jax.random.normal(keys[3], (*size, settings.inputs)))
            found = network.apply({"params": state["network"]}, inputs, noise)
            if spikes:
                sums = jnp.minimum(found.sums, _MOST_LOG_COUNT)
                nats = jnp.exp(sums) - own * sums
            else:
                spread = jnp.maximum(state["log_spread"], _LEAST_LOG_SPREAD)
                nats = 0.5 * ((own - found.sums) / jnp.exp(spread)) ** 2 + spread
            unseen = ~seen
            error = (nats * unseen).sum() / jnp.maximum(unseen.sum(), 1)
            grown = jnp.minimum(1.0, 3.0 * number / settings.steps)
            cost = grown * settings.kl * found.divergence.mean() / (own.shape[1] * own.shape[2])
            names = ("generator", "controller")[: 1 + bool(settings.inputs)]
            decay = sum(jnp.square(state["network"][name]).sum() for name in names)
            return error + cost + settings.weight_decay * decay / own.shape[2]

        @jax.jit
        def step(state: Any, memory: Any, number: jax.Array, key: jax.Array) -> tuple[Any, Any, jax.Array]:
            loss, slope = jax.value_and_grad(loss_of)(state, number, key)
            change, memory = optimiser.update(slope, memory, state)
            return optax.apply_updates(state, change), memory, loss

        return step


def _no_noise(settings: Any, inputs: jax.Array) -> Noise:
    windows, bins = inputs.shape[:2]
    return Noise(jnp.zeros((windows, settings.generator)), jnp.zeros((windows, bins, settings.inputs)))
