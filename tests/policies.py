"""An untrained policy that fits the body, for tests of what surrounds policies."""

import jax
import jax.numpy as jnp

from rodent.policy.intention import IntentionAgent
from rodent.policy.policy import Normalizer, Policy
from rodent.policy.sizes import NetworkConfig
from rodent.scene import Scene
from rodent.synthesis.stance import stance_clips
from rodent.tasks.observation import observation_of
from rodent.tasks.settings import ImitationConfig

TINY = NetworkConfig(latent=8, encoder=(16,), decoder=(12, 10), value=(6,))


def untrained_policy(body: Scene, config: NetworkConfig = TINY, seed: int = 0) -> Policy:
    """A policy with random parameters, whose actions are nearly nought."""
    task = ImitationConfig()
    imitation = task.build(body, stance_clips(body, frames=10))
    state = imitation.initial_state(jnp.int32(0), jax.random.PRNGKey(0))
    one = imitation.observe(state, imitation.reference.at(state.frame))
    observation = jax.tree.map(lambda x: x[None], one)
    params = IntentionAgent(config, body.model.nu).init(jax.random.PRNGKey(seed), observation)
    ones = jax.tree.map(jnp.ones_like, one)
    normalizer = Normalizer(jax.tree.map(jnp.zeros_like, one), ones)
    parts = observation_of(imitation)
    return Policy(body.config, task, config, params, normalizer, {"trained_on": []}, parts)
