"""Settings of rollouts and recordings; the command line is derived from it."""

import dataclasses
from typing import Annotated, Literal

import tyro

from rodent.errors import InputError, unknown

Content = Literal["outcomes", "states", "units"]
"""Content of a recording: outcomes of every rollout; also channels; also the activations of units."""
CONTENTS: tuple[Content, ...] = ("outcomes", "states", "units")
OnFailure = Literal["continue", "restart"]


@dataclasses.dataclass(frozen=True)
class RecordConfig:
    """How rollouts are played and recorded."""

    content: Annotated[Content, tyro.conf.arg(name="record")] = "units"
    """Content of the file. `outcomes`: only the lifespan, errors and rewards of each rollout. `states`: also
    poses, controls, forces, contacts and rewards of every frame. `units`: also the activation of every unit,
    which is most of the file."""
    repeats: int = 1
    """Number of times each clip is played. The rollouts are named walk, walk.2, walk.3 … Repetitions are in
    random order, so that a time-shift null contains no signal. With --sample all of them differ."""
    episodes: int = 1
    """Number of episodes of a task without clips. The rollouts are named episode_0, episode_1 …, and differ
    in what the task draws, such as commands."""
    sample: bool = False
    """Sample the latent and the action from their distributions, instead of taking the means."""
    seed: int = 0
    """Seed of the order of repetitions, of the samples, of the task's random numbers, and of the random
    weights of --controls."""
    on_failure: OnFailure = "continue"
    """After a failure: continue, or restart at the current state of the task, such as the reference pose."""
    controls: bool = False
    """Also record control layers for `rodent encode --controls`: the same network with random weights on the
    same observations (`control/random/LAYER`), the encoder's input (`control/encoder_input`) and the future
    poses of the reference (`control/reference`). The file becomes about twice as large."""
    observation: bool = False
    """Also record the parts of the observation, before normalisation, as channels such as
    `observation/touch`. The file becomes about a quarter larger."""
    gates: bool = False
    """Also record the gates of an LSTM decoder, as layers `decoder/lstm.input_gate`, `.forget_gate`,
    `.output_gate` and `.candidate`."""

    def __post_init__(self) -> None:
        if self.observation and self.content == "outcomes":
            raise InputError(
                "--observation adds channels, but --record is outcomes; expected states or units"
            )
        if self.content not in CONTENTS:
            raise unknown("content", self.content, CONTENTS)
        for name in ("repeats", "episodes"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for option, given in (("controls", self.controls), ("gates", self.gates)):
            if given and self.content != "units":
                raise InputError(
                    f"--{option} adds layers, but --record is {self.content}; expected --record units"
                )
