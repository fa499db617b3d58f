"""A walking body in a maze: `rat-joystick`, steered along the shortest way to the nearest target.

Each step it is commanded to turn towards the next point of that way, and to walk where the point is ahead. It
knows where targets and doors are, so it is a bound for policies that see. The bars: none leaves the maze, as
walls hold, and it reaches twice as many targets as a point that goes to random places.
"""

import argparse
import json

import jax
import jax.numpy as jnp
import numpy as np

from rodent.jax_setup import cache_compilations
from rodent.physics.engine import PhysicsState
from rodent.policy.policy import load_policy
from rodent.rollouts import RolloutRunner
from rodent.rollouts.episodes import task_episodes
from rodent.scene import make_scene
from rodent.scene_config import MazeConfig, SceneConfig
from rodent.sensing.proprioception import proprioception
from rodent.tasks.arena_settings import MazeTaskConfig
from rodent.tasks.joystick import COMMAND
from rodent.tasks.locomotion import in_heading, on_floor
from rodent.tasks.maze import Maze, MazeState
from rodent.tasks.targets import ways
from rodent.tasks.task import PROPRIOCEPTION
from training.evaluate import task_figures, trace_episodes

SPEED, TURN, GAIN = 0.3, 1.0, 3.0  # m/s; rad/s; rad/s per radian
HEAD = 0.065  # metres


class SteeredMaze(Maze):
    """The maze as a policy of joystick observes it: with a command."""

    def observe(self, state: MazeState, physics: PhysicsState) -> dict[str, jax.Array]:
        """What the body senses, and the command that leads to the nearest target."""
        here = on_floor(self.scene, physics)
        found = ways(self.field, state.targets, here)
        x, y = in_heading(physics.qpos[3:7], found.aim[jnp.argmin(found.length)] - here)
        bearing = jnp.arctan2(y, x)
        speed = SPEED * jnp.maximum(jnp.cos(bearing), 0.0) ** 2
        command = jnp.array([speed, jnp.clip(GAIN * bearing, -TURN, TURN), HEAD])
        return {PROPRIOCEPTION: proprioception(self.scene, physics, self.config.senses), COMMAND: command}


def main() -> int:
    """Print a JSON line per figure; 1 if a bar is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--episodes", type=int, default=16)
    asked = arguments.parse_args()
    cache_compilations()
    missed = 0
    policy = load_policy("rat-joystick")
    built = MazeTaskConfig().build(make_scene(SceneConfig(arena=MazeConfig())), None)
    task = SteeredMaze(built.scene, built.timestep, built.config, built.rooms)
    episodes = task_episodes(task, asked.episodes)
    runner = RolloutRunner(task, policy.agent, asked.episodes)
    traces = trace_episodes(runner, policy.params, policy.normalizer, episodes)
    figures = {row["figure"]: row["value"] for row in task_figures(task, traces)}
    bars = {
        "targets per minute": (2 * figures["targets per minute at random"], "least"),
        "left the maze": (0.0, "most"),
    }
    for name, value in figures.items():
        line = {"figure": f"maze, steered rat: {name}", "value": round(value, 3), "unit": "1"}
        if name in bars:
            bar, at = bars[name]
            line |= {"bar": round(bar, 3), "at": at}
            missed += not (value >= bar if at == "least" else value <= bar)
        print(json.dumps(line), flush=True)
    print(f"fell or left: {np.mean([trace.failed.any() for trace in traces]):.2f}")
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
