"""`rodent train`: train a policy on a task, such as imitating clips."""

import contextlib
import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import tyro

from rodent.cli.options import parse
from rodent.configs import with_all_rows
from rodent.errors import InputError
from rodent.parts import ARENAS, BODIES, NETWORKS, TASKS
from rodent.registry import Registry
from training.config import TrainConfig
from training.defaults import DEFAULTS
from training.run_card import new_name

PARTS: Mapping[str, Registry[Any]] = {"task": TASKS, "body": BODIES, "arena": ARENAS, "network": NETWORKS}
"""Parts of a training that are chosen by name, each with its own settings."""
_DEFAULT_NAMES = {"task": "imitation", "body": "rat", "arena": "floor", "network": "intention"}


def configured(names: Mapping[str, str], default: TrainConfig) -> Any:
    """The configuration to parse options into: the default, with the named parts.

    Its type has the settings of these parts; parts other than the default ones have their own defaults.
    """
    return _composed({part: PARTS[part].config(name, f"--{part}") for part, name in names.items()}, default)


def _composed(kinds: Mapping[str, type], default: TrainConfig) -> Any:
    values = {field.name: getattr(default, field.name) for field in dataclasses.fields(default)}
    for part, kind in kinds.items():
        if type(values[part]) is not kind:
            values[part] = _defaults(kind)
    return _concrete(tuple(sorted(kinds.items())))(**values)


def _defaults(kind: type) -> Any:
    """A part with its defaults; settings without a default must be given."""
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


# does not search installed packages, which is slow and which no other command needs
_DEFAULT = _composed(
    {part: PARTS[part].built_in(name) for part, name in _DEFAULT_NAMES.items()}, TrainConfig()
)


@dataclasses.dataclass(frozen=True)
class Train:
    """Train a policy, by default to imitate clips, into a run folder.

    Example: rodent train --clips clips.h5 --out runs/walk --minutes 25

    Ctrl-C saves and stops; `--resume` continues a run, also one that was killed.

    `--help` shows the basic options, and with `--task NAME` those of a task; `--help-all` shows all settings.
    """

    out: Path
    """The run folder to create, or with --resume to continue."""
    clips: Path | None = None
    """Reference motion: a clip file, or anything that `rodent clips import` reads."""
    minutes: float | None = None
    """Minutes of training."""
    steps: int | None = None
    """Total control steps of all environments, counted from the start of the run; includes those of the
    policy in --start-from."""
    resume: bool = False
    """Continue the run in --out with its configuration."""
    threads: int = 0
    """CPU threads that step the physics; 0 for one per core. Results do not depend on it."""
    wandb: Annotated[str | None, tyro.conf.arg(metavar="PROJECT")] = None
    """Also log to this project of Weights & Biases, which requires the extra `wandb`. Without an account, set
    WANDB_MODE=offline."""
    json: bool = False
    """Print the result as one JSON object."""
    task: str = _DEFAULT_NAMES["task"]
    """Task: imitation, or a task of an installed package. Its settings are --task.*."""
    body: str = _DEFAULT_NAMES["body"]
    """Body: rat, or mjcf for your own body. Its settings are --body.*."""
    arena: str = _DEFAULT_NAMES["arena"]
    """Arena: floor, lever, gaps, bowl, maze, mjcf for your own arena, or none; by default that of the task.
    Its settings are --arena.*."""
    network: str = _DEFAULT_NAMES["network"]
    """Network. Its settings are --network.*."""
    config: Annotated[TrainConfig, tyro.conf.arg(name="", constructor=type(_DEFAULT))] = _DEFAULT
    """Settings of the training."""

    def run(self) -> None:
        """Train; see the class."""
        if self.minutes is None and self.steps is None:
            raise InputError("no duration is given; give --minutes 25, or --steps 5000000")
        if (self.minutes is not None and not self.minutes > 0) or (self.steps is not None and self.steps < 1):
            raise InputError("--minutes and --steps must be positive")
        if self.resume and self.clips is not None:
            raise InputError("--resume uses the clips of the run; omit --clips")
        if self.resume and self.config != TrainConfig():
            raise InputError("--resume uses the configuration of the run; omit the options that change it")
        if not self.resume and self.clips is None and self.config.task.needs_clips:
            raise InputError("no motion to imitate is given; give --clips FILE")

        from rodent.jax_setup import cache_compilations
        from rodent.pages.output import print_json, say

        cache_compilations()
        from rodent.cli.learning import attained_text, interruptible, progress_shown
        from rodent.cli.tensorboard import TensorBoardLog
        from rodent.cli.weights_and_biases import WeightsAndBiasesLog, imported
        from training.callback import Until
        from training.runs import open_run
        from training.train import new_run, train

        until = Until(self.minutes, self.steps)
        if self.wandb is not None:
            imported()  # a missing package is reported before the run folder is made
        run = open_run(self.out) if self.resume else new_run(self.out, self.config, self.clips, self.threads)
        logs = [TensorBoardLog(run.folder)]
        if self.wandb is not None:
            logs.append(WeightsAndBiasesLog(run, self.wandb))
        with interruptible() as stop, contextlib.ExitStack() as stack:
            callbacks = [stop, *map(stack.enter_context, logs), stack.enter_context(progress_shown())]
            result = train(run, until, callbacks=callbacks, threads=self.threads)
        if result.stopped:
            raise KeyboardInterrupt
        if self.json:
            print_json(result)
        else:
            say(
                f"{self.out}: {result['steps']:,} steps, {attained_text(result)}; "
                f"next: rodent evaluate {self.out}"
            )


def parsed(words: Sequence[str]) -> Train:
    """`rodent train` with these arguments; other settings have the defaults of the device.

    Raises:
        InputError: an option has been renamed (the message gives the new name), or a part is not installed.
    """
    for word in words:
        option = word.partition("=")[0].removeprefix("--").replace("-", "_")
        if word.startswith("--") and (renamed := new_name(option)):
            raise InputError(f"--{option.replace('_', '-')} is now --{renamed.replace('_', '-')}")
    names = {part: _given(words, part) or name for part, name in _DEFAULT_NAMES.items()}
    if names["task"] != _DEFAULT_NAMES["task"] and not _given(words, "arena"):
        names["arena"] = getattr(TASKS.config(names["task"], "--task"), "usual_arena", names["arena"])
    device = _given(words, "device")
    default = configured(names, DEFAULTS.get(device or "cpu", TrainConfig()))
    default = dataclasses.replace(default, task=with_all_rows(default.task))
    kind: Any = Train if type(default) is type(_DEFAULT) else _command_of(type(default))
    command = parse(
        kind,
        words,
        shown=[part for part in PARTS if _given(words, part)],
        prog="rodent train",
        default=kind(out=tyro.MISSING, config=default, arena=names["arena"]),
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
    """The value of an option in the arguments."""
    for word, following in zip(words, (*words[1:], ""), strict=False):
        if word == f"--{option}":
            return following
        if word.startswith(f"--{option}="):
            return word.partition("=")[2]
    return None
