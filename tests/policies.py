"""An untrained policy that fits the body, for tests of what surrounds policies."""

import jax
import jax.numpy as jnp

from rodent.body import Body
from rodent.policy.intention import IntentionAgent
from rodent.policy.policy import Normalizer, Policy
from rodent.policy.sizes import NetworkConfig
from rodent.synthesis.stance import stance_clips
from rodent.tasks.imitation import Imitation, Observation
from rodent.tasks.reference import build_reference
from rodent.tasks.settings import ImitationConfig

TINY = NetworkConfig(latent=8, encoder=(16,), decoder=(12, 10), value=(6,))


def untrained_policy(body: Body, config: NetworkConfig = TINY, seed: int = 0) -> Policy:
    """A policy with random parameters, whose actions are nearly nought."""
    task = ImitationConfig()
    reference = build_reference(stance_clips(body, frames=10), body)
    frame = jnp.array([0])
    observation = Imitation(body, task, 0.02).observe(reference.at(frame), reference, frame)
    params = IntentionAgent(config, body.model.nu).init(jax.random.PRNGKey(seed), observation)
    one = jax.tree.map(lambda x: jnp.ones(x.shape[1:]), observation)
    normalizer = Normalizer(Observation(*(0 * x for x in one)), one)
    return Policy(body.config, task, config, params, normalizer, {"trained_on": []})
