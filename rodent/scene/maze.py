"""Mazes: square rooms of a grid; a random tree of doors reaches all of them, more doors make loops.

layout = laid_out(rows=3, columns=3, missing=0, loops=0.3, seed=0)
layout.rooms                          # (9, 2): column and row of every room
layout.doors                          # (n, 2): the two rooms that a door joins
walls(layout, room=0.5, wall=0.04, door=0.16)                  # boxes, m
"""

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

import mujoco
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from rodent.errors import InputError
from rodent.scene.arenas import floor, ground_like

_COLOUR = (0.36, 0.47, 0.62, 0.4)
"""Of walls; films show what is behind them, eyes do not."""


class Layout(NamedTuple):
    """Rooms and doors; R rooms, D doors.

    Attributes:
        rooms: column and row of each, shape (R, 2), int.
        doors: the two rooms that each joins, shape (D, 2), int.
    """

    rooms: np.ndarray
    doors: np.ndarray

    @property
    def middle(self) -> int:
        """The room that is nearest to the middle of the grid."""
        return int(np.abs(self.rooms - self.rooms.max(0) / 2).sum(1).argmin())

    def centres(self, pitch: float) -> np.ndarray:
        """Middles of the rooms, m, shape (R, 2): columns along x, rows along y; the middle room is at 0.

        Args:
            pitch: from the middle of a room to that of the next, m.
        """
        return pitch * (self.rooms - self.rooms[self.middle]).astype(float)


def laid_out(rows: int, columns: int, missing: int, loops: float, seed: int) -> Layout:
    """A random maze, in which a way leads from every room to every other.

    Args:
        rows, columns: of the grid.
        missing: how many places of the grid have no room.
        loops: probability of a door between neighbours that the tree does not join.
        seed: of all that is random.

    Raises:
        InputError: the rooms that remain are not all neighbours of each other, so no doors can join them.
    """
    random = np.random.default_rng(seed)
    kept = np.ones(rows * columns, bool)
    kept[random.permutation(rows * columns)[:missing]] = False
    grid = kept.reshape(rows, columns)
    number = np.where(grid, np.cumsum(kept).reshape(grid.shape) - 1, -1)
    pairs = np.concatenate(
        [
            np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
            np.column_stack([number[:-1].ravel(), number[1:].ravel()]),
        ]
    )
    pairs = pairs[(pairs >= 0).all(1)]
    count = int(kept.sum())
    weights = random.uniform(1, 2, len(pairs))
    graph = coo_array((weights, (pairs[:, 0], pairs[:, 1])), (count, count)).tocsr()
    parts, _ = connected_components(graph, directed=False)
    if parts > 1:
        raise InputError(
            f"the maze of seed {seed} with {missing} of {rows} x {columns} rooms missing falls into {parts} "
            "parts that no door can join; give another --arena.seed, or a smaller --arena.missing"
        )
    tree = minimum_spanning_tree(graph).toarray() > 0
    joined = tree[pairs[:, 0], pairs[:, 1]] | (random.uniform(size=len(pairs)) < loops)
    return Layout(np.argwhere(grid)[:, ::-1], pairs[joined])


def walls(layout: Layout, room: float, wall: float, door: float) -> np.ndarray:
    """The walls as boxes: x and y of the middle and half sizes along x and y, m, shape (walls, 4).

    Args:
        layout: rooms and doors.
        room: side of a room, m.
        wall: thickness of the walls, m.
        door: width of the doors, m.
    """
    pitch, origin = room + wall, layout.rooms[layout.middle]
    number = {tuple(place): i for i, place in enumerate(layout.rooms.tolist())}
    doors = {frozenset(pair) for pair in layout.doors.tolist()}
    # stretches of walls by the axis along which they run, and by twice their place across it
    lines: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for (i, place), axis, side in product(enumerate(layout.rooms.tolist()), (0, 1), (-1, 1)):
        beside = list(place)
        beside[1 - axis] += side
        here = pitch * (place[axis] - origin[axis])
        begin, end = here - (pitch + wall) / 2, here + (pitch + wall) / 2
        opened = {i, number.get(tuple(beside), -1)} in doors
        found = [(begin, here - door / 2), (here + door / 2, end)] if opened else [(begin, end)]
        lines.setdefault((axis, 2 * place[1 - axis] + side), []).extend(found)
    boxes = []
    for (axis, line), stretches in lines.items():
        across = pitch * (line / 2 - origin[1 - axis])
        for begin, end in _merged(stretches):
            box = np.empty(4)
            box[[axis, 1 - axis, 2 + axis, 3 - axis]] = (begin + end) / 2, across, (end - begin) / 2, wall / 2
            boxes.append(box)
    return np.array(boxes)


def maze(layout: Layout, room: float, wall: float, door: float, height: float) -> mujoco.MjSpec:
    """A floor with the walls of a maze on it; see `walls`.

    Args:
        layout: rooms and doors.
        room, wall, door: sizes, m.
        height: of the walls, m.
    """
    spec = floor()
    like = {**ground_like(spec.geom("floor")), "material": ""}
    for x, y, half_x, half_y in walls(layout, room, wall, door):
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=[x, y, height / 2],
            size=[half_x, half_y, height / 2],
            rgba=_COLOUR,
            **like,
        )
    return spec


def _merged(stretches: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Stretches of a line, those that touch or overlap joined."""
    found: list[tuple[float, float]] = []
    for begin, end in sorted(stretches):
        if found and begin <= found[-1][1] + 1e-9:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found
