"""Settings for thousands of rats at once, the defaults of a run on a GPU.

    config = for_thousands(config)    # what the user has set is kept

With eight times the rats of a CPU an update sees eight times the steps. Thresholds are counted in steps, so
they come later, but less than eight times: a policy learns more from a larger update. A dream costs a GPU
its latency, so each is of more rats, and there are more of them. On one H100 these settings tracked nine of
nine real clips after two and a half minutes; see docs/pages/how-to/gpu.md.
"""

import dataclasses
from typing import Any

from training.config import TrainConfig

_PARTS: dict[str, dict[str, Any]] = {
    "ppo": {
        "num_envs": 4096,
        "minibatches": 16,
        "average": 0.8,
        "final_std_steps": (3_200_000, 13_200_000),
        "latent_kl_steps": 8_000_000,
    },
    "dream": {"begin": 4_400_000, "study": 1_200_000, "updates": 32, "rats": 1024},
    "sampler": {"memory": 0.85},
}
_EVALUATE_EVERY = 2_000_000


def for_thousands(config: TrainConfig) -> TrainConfig:
    """The configuration, with settings for thousands of rats where it has the usual ones.

    Raises:
        InputError: a setting of the configuration does not go with these.
    """
    usual = TrainConfig()
    if config.evaluate_every == usual.evaluate_every:
        config = dataclasses.replace(config, evaluate_every=_EVALUATE_EVERY)
    for part, settings in _PARTS.items():
        here, default = getattr(config, part), getattr(usual, part)
        fresh = {name: value for name, value in settings.items() if _same(here, default, name)}
        config = dataclasses.replace(config, **{part: dataclasses.replace(here, **fresh)})
    return config


def _same(here: Any, default: Any, name: str) -> bool:
    return getattr(here, name) == getattr(default, name)
