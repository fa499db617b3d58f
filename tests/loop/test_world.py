"""Draws of worlds, starts and pushes, and what the loop does with them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.loop import Actor, Loop, decide, initial_states
from rodent.loop.world import displaced, drawn_world, pushed
from rodent.physics.engine import PhysicsState
from rodent.randomisation_config import RandomisationConfig
from rodent.rollouts import RolloutRunner
from tests.bodies import hopper
from tests.policies import stance_clips, untrained_policy

CONFIG = RandomisationConfig(
    friction=(0.4, 2.2),
    mass=(0.8, 1.2),
    push_speed=(0.1, 0.3),
    start_angle=(2.0, 2.0),
    start_velocity=(0.05, 0.05),
)
N, STEP = 4000, 0.02


def test_factors_lie_in_their_ranges():
    world = drawn_world(CONFIG, STEP, jax.random.PRNGKey(0), N)
    assert world.scales.keys() == {"friction", "mass"}
    friction = np.log(world.scales["friction"])
    assert friction.min() >= np.log(0.4) and friction.max() <= np.log(2.2)
    assert friction.mean() == pytest.approx(np.log(0.4 * 2.2) / 2, abs=0.03)
    assert abs(np.corrcoef(friction, world.scales["mass"])[0, 1]) < 0.06


def test_pushes_change_the_speed_by_what_is_asked_as_often_as_is_asked():
    scene, seconds = hopper(), 20.0
    world = drawn_world(CONFIG, STEP, jax.random.PRNGKey(0), 200)
    impulse, begins = np.zeros((200, 3)), np.zeros(200)
    sizes = []
    for i in range(round(seconds / STEP)):
        before = world
        world, wrench = pushed(CONFIG, scene, STEP, jax.random.PRNGKey(i), world)
        began = np.asarray(before.wait <= 0)
        begins += began
        sizes += np.linalg.norm(np.asarray(wrench)[began, :3], axis=1).tolist()
        impulse += np.asarray(wrench)[:, :3] * STEP
    assert begins.mean() / seconds == pytest.approx(1 / CONFIG.push_interval, rel=0.05)
    speeds = np.array(sizes) * CONFIG.push_seconds / scene.model.body_mass.sum()
    assert 0.1 <= speeds.min() < 0.12 and 0.28 < speeds.max() <= 0.3001
    assert np.asarray(wrench)[:, 2].max() == 0


def test_starts_are_off_by_a_deviation_of_their_own():
    model = hopper().model
    zero = {"act": (N, model.na), "xpos": (N, 3, 3), "sensordata": (N, 1), "actuator_force": (N, model.nu)}
    physics = PhysicsState(
        qpos=jnp.tile(jnp.asarray(model.qpos0), (N, 1)),
        qvel=jnp.zeros((N, model.nv)),
        **{name: jnp.zeros(shape) for name, shape in zero.items()},
    )
    off = displaced(CONFIG, jax.random.PRNGKey(0), physics)
    np.testing.assert_array_equal(off.qpos[:, :7], physics.qpos[:, :7])
    assert np.rad2deg(np.asarray(off.qpos)[:, 7:]).std() == pytest.approx(2.0, rel=0.05)
    assert np.asarray(off.qvel)[:, 6:].std() == pytest.approx(0.05, rel=0.05)
    assert np.asarray(off.qvel)[:, 3:6].max() == 0


def test_a_player_plays_in_drawn_worlds(body):
    policy, clips = untrained_policy(body), stance_clips(body, frames=12)
    groups = np.zeros(4, int)

    def played(vary, seed=0):
        runner = RolloutRunner.of(policy, clips, 4, vary=vary)
        rows = list(runner.play(policy.params, policy.normalizer, groups, seed=seed))
        return np.stack([row.physics.qpos for row in rows], 1)

    plain, varied = played(None), played(CONFIG)
    assert np.ptp(plain, axis=0).max() == 0
    # every episode begins elsewhere and goes elsewhere, and the same again with the same seed
    assert (np.ptp(varied[:, 0, 7:], axis=0) > 1e-4).any() and np.ptp(varied[:, -1], axis=0).max() > 1e-3
    np.testing.assert_array_equal(varied, played(CONFIG))
    assert np.abs(varied - played(CONFIG, seed=1)).max() > 1e-3
    finer = played(RandomisationConfig(physics_steps=(0.01, 0.005)))
    # of equal environments, every other one has a finer time step
    np.testing.assert_array_equal(finer[::2], plain[::2])
    np.testing.assert_array_equal(finer[1], finer[3])
    assert np.abs(finer[1] - plain[1]).max() > 1e-7
    slippery = played(RandomisationConfig(friction=(0.1, 0.1)))
    assert np.abs(slippery - plain).max() > 1e-5


def test_what_is_learnt_from_is_what_was_acted_on(body):
    """PPO computes the action again from the observation that a decision holds: noise must be in it."""
    policy, noisy = untrained_policy(body), RandomisationConfig(sensor_noise=0.5)
    task = policy.task.build(body, stance_clips(body, frames=12))
    agent, n = policy.agent, 4
    seen = {}
    for vary in (None, noisy):
        state, physics = initial_states(agent, task, jnp.zeros(n, int), jax.random.PRNGKey(0), vary=vary)
        actor = Actor(policy.params, policy.normalizer)
        _, decision, _ = decide(Loop(agent, vary=vary), task, actor, state, physics)
        normalized = policy.normalizer(decision.observation)
        again = agent.act(policy.params, decision.memory, normalized, decision.noise)
        np.testing.assert_allclose(again.mean, decision.output.mean, rtol=1e-5, atol=1e-9)
        seen[vary] = decision.observation["proprioception"]
    off = (seen[noisy] - seen[None]) / policy.normalizer.std["proprioception"]
    assert np.std(off) == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"friction": (2.0, 1.0)}, "friction is 2 to 1"),
        ({"mass": (0.0, 1.0)}, "mass is 0 to 1"),
        ({"push_speed": (0.2, 9.0)}, "push_speed is 0.2 to 9 m/s"),
        ({"push_seconds": 0.6}, "push_seconds is 0.6 and push_interval 1"),
        ({"physics_steps": (0.01, 0.5)}, r"physics_steps has 0.5 s; each must lie in"),
        ({"sensor_noise": -1.0}, r"sensor_noise is -1; it must lie in \[0, 5\]"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        dataclasses.replace(CONFIG, **changes)
