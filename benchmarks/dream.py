"""Where the time of training goes once dreams lead: shares of an iteration, measured in one run.

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

from rodent.body import Body
from rodent.jax_setup import cache_compilations
from training.config import DreamConfig, TrainConfig
from training.trainer import Trainer

ITERATIONS = 8
PARTS = {"_update_value": "value network", "_study": "study", "_dream": "dreams"}


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
    config = TrainConfig(dream=dataclasses.replace(DreamConfig(), begin=0, study=0))
    body = Body(config.body)
    trainer = Trainer(config, body, benchmark_clips(body))
    seconds: dict[str, list[float]] = defaultdict(list)
    for attribute, name in PARTS.items():
        setattr(trainer, attribute, timed(getattr(trainer, attribute), seconds[name]))
    whole = timed(trainer.iterate, seconds["whole iteration"])
    for _ in range(2 + ITERATIONS):  # the first practises, the second is the first that dreams lead
        whole()
    print(f"first dreams, compiled or read from the cache: {seconds['dreams'][0]:.1f} s")
    typical = {name: float(np.median(found[-ITERATIONS:])) for name, found in seconds.items()}
    steps = config.ppo.num_envs * config.ppo.unroll
    print(f"{steps / typical['whole iteration']:,.0f} control steps/s")
    typical["collecting"] = typical["whole iteration"] - sum(typical[name] for name in PARTS.values())
    for name in ("collecting", *PARTS.values()):
        share = round(typical[name] / typical["whole iteration"], 3)
        print(json.dumps({"figure": f"share of {name}", "value": share, "unit": "1"}))


if __name__ == "__main__":
    main()
