"""What the training loop costs beyond physics: its steps per second over those of bare MuJoCo.

The loop trains for some iterations with every order it gives written down: controls, and the
states of rats that begin anew. Then bare `mujoco.batch.Batch.step` is given the same orders, with
the same model, timestep and substeps, and must end in the very same states: it did the same work.
Both are timed in one run, in turns. `--timestep` compares at another physics timestep: the slower
the physics, the less the rest weighs.
"""

import argparse
import json
import resource
import time

import numpy as np
from _motion import benchmark_clips
from mujoco.batch import Batch

from rodent.body import Body
from rodent.body_config import BodyConfig
from rodent.jax_setup import cache_compilations
from rodent.physics.engine import PhysicsState
from rodent.physics.host import HostEngine
from training.config import TrainConfig
from training.trainer import Trainer

ROUNDS, ITERATIONS = 7, 3

Order = tuple[str, tuple[np.ndarray, ...]]
"""("reset", (ids, qpos, qvel, act)) or ("step", (ctrl,))."""


class Written:
    """Every order that an engine is given, in turn."""

    def __init__(self, engine: HostEngine):
        self.orders: list[Order] = []
        self._reset, self._step = engine.reset, engine.step
        engine.reset, engine.step = self.reset, self.step

    def reset(self, ids: np.ndarray, qpos: np.ndarray, qvel: np.ndarray, act: np.ndarray) -> None:
        """Write down who begins anew, and where."""
        self.orders.append(("reset", (ids, qpos, qvel, act)))
        self._reset(ids, qpos, qvel, act)

    def step(self, ctrl: np.ndarray, wrench: np.ndarray | None = None) -> PhysicsState:
        """Write down the controls."""
        self.orders.append(("step", (np.array(ctrl),)))
        return self._step(ctrl, wrench)


class BarePhysics:
    """MuJoCo alone, n rats."""

    def __init__(self, engine: HostEngine, body: Body):
        self.substeps = engine.substeps
        self.batch = Batch(body.model, engine.num_envs, 0)
        self.state = [self.batch.bind(name) for name in ("qpos", "qvel", "act")]
        self.warmstart = self.batch.bind("qacc_warmstart")

    def obey(self, orders: list[Order]) -> None:
        """Do the same work again."""
        for kind, arrays in orders:
            if kind == "step":
                self.batch.ctrl[:] = arrays[0]
                self.batch.step(nstep=self.substeps)
            else:
                ids, *rows = arrays
                for field, row in zip(self.state, rows, strict=True):
                    field[ids] = row
                self.warmstart[ids] = 0.0


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--timestep", type=float, default=BodyConfig().timestep, help="of physics, seconds"
    )
    timestep = arguments.parse_args().timestep
    cache_compilations()
    config = TrainConfig(body=BodyConfig(timestep=timestep))
    body = Body(config.body)
    trainer = Trainer(config, body, benchmark_clips(body))
    engine, n = trainer.engine, config.ppo.num_envs
    for _ in range(15):  # compile, and leave the first falls behind
        trainer.iterate()

    written, bare = Written(engine), BarePhysics(engine, body)
    seconds = []  # of the loop and of bare physics, round by round
    for _ in range(ROUNDS):
        written.orders.clear()
        bare.batch.state[:] = engine.integration_state()
        begun = time.perf_counter()
        for _ in range(ITERATIONS):
            trainer.iterate()
        between = time.perf_counter()
        bare.obey(written.orders)
        seconds.append((between - begun, time.perf_counter() - between))
        if not np.array_equal(bare.batch.state, engine.integration_state()):
            raise SystemExit("bare physics did not end in the loop's states: the two are not comparable")

    loop, alone = ITERATIONS * config.ppo.unroll * n / np.median(seconds, 0)
    ratio = np.median([b / a for a, b in seconds])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{1e3 * timestep:g} ms: whole loop {loop:,.0f} steps/s, bare physics {alone:,.0f} steps/s")
    for figure, value, unit, bar in (
        (f"peak memory, {n} rats", round(memory, 2), "GiB", 2.0),
        ("whole loop / bare physics", round(float(ratio), 3), "1", 0.75),
    ):
        print(json.dumps({"figure": figure, "value": value, "unit": unit, "bar": bar}))


if __name__ == "__main__":
    main()
