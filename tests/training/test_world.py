"""The learnt model of the body: what it computes it computes as physics does, what it learns it foretells."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.physics.test_device import SmallBody
from tests.training.dreaming import CONFIG, STEP, broken, in_a_row, random_moves
from training.world import World


@pytest.fixture(scope="module")
def body():
    return SmallBody()


@pytest.fixture(scope="module")
def world(body):
    return World(body, CONFIG, STEP)


@pytest.fixture(scope="module")
def moves(body):
    return in_a_row(random_moves(body))


@pytest.fixture(scope="module")
def learnt(world, moves):
    model, learn = world.begin(jax.random.PRNGKey(0)), jax.jit(world.learn)
    figures = []
    for i in range(10):
        model, found = learn(model, moves, jax.random.PRNGKey(i))
        figures.append(float(found["world_missed"]))
    return model, figures


def test_it_learns_what_velocities_become(learnt):
    _, missed = learnt
    assert missed[-1] < 0.2 * missed[0]


def test_it_foretells_steps_it_has_not_seen(world, body, learnt):
    unseen = in_a_row(random_moves(body, n=64, seed=1))
    told = jax.jit(world.step)(learnt[0], unseen.state, unseen.ctrl)

    def off(name: str, of) -> float:
        return float(np.sqrt(np.mean((getattr(of, name) - getattr(unseen.after, name)) ** 2)))

    for name, share in (("qvel", 0.4), ("qpos", 0.3), ("xpos", 0.3)):
        assert off(name, told) < share * off(name, unseen.state), name
    np.testing.assert_allclose(told.act, unseen.after.act, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(told.qpos[:, 3:7], axis=1), 1, atol=1e-5)


def test_place_and_heading_change_nothing_but_place_and_heading(world, learnt, moves):
    few = jax.tree.map(lambda x: jnp.asarray(x[:32]), moves)
    turn = jnp.array([np.cos(0.4), 0, 0, np.sin(0.4)])
    from rodent import rotation

    state = few.state
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
    here, there = (world.step(learnt[0], s, few.ctrl) for s in (state, elsewhere))
    np.testing.assert_allclose(there.qpos[:, 7:], here.qpos[:, 7:], atol=1e-4)
    np.testing.assert_allclose(there.qpos[:, 2], here.qpos[:, 2], atol=1e-4)
    np.testing.assert_allclose(there.qvel[:, :3], rotation.rotate(turn, here.qvel[:, :3]), atol=2e-3)


def test_physics_that_broke_teaches_nothing(world, moves):
    model = world.begin(jax.random.PRNGKey(0))
    model, figures = jax.jit(world.learn)(model, broken(moves, slice(0, None, 3)), jax.random.PRNGKey(1))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((model, figures)))
    assert figures["world_missed"] > 0
