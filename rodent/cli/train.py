"""`rodent train`: learn to imitate clips."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from rodent.errors import InputError
from training.config import TrainConfig
from training.defaults import DEFAULTS


@dataclasses.dataclass(frozen=True)
class Train:
    """Train a policy to imitate clips, into a run folder.

    Example: rodent train --clips clips.h5 --out runs/walk --minutes 25

    Ctrl-C saves and stops; `--resume` continues a run, also one that was killed.
    """

    out: Path
    """The run folder to make, or with --resume to continue."""
    clips: Path | None = None
    """Reference motion: a clip file, or anything that `rodent clips import` reads."""
    minutes: float | None = None
    """Minutes of training."""
    steps: int | None = None
    """Control steps of all rats together, counted from the beginning of the run, or of the policy that it
    starts from."""
    resume: bool = False
    """Continue the run in --out with its configuration."""
    threads: int = 0
    """CPU threads that step the physics; 0 for one per core. Results do not depend on it."""
    json: bool = False
    """Print the result as one JSON object."""
    config: Annotated[TrainConfig, tyro.conf.arg(name="")] = dataclasses.field(default_factory=TrainConfig)
    """Body, task, network and learning."""

    def run(self) -> None:
        """Train; see the class."""
        if self.minutes is None and self.steps is None:
            raise InputError("say how long to train: --minutes 25, or --steps 5000000")
        if (self.minutes is not None and not self.minutes > 0) or (self.steps is not None and self.steps < 1):
            raise InputError("--minutes and --steps must be positive")
        if self.resume and self.clips is not None:
            raise InputError("--resume continues with the run's own clips; leave out --clips")
        if self.resume and self.config != TrainConfig():
            raise InputError(
                "--resume continues with the run's own configuration; leave out the options that change it"
            )
        if not self.resume and self.clips is None:
            raise InputError("name the motion to imitate: --clips FILE")

        from rodent.cli.output import print_json, say
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from training import train

        if self.resume:
            result = train.resume(self.out, self.minutes, self.steps, self.threads)
        else:
            assert self.clips is not None
            result = train.start(self.clips, self.out, self.config, self.minutes, self.steps, self.threads)
        if self.json:
            print_json(result)
        else:
            say(
                f"{self.out}: {result['steps']:,} steps, success {result['success_rate']:.0%}; "
                f"now: rodent evaluate {self.out}"
            )


def parsed_for(device: str, words: list[str]) -> Train:
    """`rodent train` with these words, where what they do not tell is the device's default."""
    default = Train(out=tyro.MISSING, config=DEFAULTS[device])
    return tyro.cli(Train, prog="rodent train", args=words, default=default)
