"""Members of a population learn side by side in one program, each with hyperparameters of its own."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from tests.training.test_device import CONFIG, small_trainer
from training.hyperparameters import Hyperparameters
from training.update import device_update

MEMBERS = 3


def test_updates_are_mapped_over_members():
    config = dataclasses.replace(CONFIG, model_based=dataclasses.replace(CONFIG.model_based, updates=0))
    trainer = small_trainer(1, config)
    hyper = Hyperparameters.of(config)
    members = jax.tree.map(lambda x: jnp.broadcast_to(jnp.asarray(x), (MEMBERS,)), hyper)
    members = dataclasses.replace(members, value_weight=hyper.value_weight * jnp.array([1.0, 1.0, 9.0]))
    state = trainer.train_state
    states = jax.tree.map(lambda x: jnp.stack([x] * MEMBERS), state)

    update = device_update(trainer.algorithm, trainer.backend.engine)
    mapped = jax.jit(jax.vmap(update, in_axes=(0, 0, None)))
    states, metrics = mapped(states, members, trainer.task)
    assert metrics["value_loss"].shape == (MEMBERS,)
    first, same, other = (
        [np.asarray(leaf)[i] for leaf in jax.tree.leaves(states.learner.params)] for i in range(MEMBERS)
    )
    for a, b in zip(first, same, strict=True):
        np.testing.assert_array_equal(a, b)
    begun = jax.tree.leaves(state.learner.params)
    assert all((a != b).any() for a, b in zip(first, begun, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))
