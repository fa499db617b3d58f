"""`rodent train`: learn a task, such as imitating clips."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import tyro

from rodent.configs import with_all_rows
from rodent.errors import InputError
from rodent.parts import ARENAS, BODIES, NETWORKS, TASKS
from rodent.registry import Registry
from training.config import TrainConfig
from training.defaults import DEFAULTS
from training.run_card import new_name

PARTS: Mapping[str, Registry[Any]] = {"task": TASKS, "body": BODIES, "arena": ARENAS, "network": NETWORKS}
"""What a training is composed of: parts that are chosen by name, each with settings of its own."""
_USUAL = {"task": "imitation", "body": "rat", "arena": "floor", "network": "intention"}


def configured(names: Mapping[str, str], default: TrainConfig) -> Any:
    """A configuration to parse for: that of the named parts, and else the default.

    Its type says which parts' settings there are; parts that are not the usual ones have their own defaults.
    """
    return _composed({part: PARTS[part].config(name, f"--{part}") for part, name in names.items()}, default)


def _composed(kinds: Mapping[str, type], default: TrainConfig) -> Any:
    values = {field.name: getattr(default, field.name) for field in dataclasses.fields(default)}
    for part, kind in kinds.items():
        if type(values[part]) is not kind:
            values[part] = _defaults(kind)
    return _concrete(tuple(sorted(kinds.items())))(**values)


def _defaults(kind: type) -> Any:
    """A part with its defaults; settings without one must be given."""
    part = object.__new__(kind)
    for field in dataclasses.fields(cast(Any, kind)):
        value = field.default
        if field.default_factory is not dataclasses.MISSING:
            value = field.default_factory()
        object.__setattr__(part, field.name, tyro.MISSING if value is dataclasses.MISSING else value)
    return part


@functools.cache
def _concrete(kinds: tuple[tuple[str, type], ...]) -> Any:
    """The configuration's class with the parts' own types."""
    fields = [(part, kind, dataclasses.field(default=cast(Any, None))) for part, kind in kinds]
    made = dataclasses.make_dataclass("TrainConfig", fields, bases=(TrainConfig,), frozen=True)
    made.__doc__ = TrainConfig.__doc__
    return made


# without a look at installed packages, which no other command needs
_DEFAULT = _composed({part: PARTS[part].built_in(name) for part, name in _USUAL.items()}, TrainConfig())


@dataclasses.dataclass(frozen=True)
class Train:
    """Train a policy, by default to imitate clips, into a run folder.

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
    """Control steps of all environments together, counted from the beginning of the run, or of the policy
    that it starts from."""
    resume: bool = False
    """Continue the run in --out with its configuration."""
    threads: int = 0
    """CPU threads that step the physics; 0 for one per core. Results do not depend on it."""
    json: bool = False
    """Print the result as one JSON object."""
    task: str = _USUAL["task"]
    """What is asked: imitation, or a task that an installed package adds. Its settings are --task.*."""
    body: str = _USUAL["body"]
    """What moves: rat, or mjcf for a body of your own. Its settings are --body.*."""
    arena: str = _USUAL["arena"]
    """What surrounds it: floor, gaps, mjcf for an arena of your own, or none. Its settings are --arena.*."""
    network: str = _USUAL["network"]
    """What acts. Its settings are --network.*."""
    config: Annotated[TrainConfig, tyro.conf.arg(name="", constructor=type(_DEFAULT))] = _DEFAULT
    """Learning."""

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
        if not self.resume and self.clips is None and self.config.task.needs_clips:
            raise InputError("name the motion to imitate: --clips FILE")

        from rodent.jax_setup import cache_compilations
        from rodent.pages.output import print_json, say

        cache_compilations()
        from rodent.cli.learning import interruptible, progress_shown
        from rodent.cli.tensorboard import TensorBoardLog
        from training.runs import open_run
        from training.train import Until, new_run, train

        until = Until(self.minutes, self.steps)
        run = open_run(self.out) if self.resume else new_run(self.out, self.config, self.clips, self.threads)
        with interruptible() as stop, progress_shown() as shown, TensorBoardLog(run.folder) as board:
            result = train(run, until, callbacks=[stop, shown, board], threads=self.threads)
        if result.pop("stopped"):
            raise KeyboardInterrupt
        if self.json:
            print_json(result)
        else:
            say(
                f"{self.out}: {result['steps']:,} steps, success {result['success_rate']:.0%}; "
                f"now: rodent evaluate {self.out}"
            )


def parsed(words: Sequence[str]) -> Train:
    """`rodent train` with these words; what they do not say is the default of the device.

    Raises:
        InputError: an option of earlier versions, which the message answers with the present one, or a part
            that is not installed.
    """
    for word in words:
        option = word.partition("=")[0].removeprefix("--").replace("-", "_")
        if word.startswith("--") and (renamed := new_name(option)):
            raise InputError(f"--{option.replace('_', '-')} is now --{renamed.replace('_', '-')}")
    names = {part: _given(words, part) or usual for part, usual in _USUAL.items()}
    device = _given(words, "device")
    default = configured(names, DEFAULTS.get(device or "cpu", TrainConfig()))
    default = dataclasses.replace(default, task=with_all_rows(default.task))
    kind: Any = Train if type(default) is type(_DEFAULT) else _command_of(type(default))
    command = tyro.cli(
        kind, prog="rodent train", args=list(words), default=kind(out=tyro.MISSING, config=default)
    )
    if not isinstance(command, Train):
        return command
    plain = {field.name: getattr(command.config, field.name) for field in dataclasses.fields(TrainConfig)}
    return dataclasses.replace(command, config=TrainConfig(**plain))


def _command_of(config: type) -> Any:
    """The command whose configuration is of this class."""
    hint = Annotated[TrainConfig, tyro.conf.arg(name="", constructor=config)]
    made = dataclasses.make_dataclass(
        "Train", [("config", hint, dataclasses.field(default=cast(Any, None)))], bases=(Train,), frozen=True
    )
    made.__doc__ = Train.__doc__
    return made


def _given(words: Sequence[str], option: str) -> str | None:
    """The value of an option among the words."""
    for word, following in zip(words, (*words[1:], ""), strict=False):
        if word == f"--{option}":
            return following
        if word.startswith(f"--{option}="):
            return word.partition("=")[2]
    return None
