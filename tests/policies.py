"""Untrained policies that fit the body, for tests of what surrounds policies."""

import jax
import jax.numpy as jnp

from rodent.clips.clip import ClipSet
from rodent.policy.intention import IntentionAgent
from rodent.policy.policy import Normalizer, Policy
from rodent.policy.sizes import NetworkConfig
from rodent.scene import Scene
from rodent.synthesis.stance import stance_clips
from rodent.tasks.observation import observation_of
from rodent.tasks.settings import ImitationConfig, TaskKind

TINY = NetworkConfig(latent=8, encoder=(16,), decoder=(12, 10), value=(6,))


def untrained_policy(body: Scene, config: NetworkConfig = TINY, seed: int = 0) -> Policy:
    """A policy with random parameters, whose actions are nearly nought."""
    return _untrained(body, ImitationConfig(), config, seed, stance_clips(body, frames=10))


def untrained_on_task(body: Scene, task: TaskKind, config: NetworkConfig = TINY, seed: int = 0) -> Policy:
    """The same for a task without clips."""
    return _untrained(body, task, config, seed, None)


def _untrained(
    body: Scene, config: TaskKind, network: NetworkConfig, seed: int, clips: ClipSet | None
) -> Policy:
    task = config.build(body, clips)
    state = task.initial_state(jnp.int32(0), jax.random.PRNGKey(0))
    one = task.observe(state, task.initial_physics(state))
    observation = jax.tree.map(lambda x: x[None], one)
    params = IntentionAgent(network, body.model.nu).init(jax.random.PRNGKey(seed), observation)
    ones = jax.tree.map(jnp.ones_like, one)
    normalizer = Normalizer(jax.tree.map(jnp.zeros_like, one), ones)
    parts = observation_of(task)
    return Policy(body.config, config, network, params, normalizer, {"trained_on": []}, parts)
