"""Control layers beside the policy's: computed from the rows of a rollout, which they cannot change."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rodent.body import NU, Body
from rodent.physics.engine import PhysicsState
from rodent.policy.controls import control_units, random_variables
from rodent.policy.networks import ActorCritic, Carry, forget, initial_carry
from rodent.policy.policy import Normalizer, Policy
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
        sample: bool = False,
    ):
        self._reference, self._normalizer = reference, policy.normalizer
        self._carry = initial_carry(policy.network_config, n)
        network, task = ActorCritic(policy.network_config, NU), Imitation(body, policy.task, timestep)
        frame = jnp.zeros(n, int)
        observation = task.observe(reference.at(frame), reference, frame)
        key_weights, key_latent = jax.random.split(jax.random.fold_in(jax.random.PRNGKey(seed), _STREAM))
        self._variables = random_variables(network, observation, self._carry, key_weights)
        self._step = jax.jit(partial(_step, task, network, sample, key_latent))

    def beside(self, rows: Iterator[Row], clips: np.ndarray) -> Iterator[Row]:
        """The same rows, with control layers among their units.

        Args:
            rows: of `Player.play`.
            clips: which are played, shape (n,).
        """
        first, last = (np.asarray(ends)[clips] for ends in (self._reference.first, self._reference.last))
        carry = self._carry
        for row in rows:
            frame = np.minimum(first + row.index, last)
            units, carry = self._step(
                self._variables,
                self._normalizer,
                self._reference,
                row.state,
                frame,
                row.index,
                carry,
                row.restarted,
            )
            yield row._replace(units=row.units | jax.tree.map(np.asarray, units))


def _step(
    task: Imitation,
    network: ActorCritic,
    sample: bool,
    key: jax.Array,
    variables: Mapping[str, Any],
    normalizer: Normalizer,
    reference: Reference,
    state: PhysicsState,
    frame: jax.Array,
    index: jax.Array,
    carry: Carry,
    restarted: jax.Array,
) -> tuple[dict[str, jax.Array], Carry]:
    carry = forget(carry, restarted)
    observation = normalizer(task.observe(state, reference, frame))
    noise = jax.random.normal(jax.random.fold_in(key, index), carry.latent.shape) * sample
    return control_units(network, variables, observation, task.coming(reference, frame), carry, noise)
