"""Collecting targets in a maze, against states made by hand; walls hold; ways lead through doors."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.loop import host_engine
from rodent.physics.engine import Command
from rodent.scene import make_scene
from rodent.scene_config import FloorConfig, MazeConfig, SceneConfig
from rodent.tasks.actuation import neutral_setpoint
from rodent.tasks.arena_settings import MazeTaskConfig
from rodent.tasks.rooms import Rooms
from rodent.tasks.stance import standing, standing_at
from rodent.tasks.targets import Pursuer, pursued, scattered
from rodent.tasks.task import Played

KEY = jax.random.PRNGKey(3)
NOTHING = jnp.zeros(38)
ROW = MazeConfig(rows=1, columns=3)
"""Rooms 0, 1 and 2 along x; the origin is in the middle of 1, and doors are 0.27 m to both sides."""


@pytest.fixture(scope="module")
def maze():
    return MazeTaskConfig().build(make_scene(SceneConfig(arena=ROW)), None)


@pytest.fixture(scope="module")
def rooms():
    return Rooms.of(ROW, 0.05, 0.1)


@pytest.fixture(scope="module")
def begun(maze):
    state = maze.initial_state(jnp.int32(0), KEY)
    places = jnp.array([[0.1, 0.1], [-0.5, 0.1], [0.6, 0.0]])
    return state._replace(targets=state.targets._replace(places=places), room=jnp.int32(1))


def _at(maze, x, y, height=0.0):
    """A body whose root is above a place."""
    physics = jax.tree.map(jnp.asarray, standing(maze.scene))
    moved = physics.xpos.at[maze.scene.root_row].add(jnp.array([0.0, 0.0, height]))
    return dataclasses.replace(physics, xpos=moved.at[maze.scene.root_row, :2].set(jnp.array([x, y])))


def test_ways_lead_through_doors_and_have_their_length(rooms):
    way = jax.jit(rooms.way)
    same = way(jnp.array([0.1, 0.0]), jnp.array([0.1, 0.2]))
    np.testing.assert_allclose(same.aim, [0.1, 0.2], atol=1e-6)
    assert same.length == pytest.approx(0.2)
    here, goal = np.array([0.1, 0.2]), np.array([-0.6, -0.1])
    found = way(jnp.asarray(here), jnp.asarray(goal))
    door = np.array([-0.27, 0.0])
    assert found.length == pytest.approx(np.linalg.norm(here - door) + np.linalg.norm(door - goal))
    np.testing.assert_allclose(found.aim, [-0.17, 0.0], atol=1e-6)
    # in front of the door, the way leads behind it
    np.testing.assert_allclose(way(jnp.array([-0.18, 0.01]), goal).aim, [-0.37, 0.0], atol=1e-6)
    through = way(jnp.array([-0.6, 0.0]), jnp.array([0.6, 0.0]))
    assert through.length == pytest.approx(1.2)


def test_lengths_of_ways_are_the_shortest_of_all_sequences_of_doors():
    arena = MazeConfig(rows=2, columns=3, loops=0.5, seed=4)
    found, layout = Rooms.of(arena, 0.05, 0.1), arena.layout
    centres = layout.centres(0.54)
    doors = centres[layout.doors].mean(1)

    def shortest(room, goal, place, used):
        if room == goal:
            return np.linalg.norm(place - centres[goal])
        ways = [np.inf]
        for number, pair in enumerate(layout.doors.tolist()):
            if room in pair and number not in used:
                other = pair[1 - pair.index(room)]
                rest = shortest(other, goal, doors[number], {*used, number})
                ways.append(np.linalg.norm(place - doors[number]) + rest)
        return min(ways)

    every = [[shortest(a, b, centres[a], set()) for b in range(6)] for a in range(6)]
    lengths = jax.jit(jax.vmap(jax.vmap(lambda a, b: found.way(a, b).length, (None, 0)), (0, None)))
    np.testing.assert_allclose(lengths(found.centres, found.centres), every, rtol=1e-5)


def test_rooms_are_left_through_doors_alone(rooms):
    places = jnp.array([[0.0, 0.0], [-0.54, 0.2], [0.3, 0.0], [0.0, 0.4], [2.0, 0.0]])
    assert jax.jit(jax.vmap(rooms.room))(places).tolist() == [1, 0, 2, -1, -1]
    reached = jax.jit(jax.vmap(rooms.reached_room, (None, 0)))
    assert reached(jnp.int32(1), places).tolist() == [1, 0, 2, -1, -1]
    assert reached(jnp.int32(0), places).tolist() == [1, 0, -1, -1, -1]
    inside = jnp.array([0.0, 0.0])
    np.testing.assert_array_equal(rooms.moved(inside, jnp.array([0.0, 0.4])), inside)


def test_targets_lie_in_all_rooms_away_from_walls(rooms):
    places = np.asarray(scattered(rooms, KEY, 300).places)
    away = np.abs(places[:, None] - np.asarray(rooms.centres)).max(-1)
    assert (away.min(1) <= 0.15 + 1e-6).all()
    assert np.bincount(away.argmin(1)).min() > 70


def test_the_oracle_reaches_targets_in_other_rooms_and_many_more_than_chance(rooms):
    keys = jax.random.split(KEY, 2)

    def step(points, _):
        moved = jax.vmap(lambda one: pursued(rooms, one, 0.008, 0.06))(points)
        return moved, jax.vmap(rooms.room)(moved.place)

    zero = jnp.zeros((2, 2)), jnp.zeros(2)
    targets = [scattered(rooms, key, 3) for key in keys]
    points = Pursuer(*zero, jax.tree.map(lambda *x: jnp.stack(x), *targets))
    points, seen = jax.jit(lambda points: jax.lax.scan(step, points, None, 1500))(points)
    assert (np.asarray(points.targets.total) > 5).all()
    assert (np.asarray(seen) >= 0).all()
    assert set(np.unique(seen)) == {0, 1, 2}


def test_reward_for_targets_and_for_the_way_to_them(maze, begun):
    update = jax.jit(maze.update)

    def earned(state, physics):
        measure = maze.measure(state, physics)
        found = maze.reward(state, physics, measure, NOTHING, NOTHING)
        return float(found["closer"]), float(found["reached"]), measure

    there = update(begun, _at(maze, 0.1, 0.2))
    closer = update(there, _at(maze, 0.1, 0.1975))
    assert earned(closer, _at(maze, 0.1, 0.1975))[0] == pytest.approx(0.2, rel=0.01)
    reached = update(closer, _at(maze, 0.1, 0.12))
    _, paid, measure = earned(reached, _at(maze, 0.1, 0.12))
    assert (paid, measure.limit_fraction <= 1) == (1, True)
    assert float(measure.metrics["targets"]) * 0.02 == pytest.approx(1)
    # none is left in this room: what counts is the way to a door
    only = begun._replace(targets=begun.targets._replace(places=jnp.tile(jnp.array([[-0.5, 0.1]]), (3, 1))))
    at_wall = update(only, _at(maze, -0.2, 0.2))
    along = update(at_wall, _at(maze, -0.2, 0.195))
    assert earned(along, _at(maze, -0.2, 0.195))[0] > 0.1


def test_an_animal_that_gets_through_a_wall_or_out_ends_and_is_counted(maze, begun):
    update = jax.jit(maze.update)

    def ended(*places):
        state = begun
        for place in places:
            state = update(state, _at(maze, *place))
        measure = maze.measure(state, _at(maze, *places[-1]))
        return bool(measure.limit_fraction > 1), float(measure.metrics["left"])

    assert ended((0.2, 0.0), (0.28, 0.0), (0.5, 0.0)) == (False, 0)
    assert ended((0.0, 0.28)) == (True, 1)
    assert ended((0.0, 0.28), (0.0, 0.1)) == (True, 1)
    assert ended((0.1, 0.0, -0.2)) == (True, 1)
    far = begun._replace(room=jnp.int32(0))
    assert update(far, _at(maze, 0.5, 0.0)).left
    assert not maze.truncated(begun._replace(step=jnp.int32(1499)))
    assert maze.truncated(begun._replace(step=jnp.int32(1500)))


def test_a_body_that_is_pushed_against_a_wall_does_not_get_through(maze):
    directions = np.array([np.pi / 2, np.pi / 2, -np.pi / 2, 0.3])
    places = jnp.array([[0.05, 0.0, np.pi / 2], [0.0, 0.0, 0.0], [0.0, 0.0, 0.5], [0.54, 0.0, 0.0]])
    physics = jax.vmap(lambda place: standing_at(maze.scene, place))(places)
    engine = host_engine(maze, 4, threads=1)
    state = engine.begin(jax.tree.map(np.asarray, physics))
    push = np.zeros((4, 6))
    push[:, 0], push[:, 1] = 3 * np.cos(directions), 3 * np.sin(directions)  # more than its weight
    rest = np.tile(neutral_setpoint(maze.scene), (4, 1))
    for _ in range(60):
        state = engine.step(state, Command(rest, np.zeros(4, bool), state.physics, push))
    assert engine.diverged == 0
    root = state.physics.xpos[:, maze.scene.root_row]
    assert jax.vmap(maze.rooms.room)(jnp.asarray(root[:, :2])).tolist() == [1, 1, 1, 2]
    assert root[0, 1] > 0.1 and root[2, 1] < -0.1


def test_targets_are_seen_but_not_through_walls_and_the_blind_see_nothing(maze, begun):
    def red(config, places):
        task = config.build(maze.scene, None)
        targets = begun.targets._replace(places=jnp.asarray(places))
        observation = task.observe(begun._replace(targets=targets), _at(maze, 0.0, 0.0))
        pixels = np.asarray(observation["vision"]).reshape(task.image)
        return int(((pixels[..., 1] > 0.8) & (pixels[..., 2] < 0.3)).sum()), pixels

    beside, behind = [[0.1, 0.15]] * 3, [[-0.54, 0.15]] * 3
    assert red(MazeTaskConfig(), beside)[0] > 4
    assert red(MazeTaskConfig(), behind)[0] == 0
    count, pixels = red(MazeTaskConfig(blind=True), beside)
    assert count == 0 and not pixels.any()


def test_figures_count_those_that_left_apart_from_those_that_fell(maze):
    def played(left, failed):
        rate = {name: np.array([0, 60, 0.0]) for name in ("targets", "oracle", "stroller")}
        return Played(rate | {"left": np.array(left)}, np.array(failed))

    stays, falls = played([0, 0, 0], [False] * 3), played([0, 0, 1], [False, True, True])
    leaves = played([0, 1, 1], [False, True, True])
    found = {row.figure: row for row in maze.figures([stays, falls, leaves, leaves])}
    assert (found["left the maze"].value, found["fell"].value) == (0.5, 0.25)
    assert found["targets per minute, share of the oracle's"].value == pytest.approx(0.25)
    assert found["targets per minute, share of the oracle's"].at is None
    times = found["targets per minute, times those at random"]
    assert (times.value, times.bar, times.at) == (pytest.approx(0.25), 2.0, "least")


@pytest.mark.parametrize(
    ("config", "arena", "message"),
    [
        ({}, FloorConfig(), "the task maze needs another arena than rat of scale 0.9: --arena maze"),
        ({"near": 0.2}, ROW, "at most 0.1 m in a maze"),
        ({"targets": 0}, ROW, "expected 1 to 100"),
        ({"oracle_turn": 0.0}, ROW, "both must be positive"),
        ({"seconds": 0.0}, ROW, "seconds in"),
    ],
)
def test_settings_and_arenas_that_make_no_sense_are_refused(config, arena, message):
    with pytest.raises(InputError, match=message):
        MazeTaskConfig(**config).build(make_scene(SceneConfig(arena=arena)), None)
