"""What the training loop costs beyond physics: its steps per second over those of bare MuJoCo.

The loop trains for some iterations with every control it gives written down. Then bare
`mujoco.batch.Batch.step` is given the same controls, with the same model, timestep and
substeps, from the states the loop began with; rats are not restarted. Both are timed in
one run, in turns. `--timestep` compares at another physics timestep: the slower the physics,
the less the rest weighs.
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
from training.config import TrainConfig
from training.trainer import Trainer

ROUNDS, ITERATIONS = 5, 3


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
    engine = trainer.engine
    n, unroll = config.ppo.num_envs, config.ppo.unroll
    for _ in range(15):  # compile, and leave the first falls behind
        trainer.iterate()

    written: list[np.ndarray] = []
    plain_step = engine.step

    def step(ctrl: np.ndarray, wrench: np.ndarray | None = None) -> PhysicsState:
        written.append(np.array(ctrl))
        return plain_step(ctrl, wrench)

    bare = Batch(body.model, n, 0)
    loop_seconds = bare_seconds = 0.0
    for _ in range(ROUNDS):
        written.clear()
        start = engine.integration_state()
        engine.step = step
        begun = time.perf_counter()
        for _ in range(ITERATIONS):
            trainer.iterate()
        loop_seconds += time.perf_counter() - begun
        engine.step = plain_step

        bare.state[:] = start
        begun = time.perf_counter()
        for ctrl in written:
            bare.ctrl[:] = ctrl
            bare.step(nstep=engine.substeps)
        bare_seconds += time.perf_counter() - begun

    steps = ROUNDS * ITERATIONS * unroll * n
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    loop, bare_physics = steps / loop_seconds, steps / bare_seconds
    print(f"{1e3 * timestep:g} ms: whole loop {loop:,.0f} steps/s, bare physics {bare_physics:,.0f} steps/s")
    print(
        json.dumps({"figure": f"peak memory, {n} rats", "value": round(memory, 2), "unit": "GiB", "bar": 2.0})
    )
    print(
        json.dumps(
            {
                "figure": "whole loop / bare physics",
                "value": round(loop / bare_physics, 3),
                "unit": "1",
                "bar": 0.75,
            }
        )
    )


if __name__ == "__main__":
    main()
