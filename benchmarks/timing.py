"""Tasks of two presses a time apart: what random actions earn, and what a script that presses earns.

The script moves the right fore paw by two servos: over the lever or the orb, down onto it and up again, and
down once more at the time that the task asks for. It reads the task's clock, and knows how long a paw takes.
The bars are those of the tasks, for the script.
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from rodent.environments.gym import GymVectorEnv
from rodent.scene import make_scene
from rodent.scene_config import LeverArenaConfig, SceneConfig
from rodent.tasks.actuation import action_unit
from rodent.tasks.pair_settings import LeverConfig, TwoTapConfig
from rodent.tasks.pairs import PairTask
from rodent.tasks.task import Played

ENVIRONMENTS, SECONDS = 4, 12.0
ACTION_STD = 0.8  # of an untrained policy
SHOULDER, ELBOW = "shoulder_R", "elbow_R"
# controls beside the neutral pose: paw lifted, held over the pad, and on it
LIFTED, OVER, DOWN = (-1.4, -1.0), (-1.4, -0.4), (-1.0, 0.5)
LIFT_SECONDS, TRAVEL_SECONDS = 0.3, 0.06
NEAR_ORB = TwoTapConfig(
    seconds=SECONDS, distance=(0.07, 0.07), direction=(-0.28, -0.28), height=0.026, radius=0.012
)
"""An orb that a standing rat reaches: the script does not walk or rear."""

Act = Callable[[Any, float], np.ndarray]


def scripted(task: PairTask) -> Act:
    """The script; a function of the observation and of the time since the episode's first step, s."""
    scene = task.scene
    columns = scene.actuator_ids([SHOULDER, ELBOW])
    unit = action_unit(scene)[columns]

    def act(observation: Any, seconds: float) -> np.ndarray:
        on, pressed, since = np.asarray(observation["trial"]).T
        due = (since == 0) | (since >= task.config.interval - TRAVEL_SECONDS)
        offsets = np.where(((on > 0) & (pressed == 0) & due)[:, None], DOWN, OVER)
        actions = np.zeros((len(on), task.action_size))
        actions[:, columns] = (LIFTED if seconds < LIFT_SECONDS else offsets) / unit
        return actions

    return act


def random(task: PairTask) -> Act:
    """Actions of an untrained policy."""
    rng = np.random.default_rng(0)

    def act(observation: Any, seconds: float) -> np.ndarray:
        return ACTION_STD * rng.standard_normal((len(observation["trial"]), task.action_size))

    return act


def figures(task: PairTask, make: Callable[[PairTask], Act]) -> list[dict[str, Any]]:
    """Figures of the task over one episode of each environment."""
    environments, act = GymVectorEnv(task, ENVIRONMENTS), make(task)
    observation, _ = environments.reset(seed=0)
    rows, failed = [], np.zeros(ENVIRONMENTS, bool)
    lost = []
    for step in range(round(SECONDS / task.timestep) - 1):
        observation, _, terminated, _, infos = environments.step(act(observation, step * task.timestep))
        failed |= terminated
        rows.append(infos["metrics"])
        lost.append(failed.copy())
    metrics = {name: np.stack([row[name] for row in rows], axis=1) for name in rows[0]}
    played = [
        Played({name: values[i] for name, values in metrics.items()}, np.stack(lost, axis=1)[i])
        for i in range(ENVIRONMENTS)
    ]
    return [figure._asdict() for figure in task.figures(played)]


def main() -> int:
    """Print a JSON line per figure; 1 if the script misses a bar."""
    lever = LeverConfig(seconds=SECONDS).build(make_scene(SceneConfig(arena=LeverArenaConfig())), None)
    two_tap = NEAR_ORB.build(make_scene(), None)
    missed = 0
    for name, task in (("lever", lever), ("two_tap", two_tap)):
        for who, make in (("random", random), ("script", scripted)):
            for row in figures(task, make):
                bar = {"bar": row["bar"], "at": row["at"]} if who == "script" else {}
                line = {
                    "figure": f"{name}, {who}: {row['figure']}",
                    "value": row["value"],
                    "unit": "1",
                    **bar,
                }
                print(json.dumps(line), flush=True)
                good = row["value"] >= row["bar"] if row["at"] == "least" else row["value"] <= row["bar"]
                missed += who == "script" and not good
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
