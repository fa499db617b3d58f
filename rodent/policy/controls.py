"""Control layers of a policy: what its own layers are compared with when they predict neurons.

    params = agent.init(key, observation)                   # random weights, as training starts from
    units, memory = control_units(agent, params, observation, coming, memory, noise)
    units["control/random/decoder/layer_0"]                 # shape (n, 192)

The agent with random weights has the policy's architecture and receives its normalised
observations, step by step in the same closed loop. It has a memory of its own and never acts.
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
        observation: what the policy receives, normalised.
        coming: the reference to come; see `Imitation.coming`.
        memory: the control's own, from the step before.
        noise: standard normal, or nought for the means.

    Returns:
        activations by the names of `rodent.recording.controls`, each (n, units); the memory.
    """
    output, units = agent.probe(params, memory, observation, noise)
    controls = {random_layer(layer): values for layer, values in units.items()}
    return {**controls, ENCODER_INPUT: goal(observation), REFERENCE: coming}, output.memory
