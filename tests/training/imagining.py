"""Steps of a small body: what the tests of the dynamics model and of imagined rollouts share."""

import dataclasses

import jax
import numpy as np

from rodent.physics import Command, HostEngine
from rodent.scene import Scene
from training.config import ModelBasedConfig
from training.experience import DynamicsSample

STEP = 0.02
CONFIG = ModelBasedConfig(dynamics_layers=(64, 64), dynamics_epochs=4, dynamics_batch=64)
RATE = 5e-3


def random_samples(body: Scene, n: int = 256, unroll: int = 8, seed: int = 0) -> DynamicsSample:
    """What physics makes of random controls; leaves (unroll, n, ...)."""
    rng = np.random.default_rng(seed)
    engine = HostEngine(body.model, n, STEP, bodies=body.tracked_ids)
    qpos = np.tile(body.model.qpos0, (n, 1))
    qpos[:, 7:] += 0.3 * rng.normal(size=(n, 3))
    state = engine.begin(engine.forward(qpos, 0.1 * rng.normal(size=(n, body.model.nv))))
    samples = []
    for _ in range(unroll):
        ctrl = rng.uniform(-1, 1, (n, body.model.nu)).astype(np.float32)
        before, none = state.physics, np.zeros(n, bool)
        state = engine.step(state, Command(ctrl, none, before))
        empty = np.zeros((n, 0), np.float32)
        frame, still = np.zeros(n, np.int32), np.zeros_like(ctrl)
        samples.append(DynamicsSample(before, frame, still, empty, none, ctrl, state.physics))
    return jax.tree.map(lambda *x: np.stack(x), *samples)


def broken(samples: DynamicsSample, rows: slice) -> DynamicsSample:
    """The same, physics not finite any more after some of them."""
    qvel = np.array(samples.next_physics.qvel)
    qvel[rows] = np.nan
    physics = dataclasses.replace(samples.next_physics, qvel=qvel)
    return samples._replace(next_physics=physics)
