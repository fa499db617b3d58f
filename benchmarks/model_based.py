"""Where the time of training goes once imagined rollouts improve the policy: shares of an iteration.

Collecting is physics, seeing and acting; what is compiled is compiled before, and its time told apart.
"""

import dataclasses
import json
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from _motion import benchmark_clips

import training.update
from rodent.jax_setup import cache_compilations
from rodent.rollouts import clip_episodes
from rodent.scene import make_scene
from training.config import ModelBasedConfig, TrainConfig
from training.trainer import Trainer

ITERATIONS = 8
PARTS = {"update_value": "value network", "fit": "dynamics model", "improve": "imagined rollouts"}


def timed(function: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """The function, the time of each call written down."""

    def run(*arguments: Any) -> Any:
        begun = time.perf_counter()
        result = jax.block_until_ready(function(*arguments))
        seconds.append(time.perf_counter() - begun)
        return result

    return run


def main() -> None:
    cache_compilations()
    config = TrainConfig(model_based=dataclasses.replace(ModelBasedConfig(), begin=0, warmup=0))
    scene = make_scene(config.body)
    clips = benchmark_clips(scene)
    trainer = Trainer(config, config.task.build(scene, clips), clip_episodes(clips))
    seconds: dict[str, list[float]] = defaultdict(list)
    for attribute, name in PARTS.items():
        setattr(training.update, attribute, timed(getattr(training.update, attribute), seconds[name]))
    whole = timed(trainer.iterate, seconds["whole iteration"])
    for _ in range(2 + ITERATIONS):  # PPO leads the first
        whole()
    compiling = seconds["imagined rollouts"][0]
    print(f"first imagined rollouts, compiled or read from the cache: {compiling:.1f} s")
    typical = {name: float(np.median(found[-ITERATIONS:])) for name, found in seconds.items()}
    steps = config.ppo.num_envs * config.ppo.unroll
    print(f"{steps / typical['whole iteration']:,.0f} control steps/s")
    typical["collecting"] = typical["whole iteration"] - sum(typical[name] for name in PARTS.values())
    for name in ("collecting", *PARTS.values()):
        share = round(typical[name] / typical["whole iteration"], 3)
        print(json.dumps({"figure": f"share of {name}", "value": share, "unit": "1"}))


if __name__ == "__main__":
    main()
