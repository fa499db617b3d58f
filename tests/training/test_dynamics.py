"""The dynamics model: what it computes it computes as physics does, what it learns it predicts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.policy.agent import flattened
from tests.bodies import hopper
from tests.training.imagining import CONFIG, RATE, STEP, broken, random_samples
from training.dynamics import Dynamics


@pytest.fixture(scope="module")
def body():
    return hopper()


@pytest.fixture(scope="module")
def dynamics(body):
    return Dynamics(body, CONFIG, STEP)


@pytest.fixture(scope="module")
def samples(body):
    samples = random_samples(body)
    return flattened(samples, samples.is_first.shape)


@pytest.fixture(scope="module")
def learnt(dynamics, samples):
    model, fit = dynamics.init(jax.random.PRNGKey(0)), jax.jit(dynamics.fit)
    metrics = []
    for i in range(10):
        model, found = fit(model, samples, jax.random.PRNGKey(i), RATE)
        metrics.append(float(found["dynamics_unexplained_variance"]))
    return model, metrics


def test_it_learns_what_velocities_become(learnt):
    _, missed = learnt
    assert missed[-1] < 0.2 * missed[0]


def test_it_predicts_steps_it_has_not_seen(dynamics, body, learnt):
    unseen = random_samples(body, n=64, seed=1)
    unseen = flattened(unseen, unseen.is_first.shape)
    told = jax.jit(dynamics.step)(learnt[0], unseen.physics, unseen.ctrl)

    def off(name: str, of) -> float:
        return float(np.sqrt(np.mean((getattr(of, name) - getattr(unseen.next_physics, name)) ** 2)))

    for name, share in (("qvel", 0.4), ("qpos", 0.3), ("xpos", 0.3)):
        assert off(name, told) < share * off(name, unseen.physics), name
    np.testing.assert_allclose(told.act, unseen.next_physics.act, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(told.qpos[:, 3:7], axis=1), 1, atol=1e-5)


def test_place_and_heading_change_nothing_but_place_and_heading(dynamics, learnt, samples):
    few = jax.tree.map(lambda x: jnp.asarray(x[:32]), samples)
    turn = jnp.array([np.cos(0.4), 0, 0, np.sin(0.4)])
    from rodent import rotation

    state = few.physics
    elsewhere = state.replace(
        qpos=jnp.concatenate(
            [
                rotation.rotate(turn, state.qpos[:, :3]) + jnp.array([1.0, -2.0, 0.0]),
                rotation.multiply(jnp.broadcast_to(turn, (32, 4)), state.qpos[:, 3:7]),
                state.qpos[:, 7:],
            ],
            -1,
        ),
        qvel=jnp.concatenate([rotation.rotate(turn, state.qvel[:, :3]), state.qvel[:, 3:]], -1),
    )
    here, there = (dynamics.step(learnt[0], s, few.ctrl) for s in (state, elsewhere))
    np.testing.assert_allclose(there.qpos[:, 7:], here.qpos[:, 7:], atol=1e-4)
    np.testing.assert_allclose(there.qpos[:, 2], here.qpos[:, 2], atol=1e-4)
    np.testing.assert_allclose(there.qvel[:, :3], rotation.rotate(turn, here.qvel[:, :3]), atol=2e-3)


def test_physics_that_broke_teaches_nothing(dynamics, samples):
    model = dynamics.init(jax.random.PRNGKey(0))
    model, metrics = jax.jit(dynamics.fit)(
        model, broken(samples, slice(0, None, 3)), jax.random.PRNGKey(1), RATE
    )
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((model, metrics)))
    assert metrics["dynamics_unexplained_variance"] > 0
