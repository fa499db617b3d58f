"""Control layers of a policy, to compare its layers with as predictors of neurons.

    params = agent.init(key, observation)                   # random weights
    units, memory = control_units(agent, params, observation, coming, memory, noise)
    units["control/random/decoder/layer_0"]                 # shape (n, 192)

The agent with random weights has the policy's architecture and receives the policy's normalised observations
in every step of the same closed loop. It has its own memory, and does not act.
"""

import jax

from rodent.policy.agent import Agent, Memory, Noise, Params
from rodent.policy.networks import goal
from rodent.recording.controls import ENCODER_INPUT, REFERENCE, random_layer
from rodent.tasks.task import Observation


def control_units(
    agent: Agent,
    params: Params,
    observation: Observation,
    coming: jax.Array,
    memory: Memory,
    noise: Noise,
) -> tuple[dict[str, jax.Array], Memory]:
    """All control layers of one step, and the memory for the next.

    Args:
        agent, params: the agent with random weights.
        observation: of the policy, normalised.
        coming: future reference frames; see `Imitation.coming`.
        memory: of this agent, from the step before.
        noise: standard normal, or zero for the means.

    Returns:
        activations by the names of `rodent.recording.controls`, each (n, units); the memory.
    """
    output, units = agent.probe(params, memory, observation, noise)
    controls = {random_layer(layer): values for layer, values in units.items()}
    return {**controls, ENCODER_INPUT: goal(observation), REFERENCE: coming}, output.memory
