"""The agent with a latent intention: encoder, latent, decoder and value network; see `networks`."""

import dataclasses
from collections.abc import Mapping

import jax
import jax.numpy as jnp

from rodent.policy.agent import AgentOutput, Noise, Params, flattened, reset_memory
from rodent.policy.networks import (
    ActorCritic,
    LatentSource,
    Memory,
    PolicyOutput,
    initial_memory,
    is_recurrent,
)
from rodent.policy.probe import probe, units_of
from rodent.policy.sizes import NetworkConfig
from rodent.tasks.task import PROPRIOCEPTION, Observation


@dataclasses.dataclass(frozen=True)
class IntentionAgent:
    """An `Agent` that encodes the future reference in an intention, and decodes it to an action.

    Attributes:
        config: sizes of its networks, and the type of decoder.
        action_size: number of action dimensions.
        source: where latents come from: the encoder or, in a network that has one, the prior.
    """

    config: NetworkConfig
    action_size: int
    source: LatentSource = "encoder"

    @property
    def fixed_groups(self) -> tuple[str, ...]:
        """See `Agent.fixed_groups`; none."""
        return ()

    @property
    def network(self) -> ActorCritic:
        """The flax module."""
        return ActorCritic(self.config, self.action_size)

    def init(self, key: jax.Array, observation: Observation) -> Params:
        """See `Agent.init`."""
        memory = self.initial_memory(observation[PROPRIOCEPTION].shape[0])
        return self.network.init(key, observation, memory, jnp.zeros_like(memory.latent))["params"]

    def initial_memory(self, n: int) -> Memory:
        """See `Agent.initial_memory`; all zero."""
        return initial_memory(self.config, n)

    def noise_sizes(self) -> tuple[int, int]:
        """See `Agent.noise_sizes`."""
        return self.config.latent, self.action_size

    def act(
        self,
        params: Params,
        memory: Memory,
        observation: Observation,
        noise: Noise,
        std_scale: float = 1.0,
    ) -> AgentOutput:
        """See `Agent.act`."""
        given = (observation, memory, noise.latent, self.source)
        found = self.network.apply({"params": params}, *given, method="act")
        return _output(found, noise.action, std_scale)

    def unroll(
        self,
        params: Params,
        memory: Memory,
        observations: Observation,
        noise: Noise,
        is_first: jax.Array,
    ) -> AgentOutput:
        """See `Agent.unroll`. Without recurrence, all steps are computed in parallel."""
        if not is_recurrent(self.config):
            lead = is_first.shape
            rows = flattened((observations, noise), lead)
            output = self.act(params, self.initial_memory(is_first.size), *rows)
            return jax.tree.map(lambda x: x.reshape(*lead, *x.shape[1:]), output)

        def step(memory: Memory, now: tuple[Observation, Noise, jax.Array]) -> tuple[Memory, AgentOutput]:
            observation, noise, first = now
            output = self.act(params, reset_memory(self, memory, first), observation, noise)
            return output.memory, output

        return jax.lax.scan(step, memory, (observations, noise, is_first))[1]

    def value(self, params: Params, observation: Observation) -> jax.Array:
        """See `Agent.value`."""
        return self.network.apply({"params": params}, observation, method="value")

    @property
    def initial_std(self) -> float:
        """See `Agent.initial_std`."""
        return self.config.action_std

    def bound_std(self, params: Params, largest: jax.Array) -> Params:
        """See `Agent.bound_std`."""
        decoder = params["policy"]["decoder"]
        decoder = decoder | {"log_std": jnp.minimum(decoder["log_std"], jnp.log(largest))}
        return params | {"policy": params["policy"] | {"decoder": decoder}}

    def units(self) -> Mapping[str, int]:
        """See `Agent.units`; in alphabetical order."""
        return units_of(self, self.config.image)

    def probe(
        self, params: Params, memory: Memory, observation: Observation, noise: Noise
    ) -> tuple[AgentOutput, dict[str, jax.Array]]:
        """See `Agent.probe`; includes the layers of the value network."""
        found, _, units = probe(self.network, {"params": params}, observation, memory, noise.latent)
        return _output(found, noise.action, 1.0), units


def _output(found: PolicyOutput, noise: jax.Array, std_scale: float) -> AgentOutput:
    """The output of the network with the sampled action."""
    std = found.action_std
    action = found.action_mean + std_scale * jax.lax.stop_gradient(std) * noise
    latent = (found.latent_mean, found.latent_logvar, found.latent)
    return AgentOutput(action, found.action_mean, std, *latent, found.memory, found.prior)
