"""Foraging, against states made by hand; and the points that the animal is compared with."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.sensing.eyes import EyesConfig
from rodent.tasks.goal_settings import ForageConfig
from rodent.tasks.stance import standing
from rodent.tasks.targets import Pursuer, Square, pursued, scattered, visited
from rodent.tasks.task import Played

KEY = jax.random.PRNGKey(3)
NOTHING = jnp.zeros(38)
FIELD = Square(2.0, 0.05)
AWAY = jnp.array([9.0, 9.0])


@pytest.fixture(scope="module")
def forage(body):
    return ForageConfig().build(body, None)


@pytest.fixture
def begun(forage):
    return forage.initial_state(jnp.int32(0), KEY)


def _at(body, place):
    """A body that stands at a place."""
    physics = jax.tree.map(jnp.asarray, standing(body))
    moved = physics.xpos.at[body.root_row, :2].set(jnp.asarray(place))
    return dataclasses.replace(physics, xpos=moved)


def _after(forage, body, state, place):
    return forage.update(forage.advance(state), _at(body, place))


def test_targets_lie_all_over_the_field_and_the_same_ones_come_again():
    places = np.array(scattered(FIELD, KEY, 400).places)
    assert (np.abs(places) <= 1).all()
    counts, _, _ = np.histogram2d(*places.T, bins=4, range=[(-1, 1)] * 2)
    assert counts.min() > 8
    targets = scattered(FIELD, KEY, 2)
    np.testing.assert_array_equal(targets.places, places[:2])
    one = visited(FIELD, targets, targets.places[1])
    np.testing.assert_array_equal(one.places, places[[0, 2]])
    other = visited(FIELD, visited(FIELD, targets, targets.places[0]), places[2])
    np.testing.assert_array_equal(other.places, places[[3, 1]])
    assert (one.total, one.reached, other.total) == (1, 1, 2)
    none = visited(FIELD, other, AWAY)
    assert (none.total, none.reached) == (2, 0)


def test_two_targets_that_are_reached_at_once_are_both_replaced():
    places = np.array(scattered(FIELD, KEY, 5).places)
    targets = scattered(FIELD, KEY, 3)._replace(places=jnp.array([[0.0, 0.01], [0.5, 0.5], [0.02, 0.0]]))
    both = visited(FIELD, targets, jnp.zeros(2))
    np.testing.assert_allclose(both.places, [places[3], [0.5, 0.5], places[4]])
    assert (both.total, both.reached) == (2, 2)


def test_a_reached_target_is_rewarded_and_moves_elsewhere(forage, body, begun):
    state = _after(forage, body, begun, begun.targets.places[2])
    measure = forage.measure(state, _at(body, begun.targets.places[2]))
    assert float(measure.metrics["targets"]) * 0.02 == pytest.approx(1)
    assert measure.limit_fraction <= 1
    reward = forage.reward(state, _at(body, begun.targets.places[2]), measure, NOTHING, NOTHING)
    assert reward["reached"] == 1
    assert (np.abs(state.targets.places - begun.targets.places).sum(1) > 0).tolist() == [0, 0, 1, 0, 0]
    later = _after(forage, body, state, AWAY)
    measure = forage.measure(later, _at(body, AWAY))
    assert forage.reward(later, _at(body, AWAY), measure, NOTHING, NOTHING)["reached"] == 0


def test_coming_closer_to_the_nearest_target_is_rewarded(forage, body, begun):
    places = begun.targets.places
    near = places[0] + jnp.array([0.1, 0.0])
    there = _after(forage, body, begun, near)

    def earned(place):
        state = _after(forage, body, there, place)
        physics = _at(body, place)
        return float(
            forage.reward(state, physics, forage.measure(state, physics), NOTHING, NOTHING)["closer"]
        )

    assert earned(near - jnp.array([0.0025, 0.0])) == pytest.approx(0.2, rel=0.01)
    assert earned(near) == pytest.approx(0, abs=1e-4)
    assert earned(near + jnp.array([0.0025, 0.0])) == pytest.approx(-0.2, rel=0.01)
    # the next one is far away, which costs nothing
    assert earned(places[0]) == pytest.approx(0.4)


def test_the_nearest_targets_are_seen_first_ahead_and_to_the_left(forage, body, begun):
    here = np.asarray(standing(body).xpos[body.root_row, :2])
    offsets = np.array([[0.0, -0.6], [0.3, 0.0], [1.0, 1.0], [0.0, 0.1], [-1.0, 0.5]])
    state = begun._replace(
        targets=begun.targets._replace(places=jnp.asarray(here + offsets)),
        distance=jnp.asarray(np.linalg.norm(offsets, axis=1)),
    )
    seen = np.asarray(forage.observe(state, _at(body, here))["targets"]).reshape(3, 2)
    np.testing.assert_allclose(seen, [[0.0, 0.075], [0.15, 0.0], [0.0, -0.2]], atol=1e-5)
    parts = forage.observation_parts(state, _at(body, here))["targets"]
    np.testing.assert_array_equal(np.concatenate([one.values for one in parts.values()]), seen.ravel())


def test_a_fall_ends_the_episode_and_so_does_its_time(forage, body, begun):
    fallen = _at(body, AWAY)
    fallen = dataclasses.replace(fallen, qpos=fallen.qpos.at[3:7].set(jnp.array([0.7, 0.7, 0.0, 0.0])))
    assert forage.measure(begun, fallen).limit_fraction > 1
    assert not forage.truncated(begun._replace(step=jnp.int32(999)))
    assert forage.truncated(begun._replace(step=jnp.int32(1000)))


def test_the_pursuer_goes_straight_ahead_and_turns_on_the_spot():
    ahead = scattered(FIELD, KEY, 1)._replace(places=jnp.array([[0.105, 0.0]]))
    point = Pursuer(jnp.zeros(2), jnp.zeros(()), ahead)
    for _ in range(4):
        point = pursued(FIELD, point, 0.01, 0.02)
    np.testing.assert_allclose(point.place, [0.04, 0.0], atol=1e-6)
    assert point.targets.total == 0
    for _ in range(2):
        point = pursued(FIELD, point, 0.01, 0.02)
    assert point.targets.total == 1
    behind = ahead._replace(places=jnp.array([[-0.5, 0.001]]))
    point = pursued(FIELD, Pursuer(jnp.zeros(2), jnp.zeros(()), behind), 0.01, 0.02)
    np.testing.assert_allclose(point.place, [0.0, 0.0])
    assert point.heading == pytest.approx(0.02)


def test_the_oracle_reaches_many_more_targets_than_chance(forage, body):
    states = jax.vmap(forage.initial_state, (None, 0))(jnp.int32(0), jax.random.split(KEY, 16))
    still = _at(body, AWAY)

    def step(states, _):
        return jax.vmap(forage.update, (0, None))(states, still), None

    states, _ = jax.jit(lambda states: jax.lax.scan(step, states, None, 500))(states)
    oracle = np.mean(states.oracle.targets.total)
    assert oracle > 2
    assert oracle > 2.5 * np.mean(states.passed.total)
    assert (states.targets.total == 0).all()


def test_figures_are_shares_of_what_the_oracle_reaches(forage):
    rate = 60.0 / 0.02
    metrics = {
        "targets": rate * np.array([0, 1, 0, 1.0]),
        "oracle": rate * np.array([1, 0, 1, 0.0]),
        "stroller": rate * np.array([0, 0, 0, 1.0]),
    }
    stays, falls = Played(metrics, np.zeros(4, bool)), Played(metrics, np.array([False, False, False, True]))
    found = {row.figure: row for row in forage.figures([stays, falls])}
    share = found["targets per minute, share of the oracle's"]
    assert (share.value, share.bar, share.at) == (pytest.approx(3 / 4), 0.8, "least")
    assert (found["no fall"].value, found["no fall"].bar) == (0.5, 0.9)
    assert found["targets per minute"].value == pytest.approx(rate * 3 / 8)
    # what the animal is compared with does not fall with it
    assert found["targets per minute of the oracle"].value == pytest.approx(rate / 2)
    assert found["targets per minute at random"].value == pytest.approx(rate / 4)
    assert found["targets per minute at random"].bar is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seen": 6}, "seen and targets are 6 and 5"),
        ({"near": 1.0}, "expected near in"),
        ({"oracle_speed": 0.0}, "both must be positive"),
        ({"goal": "smell"}, "unknown goal 'smell'"),
        ({"senses": ("smell",)}, "unknown sense 'smell'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        ForageConfig(**changes)


def test_targets_are_seen_instead_of_their_vectors(body, begun):
    config = ForageConfig(goal="vision", eyes=EyesConfig(width=34, height=22))
    task = config.build(body, None)
    here = standing(body).xpos[body.root_row, :2]
    places = jnp.asarray(here) + jnp.array([[0.3, 0.3], [-0.1, 0.4], [9.0, 9.0], [9.0, -9.0], [-9.0, 0.0]])
    state = begun._replace(targets=begun.targets._replace(places=places))
    observation = jax.jit(task.observe)(state, _at(body, here))
    assert set(observation) == {"proprioception", "vision"}
    left, right = np.asarray(observation["vision"]).reshape(task.image)
    red = [(eye[..., 1] > 0.8) & (eye[..., 2] < 0.3) for eye in (left, right)]
    assert red[0].sum() > 4 and not red[1].any()
    parts = task.observation_parts(state, _at(body, here))["vision"]
    np.testing.assert_allclose(parts["vision"].values, observation["vision"], atol=1e-5)
    assert ForageConfig().build(body, None).image == ()
