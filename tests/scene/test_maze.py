"""Mazes: every room can be reached, doors are where rooms are joined, and settings that make none."""

import mujoco
import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rodent.errors import InputError
from rodent.scene.maze import laid_out, walls
from rodent.scene_config import MazeConfig

ROOM, WALL, DOOR = 0.5, 0.04, 0.2


def _parts(layout):
    n = len(layout.rooms)
    ones = np.ones(len(layout.doors))
    return connected_components(coo_array((ones, layout.doors.T), (n, n)), directed=False)[0]


def test_doors_join_neighbours_and_all_rooms_can_be_reached():
    for seed in range(20):
        tree = laid_out(4, 5, 0, 0.0, seed)
        assert (len(tree.rooms), len(tree.doors), _parts(tree)) == (20, 19, 1)
        steps = np.abs(tree.rooms[tree.doors[:, 0]] - tree.rooms[tree.doors[:, 1]])
        assert (steps.sum(1) == 1).all()
        every = laid_out(4, 5, 0, 1.0, seed)
        assert len(every.doors) == 4 * 4 + 3 * 5
        assert {tuple(pair) for pair in tree.doors} <= {tuple(pair) for pair in every.doors}
    assert (laid_out(4, 5, 0, 0.0, 0).doors != laid_out(4, 5, 0, 0.0, 1).doors).any()
    np.testing.assert_array_equal(laid_out(4, 5, 2, 0.3, 7).doors, laid_out(4, 5, 2, 0.3, 7).doors)


def test_missing_rooms_leave_a_maze_in_one_part_or_are_refused():
    first = np.array([np.random.default_rng(seed).permutation(3)[0] for seed in range(20)])
    # one row without its middle, or without an end
    divided, whole = np.flatnonzero(first == 1), np.flatnonzero(first != 1)
    for seed in whole:
        layout = laid_out(1, 3, 1, 0.3, int(seed))
        assert len(layout.rooms) == 2 and _parts(layout) == 1
    for seed in divided:
        message = rf"of seed {seed} with 1 of 1 x 3 .* 2 parts .*--arena.seed, or a smaller --arena.missing"
        with pytest.raises(InputError, match=message):
            MazeConfig(rows=1, columns=3, missing=1, seed=int(seed)).build()


def test_walls_stand_between_all_rooms_that_no_door_joins():
    layout = laid_out(3, 4, 0, 0.2, 5)
    boxes, centres = walls(layout, ROOM, WALL, DOOR), layout.centres(ROOM + WALL)
    joined = {tuple(sorted(pair)) for pair in layout.doors.tolist()}

    def blocked(place):
        return (np.abs(place - boxes[:, :2]) <= boxes[:, 2:]).all(1).any()

    for i, centre in enumerate(centres):
        assert not blocked(centre)
        for axis, side in ((0, -1), (0, 1), (1, -1), (1, 1)):
            out = np.zeros(2)
            out[axis] = side * (ROOM + WALL) / 2
            along = np.roll(np.abs(out) / np.abs(out).sum(), 1)
            beside = np.flatnonzero(np.abs(centres - centre - 2 * out).max(1) < 1e-9)
            is_open = len(beside) and tuple(sorted((i, int(beside[0])))) in joined
            assert blocked(centre + out) != bool(is_open)
            for shift in (-DOOR / 2 - 0.01, DOOR / 2 + 0.01, (ROOM + WALL) / 2):
                assert blocked(centre + out + shift * along)


def test_rays_from_the_middle_meet_walls_on_all_sides_and_the_floor():
    model = MazeConfig(rows=2, columns=2, loops=0.0).build().compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    for angle in np.linspace(0, 2 * np.pi, 16):
        ray = np.array([np.cos(angle), np.sin(angle), 0.0])
        away = mujoco.mj_ray(model, data, np.array([0.0, 0, 0.1]), ray, None, 1, -1, np.zeros(1, np.int32))
        assert 0.24 < away < 1.2
    down = np.array([0.0, 0.0, -1.0])
    below = mujoco.mj_ray(model, data, np.array([0.0, 0, 0.1]), down, None, 1, -1, np.zeros(1, np.int32))
    assert below == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": 0}, "expected 1 to 20 rows"),
        ({"missing": 8}, "missing is 8 of 3 x 3 rooms; a maze needs 2"),
        ({"door": 0.05}, "through which it fits"),
        ({"room": 0.2}, "in which a rat can turn"),
        ({"wall": 0.001}, "neither through nor over"),
        ({"loops": 1.5}, r"loops in \[0, 1\]"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        MazeConfig(**changes)
