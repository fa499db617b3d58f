"""Control layers of a policy: what its own layers are compared with when they predict neurons.

    variables = random_variables(network, observation, carry, key)
    units, carry = control_units(network, variables, observation, coming, carry, noise)
    units["control/random/decoder/layer_0"]     # shape (n, 192)

The network with random weights has the policy's architecture and receives its normalised
observations, step by step in the same closed loop. It has a memory of its own and never acts.
"""

from collections.abc import Mapping
from typing import Any

import jax

from rodent.policy.networks import ActorCritic, Carry
from rodent.policy.probe import probe
from rodent.recording.controls import ENCODER_INPUT, REFERENCE, random_layer
from rodent.tasks.imitation import Observation


def random_variables(
    network: ActorCritic, observation: Observation, carry: Carry, key: jax.Array
) -> Mapping[str, Any]:
    """Weights drawn like those that training starts from.

    Args:
        network: the policy's kind.
        observation, carry: any, of the right shapes.
        key: of the draw.
    """
    return network.init(key, observation, carry, carry.latent)


def control_units(
    network: ActorCritic,
    variables: Mapping[str, Any],
    observation: Observation,
    coming: jax.Array,
    carry: Carry,
    noise: jax.Array,
) -> tuple[dict[str, jax.Array], Carry]:
    """All control layers of one step, and the memory for the next.

    Args:
        network, variables: the network with random weights.
        observation: what the policy receives, normalised.
        coming: the reference to come; see `Imitation.coming`.
        carry: the control's own, from the step before.
        noise: standard normal for the latent, shape (n, latent); zero gives the mean.

    Returns:
        activations by the names of `rodent.recording.controls`, each (n, units); the carry.
    """
    output, _, units = probe(network, variables, observation, carry, noise)
    controls = {random_layer(layer): values for layer, values in units.items()}
    return {**controls, ENCODER_INPUT: observation.reference, REFERENCE: coming}, output.carry
