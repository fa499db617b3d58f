"""Control layers beside the policy's: computed from the rows of a rollout, which they cannot change."""

from collections.abc import Iterator
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from rodent.body import Body
from rodent.physics.engine import PhysicsState
from rodent.policy.agent import Agent, Memory, Params, restarted, still
from rodent.policy.controls import control_units
from rodent.policy.gates import capture_gates
from rodent.policy.policy import Normalizer, Policy
from rodent.recording.controls import random_layer
from rodent.rollout.player import Row
from rodent.tasks.imitation import Imitation
from rodent.tasks.reference import Reference

_STREAM = 0xC0  # keeps the weights apart from those that training drew from the same seed


class Controls:
    """Adds control layers to the rows of n clips played at once; compiled once.

    Args:
        body: the rat.
        policy: whose layers they are controls of.
        reference: the frames of all clips.
        n: how many clips at once.
        timestep: seconds per frame.
        seed: of the random weights, and of draws of the latent.
        gates: whether the gates of LSTM cells are among the layers.
        sample: whether the policy's latents are drawn, so that the control's are, too.
    """

    def __init__(
        self,
        body: Body,
        policy: Policy,
        reference: Reference,
        n: int,
        timestep: float,
        *,
        seed: int = 0,
        gates: bool = False,
        sample: bool = False,
    ):
        self._reference, self._normalizer = reference, policy.normalizer
        self._memory = policy.agent.initial_memory(n)
        task = Imitation(body, policy.task, timestep)
        frame = jnp.zeros(n, int)
        observation = task.observe(reference.at(frame), reference, frame)
        key_weights, key_latent = jax.random.split(jax.random.fold_in(jax.random.PRNGKey(seed), _STREAM))
        self._params = policy.agent.init(key_weights, observation)
        self._step = jax.jit(partial(_step, task, policy.agent, gates, sample, key_latent))

    def beside(self, rows: Iterator[Row], clips: np.ndarray) -> Iterator[Row]:
        """The same rows, with control layers among their units.

        Args:
            rows: of `Player.play`.
            clips: which are played, shape (n,).
        """
        first, last = (np.asarray(ends)[clips] for ends in (self._reference.first, self._reference.last))
        memory = self._memory
        for row in rows:
            frame = np.minimum(first + row.index, last)
            units, memory = self._step(
                self._params,
                self._normalizer,
                self._reference,
                row.state,
                frame,
                row.index,
                memory,
                row.restarted,
            )
            yield row._replace(units=row.units | jax.tree.map(np.asarray, units))


def _step(
    task: Imitation,
    agent: Agent,
    with_gates: bool,
    sample: bool,
    key: jax.Array,
    params: Params,
    normalizer: Normalizer,
    reference: Reference,
    state: PhysicsState,
    frame: jax.Array,
    index: jax.Array,
    memory: Memory,
    is_first: jax.Array,
) -> tuple[dict[str, jax.Array], Memory]:
    memory = restarted(agent, memory, is_first)
    observation = normalizer(task.observe(state, reference, frame))
    noise = still(agent, frame.shape[0])
    noise = noise._replace(
        latent=jax.random.normal(jax.random.fold_in(key, index), noise.latent.shape) * sample
    )
    with capture_gates() as gates:
        coming = task.coming(reference, frame)
        units, memory = control_units(agent, params, observation, coming, memory, noise)
    named = {random_layer(layer): values for layer, values in gates.items()} if with_gates else {}
    return units | named, memory
