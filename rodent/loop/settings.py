"""Settings of a closed loop.

Loop(agent, Exploration(sample=True), restart="terminated")
"""

import dataclasses
from typing import Literal

from rodent.policy.agent import Agent
from rodent.randomisation_config import RandomisationConfig

Restart = Literal["done", "terminated", "diverged", "never"]
"""Which environments are reset: `done`, those whose episode ended, at a start from the sampler; `terminated`
or `diverged`, those that failed or only those that diverged, at the current state of the task; `never`,
none."""


@dataclasses.dataclass(frozen=True)
class Exploration:
    """Exploration noise of actions and latents.

    Attributes:
        sample: whether actions and latents are sampled; else they are the means.
        correlation: of the action's noise from one step to the next, in [0, 1).
        std_scale: factor on the standard deviation of the action's noise.
    """

    sample: bool = False
    correlation: float = 0.0
    std_scale: float = 1.0


@dataclasses.dataclass(frozen=True)
class Loop:
    """Settings of a closed loop; hashable, so that equal loops share compiled functions.

    Attributes:
        agent: the agent.
        exploration: noise of actions and latents.
        restart: which environments are reset.
        units: whether decisions include the activations of every layer.
        gates: whether these include the gates of LSTM cells.
        vary: how the world differs between episodes; None for one world.
    """

    agent: Agent
    exploration: Exploration = Exploration()
    restart: Restart = "diverged"
    units: bool = False
    gates: bool = False
    vary: RandomisationConfig | None = None
