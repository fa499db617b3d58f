"""What tasks without clips cost beyond physics: steps of environments per second over those of bare MuJoCo.
And how many images the eyes see per second.

Environments of each task get random actions, and observe, reward, end and begin anew, without a policy. Every
command that the engine is given is written down. Then bare `mujoco.batch.Batch.step` is given the same
commands in the same scene, and must end in the very same states. Both are timed in one run, in turns.
"""

import argparse
import dataclasses
import json
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import numpy as np
from _bare import BarePhysics, Written

from rodent.environments.given import acting, begun, given_loop
from rodent.jax_setup import cache_compilations
from rodent.loop import Decision, decided, evaluated, host_engine
from rodent.scene import make_scene
from rodent.scene_config import ArenaKind, BowlConfig, FloorConfig, GapsConfig, MazeConfig, SceneConfig
from rodent.sensing.eyes import EyesConfig
from rodent.sensing.vision import look
from rodent.tasks.arena_settings import BowlTaskConfig, GapsTaskConfig, MazeTaskConfig
from rodent.tasks.goal_settings import ForageConfig, GoToConfig, JoystickConfig, RearConfig
from rodent.tasks.stance import standing
from rodent.tasks.task import Task

ROUNDS, STEPS = 5, 20
ACTIONS = 0.3  # standard deviation
BAR = 0.7
IMAGES, SIZES = 256, ((16, 8), (32, 16), (32, 32))  # pairs of images at once; columns and rows
TASKS: Mapping[str, tuple[Any, ArenaKind]] = {
    "joystick": (JoystickConfig(), FloorConfig()),
    "go_to": (GoToConfig(), FloorConfig()),
    "rear": (RearConfig(), FloorConfig()),
    "forage": (ForageConfig(), FloorConfig()),
    "bowl": (BowlTaskConfig(), BowlConfig()),
    "gaps": (GapsTaskConfig(), GapsConfig(width=(0.03, 0.06))),
    "maze": (MazeTaskConfig(blind=True), MazeConfig()),
}
ARENAS: Mapping[str, ArenaKind] = {
    "floor": FloorConfig(),
    "gaps": GapsConfig(),
    "bowl": BowlConfig(),
    "maze": MazeConfig(),
}


@dataclasses.dataclass
class Environments:
    """Environments of a task with random actions."""

    task: Task[Any]
    n: int

    def __post_init__(self) -> None:
        self.engine = host_engine(self.task, self.n)
        self._loop, self._random = given_loop(self.task), np.random.default_rng(0)
        self._state, physics = begun(self.task, jax.random.PRNGKey(0), self.n)
        self.engine_state = self.engine.begin(jax.tree.map(np.asarray, physics))

    def step(self) -> None:
        """One control step, with what a policy is fed and learns from."""
        actions = ACTIONS * self._random.standard_normal((self.n, self.task.action_size))
        actor = acting(actions.astype(np.float32))
        physics = self.engine_state.physics
        state, observation, command = decided(self._loop, _observed, self.task, actor, self._state, physics)
        self.engine_state = self.engine.step(self.engine_state, command)
        self._state, outcome = evaluated(self.task, state, self.engine_state.physics)
        jax.block_until_ready((observation, outcome))


def _observed(task: Task[Any], decision: Decision) -> Any:
    return decision.observation


def measured(name: str, n: int) -> float:
    """Steps per second of n environments of a task, over those of bare physics."""
    config, arena = TASKS[name]
    environments = Environments(config.build(make_scene(SceneConfig(arena=arena)), None), n)
    for _ in range(STEPS):  # compile, and leave the first falls behind
        environments.step()
    written, bare = Written(environments.engine), BarePhysics(environments.engine)
    seconds = []  # of environments and of bare physics, round by round
    for _ in range(ROUNDS):
        written.commands.clear()
        bare.batch.state[:] = environments.engine_state.rows
        begin = time.perf_counter()
        for _ in range(STEPS):
            environments.step()
        between = time.perf_counter()
        bare.replay(written.commands)
        seconds.append((between - begin, time.perf_counter() - between))
        if not np.array_equal(bare.batch.state, environments.engine_state.rows):
            raise SystemExit(f"{name}: bare physics did not end in the same states; they are not comparable")
    whole, alone = n * STEPS / np.median(seconds, 0)
    print(f"{name}: environments {whole:,.0f} steps/s, bare physics {alone:,.0f} steps/s")
    return float(np.median([physics / both for both, physics in seconds]))


def images(size: tuple[int, int], arena: ArenaKind) -> float:
    """Images per second of eyes of a size, columns and rows, with five posts in an arena."""
    eyes, scene = EyesConfig(*size), make_scene(SceneConfig(arena=arena))
    poses = np.tile(standing(scene).qpos, (IMAGES, 1))
    posts = np.random.default_rng(0).uniform(-1, 1, (IMAGES, 5, 3)) * [1, 1, 0]
    see = jax.jit(jax.vmap(partial(look, scene, eyes)))
    seconds = []
    for _ in range(ROUNDS + 1):
        begin = time.perf_counter()
        jax.block_until_ready(see(poses, posts))
        seconds.append(time.perf_counter() - begin)
    return 2 * IMAGES / float(np.median(seconds[1:]))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("tasks", nargs="*", help=f"all by default: {', '.join(TASKS)}")
    arguments.add_argument("--num-envs", type=int, default=512, help="environments stepped in parallel")
    asked = arguments.parse_args()
    cache_compilations()
    short = False
    for name in asked.tasks or TASKS:
        value = measured(name, asked.num_envs)
        short |= value < BAR
        row = {"figure": f"task {name} / bare physics", "value": round(value, 3), "unit": "1"}
        print(json.dumps(row | {"bar": BAR, "at": "least"}), flush=True)
    for size in SIZES:
        for name, arena in ARENAS.items():
            figure = f"images of {size[0]} x {size[1]} in the arena {name}"
            print(
                json.dumps({"figure": figure, "value": round(images(size, arena)), "unit": "1/s"}), flush=True
            )
    raise SystemExit(int(short))


if __name__ == "__main__":
    main()
