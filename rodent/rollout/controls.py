"""Control layers beside the policy's: computed from the rows of a rollout, which they cannot change."""

from collections.abc import Iterator
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.policy.agent import Agent, Memory, Params, restarted, still
from rodent.policy.controls import control_units
from rodent.policy.gates import capture_gates
from rodent.policy.policy import Normalizer, Policy
from rodent.recording.controls import random_layer
from rodent.rollout.play import Row
from rodent.tasks.imitation import Imitation, ImitationState

_STREAM = 0xC0  # keeps the weights apart from those that training drew from the same seed


class Controls:
    """Adds control layers to the rows of n clips played at once; compiled once.

    Args:
        policy: whose layers they are controls of.
        task: imitation of the clips.
        n: how many clips at once.
        seed: of the random weights, and of draws of the latent.
        gates: whether the gates of LSTM cells are among the layers.
        sample: whether the policy's latents are drawn, so that the control's are, too.
    """

    def __init__(
        self,
        policy: Policy,
        task: Imitation,
        n: int,
        *,
        seed: int = 0,
        gates: bool = False,
        sample: bool = False,
    ):
        self._task, self._normalizer = task, policy.normalizer
        self._memory = policy.agent.initial_memory(n)
        states = ImitationState(jnp.zeros(n, int))
        observation = jax.vmap(task.observe)(states, jax.vmap(task.initial_physics)(states))
        key_weights, key_latent = jax.random.split(jax.random.fold_in(jax.random.PRNGKey(seed), _STREAM))
        self._params = policy.agent.init(key_weights, observation)
        self._step = jax.jit(partial(_step, policy.agent, gates, sample, key_latent))

    def beside(self, rows: Iterator[Row]) -> Iterator[Row]:
        """The same rows of `Player.play`, with control layers among their units."""
        memory = self._memory
        for row in rows:
            known = (self._params, self._normalizer, self._task)
            units, memory = self._step(*known, row.task, row.physics, row.index, memory, row.is_first)
            yield row._replace(units=row.units | jax.tree.map(np.asarray, units))


def _step(
    agent: Agent,
    with_gates: bool,
    sample: bool,
    key: jax.Array,
    params: Params,
    normalizer: Normalizer,
    task: Imitation,
    state: ImitationState,
    physics: PhysicsState,
    index: jax.Array,
    memory: Memory,
    is_first: jax.Array,
) -> tuple[dict[str, jax.Array], Memory]:
    memory = restarted(agent, memory, is_first)
    observation = normalizer(jax.vmap(task.observe)(state, physics))
    noise = still(agent, len(is_first))
    noise = noise._replace(
        latent=jax.random.normal(jax.random.fold_in(key, index), noise.latent.shape) * sample
    )
    with capture_gates() as gates:
        coming = jax.vmap(task.coming)(state)
        units, memory = control_units(agent, params, observation, coming, memory, noise)
    named = {random_layer(layer): values for layer, values in gates.items()} if with_gates else {}
    return units | named, memory
