"""Parse the command line, run a command, and turn errors into exit codes.

Command modules import nothing heavy at the top, so that `rodent --help` is fast;
`run()` imports what it needs.
"""

import contextlib
import os
import shutil
import signal
import sys
import typing
from collections.abc import Iterator
from importlib import metadata
from typing import Annotated

import tyro

from rodent.cli.clips import Clips
from rodent.cli.completion import Completion
from rodent.cli.damage import Damage
from rodent.cli.demo import Demo
from rodent.cli.doctor import Doctor
from rodent.cli.drift import DriftCommand
from rodent.cli.dynamics import DynamicsCommand
from rodent.cli.encode import Encode
from rodent.cli.evaluate import Evaluate
from rodent.cli.events import Events
from rodent.cli.experiment import ExperimentCommand
from rodent.cli.export import Export
from rodent.cli.gait import GaitCommand
from rodent.cli.game import Game
from rodent.cli.options import HELP, HELP_ALL, parse
from rodent.cli.overview import overview
from rodent.cli.policy import PolicyCommand
from rodent.cli.population import PopulationCommand
from rodent.cli.register import Register
from rodent.cli.render import Render
from rodent.cli.report import Report
from rodent.cli.rollout import Rollout
from rodent.cli.rsa import Rsa
from rodent.cli.spikes import Spikes
from rodent.cli.study import StudyCommand
from rodent.cli.task import TaskCommand
from rodent.cli.train import Train
from rodent.cli.train import parsed as parsed_train
from rodent.cli.trials import TrialsCommand
from rodent.cli.twin import TwinCommand
from rodent.cli.view import View
from rodent.errors import InputError, WorkError

Command = (
    Annotated[Doctor, tyro.conf.subcommand("doctor")]
    | Annotated[Demo, tyro.conf.subcommand("demo")]
    | Annotated[Clips, tyro.conf.subcommand("clips")]
    | Annotated[Register, tyro.conf.subcommand("register")]
    | Annotated[TaskCommand, tyro.conf.subcommand("task")]
    | Annotated[Train, tyro.conf.subcommand("train")]
    | Annotated[Evaluate, tyro.conf.subcommand("evaluate")]
    | Annotated[Export, tyro.conf.subcommand("export")]
    | Annotated[PolicyCommand, tyro.conf.subcommand("policy")]
    | Annotated[Damage, tyro.conf.subcommand("damage")]
    | Annotated[Rollout, tyro.conf.subcommand("rollout")]
    | Annotated[ExperimentCommand, tyro.conf.subcommand("experiment")]
    | Annotated[PopulationCommand, tyro.conf.subcommand("population")]
    | Annotated[TrialsCommand, tyro.conf.subcommand("trials")]
    | Annotated[Render, tyro.conf.subcommand("render")]
    | Annotated[View, tyro.conf.subcommand("view")]
    | Annotated[GaitCommand, tyro.conf.subcommand("gait")]
    | Annotated[Spikes, tyro.conf.subcommand("spikes")]
    | Annotated[Encode, tyro.conf.subcommand("encode")]
    | Annotated[Rsa, tyro.conf.subcommand("rsa")]
    | Annotated[DriftCommand, tyro.conf.subcommand("drift")]
    | Annotated[Events, tyro.conf.subcommand("events")]
    | Annotated[Game, tyro.conf.subcommand("game")]
    | Annotated[TwinCommand, tyro.conf.subcommand("twin")]
    | Annotated[StudyCommand, tyro.conf.subcommand("study")]
    | Annotated[DynamicsCommand, tyro.conf.subcommand("dynamics")]
    | Annotated[Report, tyro.conf.subcommand("report")]
    | Annotated[Completion, tyro.conf.subcommand("completion")]
)

_FORMER = {"share": "export"}
"""New name of each renamed command, by its former name."""


def main(args: list[str] | None = None) -> int:
    """Run one command line; returns the exit code: 0 done, 1 the work failed, 2 invalid input."""
    # rich reads NO_COLOR by itself (https://no-color.org)
    tyro._experimental_options["ansi_codes"] = not os.environ.get("NO_COLOR")
    words = sys.argv[1:] if args is None else args
    if words == ["--version"]:
        print(f"rodent {metadata.version('virtual-rodent')}")
        return 0
    if len(words) == 1 and words[0] in (*HELP, HELP_ALL):
        print(overview(commands(), shutil.get_terminal_size().columns))
        return 0
    try:
        command = parsed(words)
        with _ended_like_ctrl_c():
            command.run()
    except InputError as error:
        print(f"rodent: {error}", file=sys.stderr)
        return 2
    except WorkError as error:
        print(f"rodent: {error}", file=sys.stderr)
        return 1
    except RuntimeError as error:
        # mujoco raises it when it is first imported
        if "MUJOCO_GL" not in str(error):
            raise
        print(f"rodent: {error}; unset it, or set it to egl or osmesa", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # the reader of the output has closed the pipe, as in `rodent clips info F | head`
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return 1
    except KeyboardInterrupt:
        print("rodent: interrupted", file=sys.stderr)
        return 130
    return 0


def parsed(words: list[str]) -> Command:
    """The command of a command line."""
    words = _with_new_name(words)
    if words[:1] == ["train"]:
        return parsed_train(words[1:])
    return parse(Command, words, prog="rodent")


def commands() -> dict[str, type]:
    """The class of each command, by name."""
    parts = (typing.get_args(part) for part in typing.get_args(Command))
    return {mark.name: kind for kind, mark in parts}


def _with_new_name(words: list[str]) -> list[str]:
    """The command line with the new name of a renamed command, so that scripts keep working."""
    if not words or words[0] not in _FORMER:
        return words
    now = _FORMER[words[0]]
    print(f"rodent: `rodent {words[0]}` is now `rodent {now}`", file=sys.stderr)
    return [now, *words[1:]]


@contextlib.contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """Handle SIGTERM, which clusters send to end jobs, like Ctrl-C, so that temporary files are removed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
