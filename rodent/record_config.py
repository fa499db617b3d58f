"""What is recorded of rollouts, and how they are played; the command line is derived from it."""

import dataclasses
from typing import Annotated, Literal

import tyro

from rodent.errors import InputError, unknown

Content = Literal["outcomes", "states", "units"]
"""How much a recording holds: outcomes of every rollout; also channels; also the activations of units."""
CONTENTS: tuple[Content, ...] = ("outcomes", "states", "units")
OnFailure = Literal["continue", "restart"]


@dataclasses.dataclass(frozen=True)
class RecordConfig:
    """How rollouts are played and recorded."""

    content: Annotated[Content, tyro.conf.arg(name="record")] = "units"
    """How much to write. `outcomes`: only how each rollout went: how long it tracked, errors, rewards.
    `states`: also poses, controls, forces, contacts and rewards of every frame. `units`: also the activation
    of every unit, which makes up most of the file."""
    repeats: int = 1
    """How often each clip is played; of a task without clips, the number of episodes. The rollouts are named
    walk, walk.2, walk.3 …, and from the second time on clips are played in random orders, so that a null of
    time shifts holds no signal. With --sample no two of them are the same."""
    sample: bool = False
    """Sample the latent and the action from their distributions, instead of taking the means."""
    seed: int = 0
    """Seed of the orders of repeats, of the samples, of what a task draws, and of the random weights of
    --controls."""
    on_failure: OnFailure = "continue"
    """After a failure: continue as it is, or restart where the task stands, such as on the reference."""
    controls: bool = False
    """Also record control layers for `rodent encode --controls`: the same network with random weights on the
    same observations (`control/random/LAYER`), the encoder's input (`control/encoder_input`) and the coming
    poses of the reference (`control/reference`). The file becomes about twice as large."""
    observation: bool = False
    """Also record the parts of what the policy observes, before they are normalised, as channels such as
    `observation/touch`. They follow from the states; the file becomes larger by about a quarter."""
    gates: bool = False
    """Record the gates of an LSTM decoder, too, as layers `decoder/lstm.input_gate`, `.forget_gate`,
    `.output_gate` and `.candidate`."""

    def __post_init__(self) -> None:
        if self.observation and self.content == "outcomes":
            raise InputError("--observation adds channels, which --record outcomes leaves out")
        if self.content not in CONTENTS:
            raise unknown("content", self.content, CONTENTS)
        if self.repeats < 1:
            raise InputError(f"repeats is {self.repeats}; a clip is played at least once")
        for option, given in (("controls", self.controls), ("gates", self.gates)):
            if given and self.content != "units":
                raise InputError(
                    f"--{option} adds layers, which --record {self.content} leaves out; take --record units"
                )
