"""Control layers, computed from the steps of a rollout without changing it."""

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rodent.errors import InputError
from rodent.loop import Actor
from rodent.physics.engine import PhysicsState
from rodent.policy.agent import Agent, Memory, no_noise, reset_memory
from rodent.policy.controls import control_units
from rodent.policy.gates import capture_gates
from rodent.policy.policy import Policy
from rodent.recording.controls import random_layer
from rodent.rollouts.play import RolloutStep
from rodent.tasks.imitation import Imitation, ImitationState
from rodent.tasks.task import Task

_STREAM = 0xC0  # makes the random weights differ from the initial weights of training with the same seed


class Controls:
    """Adds control layers to the steps of n clips that are played in parallel; compiled once.

    Args:
        policy: the policy whose layers are compared.
        task: imitation of the clips.
        n: number of clips in parallel.
        seed: of the random weights, and of samples of the latent.
        gates: whether the layers include the gates of LSTM cells.
        sample: whether latents are sampled, as those of the policy are.
    """

    def __init__(
        self,
        policy: Policy,
        task: Task[Any],
        n: int,
        *,
        seed: int = 0,
        gates: bool = False,
        sample: bool = False,
    ):
        if not isinstance(task, Imitation):
            raise InputError(
                "--controls requires the task imitation: future reference poses are one of the controls"
            )
        self._task = task
        self._memory = policy.agent.initial_memory(n)
        states = ImitationState(jnp.zeros(n, int))
        observation = jax.vmap(task.observe)(states, jax.vmap(task.initial_physics)(states))
        key_weights, key_latent = jax.random.split(jax.random.fold_in(jax.random.PRNGKey(seed), _STREAM))
        self._actor = Actor(policy.agent.init(key_weights, observation), policy.normalizer)
        choices = _Choices(policy.agent, gates, sample, key_latent)
        self._step = jax.jit(partial(_step, choices))

    def with_controls(self, rows: Iterator[RolloutStep]) -> Iterator[RolloutStep]:
        """The steps of `RolloutRunner.play` with control layers added to their units."""
        memory = self._memory
        for row in rows:
            seen = _Seen(row.task, row.physics, row.index, row.is_first)
            units, memory = self._step(self._actor, self._task, seen, memory)
            yield row._replace(units=row.units | jax.tree.map(np.asarray, units))


class _Choices(NamedTuple):
    """Static arguments of the compiled step."""

    agent: Agent
    gates: bool
    sample: bool
    key: jax.Array


class _Seen(NamedTuple):
    """Data of a step that the control layers depend on."""

    task: ImitationState
    physics: PhysicsState
    index: jax.Array | int
    is_first: jax.Array | np.ndarray


def _step(
    choices: _Choices, actor: Actor, task: Imitation, seen: _Seen, memory: Memory
) -> tuple[dict[str, jax.Array], Memory]:
    agent = choices.agent
    memory = reset_memory(agent, memory, jnp.asarray(seen.is_first))
    observation = actor.normalizer(jax.vmap(task.observe)(seen.task, seen.physics))
    noise = no_noise(agent, len(seen.is_first))
    key = jax.random.fold_in(choices.key, seen.index)
    noise = noise._replace(latent=jax.random.normal(key, noise.latent.shape) * choices.sample)
    with capture_gates() as gates:
        coming = jax.vmap(task.coming)(seen.task)
        units, memory = control_units(agent, actor.params, observation, coming, memory, noise)
    named = {random_layer(layer): values for layer, values in gates.items()} if choices.gates else {}
    return units | named, memory
