"""A small body that is studied and dreamt of: what the tests of both share."""

import dataclasses

import jax
import numpy as np

from rodent.physics import Command, HostEngine
from tests.physics.test_device import SmallBody
from training.collect import Move
from training.config import DreamConfig

STEP = 0.02
CONFIG = DreamConfig(world=(64, 64), world_epochs=4, world_batch=64, world_rate=5e-3)


def random_moves(body: SmallBody, n: int = 256, unroll: int = 8, seed: int = 0) -> Move:
    """What physics makes of random controls; leaves (unroll, n, ...)."""
    rng = np.random.default_rng(seed)
    engine = HostEngine(body.model, n, STEP, bodies=body.tracked_ids)
    qpos = np.tile(body.model.qpos0, (n, 1))
    qpos[:, 7:] += 0.3 * rng.normal(size=(n, 3))
    state = engine.begin(engine.forward(qpos, 0.1 * rng.normal(size=(n, body.model.nv))))
    moves = []
    for _ in range(unroll):
        ctrl = rng.uniform(-1, 1, (n, body.model.nu)).astype(np.float32)
        before, none = state.physics, np.zeros(n, bool)
        state = engine.step(state, Command(ctrl, none, before))
        empty = np.zeros((n, 0), np.float32)
        frame, still = np.zeros(n, np.int32), np.zeros_like(ctrl)
        moves.append(Move(before, frame, still, empty, none, ctrl, state.physics))
    return jax.tree.map(lambda *x: np.stack(x), *moves)


def in_a_row(moves: Move) -> Move:
    """Leaves (unroll * n, ...)."""
    return jax.tree.map(lambda x: x.reshape(x.shape[0] * x.shape[1], *x.shape[2:]), moves)


def broken(moves: Move, rows: slice) -> Move:
    """The same, physics not finite any more after some of them."""
    qvel = np.array(moves.after.qvel)
    qvel[rows] = np.nan
    return moves._replace(after=dataclasses.replace(moves.after, qvel=qvel))
