"""Both levels of motor primitives learn: actions are the controls of the low level, with its noise.

    agent = PrimitivesConfig(low=policy.network_config, learns=True).agent(38)
    output = agent.act(params, memory, observation, noise)
    output.action                                             # (n, 38)

The layers are those of `rodent.policy.primitives`. The high level passes its mean on, and what is drawn, and
so what is learnt from, is the control: the gradient of the reward reaches both levels.
"""

import jax
import jax.numpy as jnp

from rodent.policy.agent import AgentOutput, Noise, Params, flattened, reset_memory
from rodent.policy.networks import is_recurrent
from rodent.policy.primitives import LOW, Decoded, PrimitivesAgent, PrimitivesMemory
from rodent.tasks.task import PROPRIOCEPTION, Observation


class JointAgent(PrimitivesAgent):
    """An `Agent` whose two levels learn together."""

    @property
    def action_size(self) -> int:
        """Controls."""
        return self.num_controls

    def noise_sizes(self) -> tuple[int, int]:
        """See `Agent.noise_sizes`."""
        return self.config.latent, self.num_controls

    def act(
        self,
        params: Params,
        memory: PrimitivesMemory,
        observation: Observation,
        noise: Noise,
        std_scale: float = 1.0,
    ) -> AgentOutput:
        """See `Agent.act`."""
        output = self.high.act(params, memory.high, observation, self._quiet(noise))
        low = self.decoded(params, memory, output.mean, observation[PROPRIOCEPTION])
        return self._drawn(params, output, low, noise, std_scale)

    def unroll(
        self,
        params: Params,
        memory: PrimitivesMemory,
        observations: Observation,
        noise: Noise,
        is_first: jax.Array,
    ) -> AgentOutput:
        """See `Agent.unroll`; of both levels. Without recurrence, all steps are computed in parallel."""
        if not is_recurrent(self.config) and not is_recurrent(self.config.low):
            lead = is_first.shape
            rows = flattened((observations, noise), lead)
            output = self.act(params, self.initial_memory(is_first.size), *rows)
            return jax.tree.map(lambda x: x.reshape(*lead, *x.shape[1:]), output)

        def step(
            memory: PrimitivesMemory, now: tuple[Observation, Noise, jax.Array]
        ) -> tuple[PrimitivesMemory, AgentOutput]:
            observation, drawn, first = now
            output = self.act(params, reset_memory(self, memory, first), observation, drawn)
            return output.memory, output

        return jax.lax.scan(step, memory, (observations, noise, is_first))[1]

    @property
    def initial_std(self) -> float:
        """See `Agent.initial_std`."""
        return self.config.low.action_std

    def bound_std(self, params: Params, largest: jax.Array) -> Params:
        """See `Agent.bound_std`; of the low level."""
        decoder = params[LOW]["decoder"]
        decoder = decoder | {"log_std": jnp.minimum(decoder["log_std"], jnp.log(largest))}
        return params | {LOW: params[LOW] | {"decoder": decoder}}

    def probe(
        self, params: Params, memory: PrimitivesMemory, observation: Observation, noise: Noise
    ) -> tuple[AgentOutput, dict[str, jax.Array]]:
        """See `Agent.probe`."""
        output, units = self.high.probe(params, memory.high, observation, self._quiet(noise))
        low = self.decoded(params, memory, output.mean, observation[PROPRIOCEPTION])
        return self._drawn(params, output, low, noise, 1.0), units | low.units

    def _quiet(self, noise: Noise) -> Noise:
        """Noise of the high level: of its latent alone."""
        return Noise(noise.latent, jnp.zeros((len(noise.latent), self.high_size)))

    def _drawn(
        self, params: Params, output: AgentOutput, low: Decoded, noise: Noise, std_scale: float
    ) -> AgentOutput:
        """The output of both levels: controls, drawn around those of the low level."""
        std = jnp.broadcast_to(jnp.exp(params[LOW]["decoder"]["log_std"]), low.command.shape)
        action = low.command + std_scale * jax.lax.stop_gradient(std) * noise.action
        memory = self.memory_of(*output.memory, *low.memory)
        return output._replace(action=action, mean=low.command, std=std, memory=memory)
