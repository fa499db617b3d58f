"""How preparations of these tests are played, and what is read from them."""

import numpy as np

from rodent.rollouts import Show

N, FRAMES, CLIPS = 64, 8, 3
SHOW = Show(units=True, gates=True)


def states(rows):
    return np.stack([np.concatenate([row.physics.qpos, row.physics.qvel, row.ctrl], 1) for row in rows])


def units(rows, layer):
    return np.stack([row.units[layer] for row in rows])
