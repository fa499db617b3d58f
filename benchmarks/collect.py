"""What the training loop costs beyond physics: its steps per second over those of bare MuJoCo.

The loop trains for some iterations with every command it gives written down: controls, and the
states of rats that begin anew. Then bare `mujoco.batch.Batch.step` is given the same commands, with
the same model, timestep and substeps, and must end in the very same states: it did the same work.
Both are timed in one run, in turns. `--timestep` compares at another physics timestep: the slower
the physics, the less the rest weighs.
"""

import argparse
import json
import resource
import time

import numpy as np
from _bare import BarePhysics, Written
from _motion import benchmark_clips

from rodent.body_config import BodyConfig
from rodent.jax_setup import cache_compilations
from rodent.rollouts import clip_episodes
from rodent.scene import make_scene
from training.backend import HostBackend
from training.config import TrainConfig
from training.trainer import Trainer

ROUNDS, ITERATIONS = 7, 3


def host_rows(trainer: Trainer) -> np.ndarray:
    """The states that the trainer's engine has its rats in."""
    return trainer.train_state.engine.rows


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--timestep", type=float, default=BodyConfig().timestep, help="of physics, seconds"
    )
    timestep = arguments.parse_args().timestep
    cache_compilations()
    config = TrainConfig(body=BodyConfig(timestep=timestep))
    scene = make_scene(config.body)
    clips = benchmark_clips(scene)
    trainer = Trainer(config, config.task.build(scene, clips), clip_episodes(clips))
    assert isinstance(trainer.backend, HostBackend)
    engine, n = trainer.backend.engine, config.ppo.num_envs
    for _ in range(15):  # compile, and leave the first falls behind
        trainer.iterate()

    written, bare = Written(engine), BarePhysics(engine)
    seconds = []  # of the loop and of bare physics, round by round
    for _ in range(ROUNDS):
        written.commands.clear()
        bare.batch.state[:] = host_rows(trainer)
        begun = time.perf_counter()
        for _ in range(ITERATIONS):
            trainer.iterate()
        between = time.perf_counter()
        bare.replay(written.commands)
        seconds.append((between - begun, time.perf_counter() - between))
        if not np.array_equal(bare.batch.state, host_rows(trainer)):
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
