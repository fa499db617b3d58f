"""The commands of the program, as their help tells of them, and options that make them quick."""

import contextlib
import functools
import io
import os
import re
import shlex
import sys
from collections.abc import Sequence
from unittest import mock

import pytest

from rodent.cli import main

# `usage: rodent clips [-h] {list,info}`: the line of a command that has commands of its own
HAS_COMMANDS = re.compile(r"^usage: .*\[-h\](?: \[.*\])? \{([\w,-]+)\}$", re.MULTILINE)

# of options given twice the last one counts
SMALLER = {
    "train": (
        "--ppo.num-envs 8 --ppo.minibatches 2 --ppo.epochs 1 --ppo.unroll 4 --checkpoint-seconds 0 "
        "--evaluate-every 160 --network.latent 4 --network.encoder 8 --network.decoder 8 --network.value 8 "
        "--steps 32"
    ),
    "encode": "--block-seconds 1 --gap-seconds 0 --shift-seconds 2 --strengths 1 --folds 2",
    "rsa": "--partitions 2 --least-seconds 0.4 --shift-seconds 1 --permutations 20 --bootstraps 20",
    "drift": "--every 0.02 --halves 1 --turns 1",
    "events": "--shift-seconds 2 --rotations 19 --bootstraps 5",
    "game": "--seconds 0.1 --folds 2 --least-windows 4 --bootstraps 20 --permutations 1",
    "render": "--size 64x48 --fps 10",
    "dynamics fit": (
        "--model pca --dimensions 1 --window-seconds 0.2 --overlap-seconds 0 --forecast-seconds 0.1 "
        "--shifts 2"
    ),
    "dynamics compare": "--model pca --dimensions 2 --window-seconds 0.5 --overlap-seconds 0 --shifts 2",
    "population report": "--sites latent/mean --doses 50 --draws 2 --permutations 19",
    "population neurons": (
        "--sites latent/mean --permutations 19 --block-seconds 1 --gap-seconds 0 --shift-seconds 2 "
        "--strengths 1 --folds 2"
    ),
    "twin fit": "--channels 2 --hidden 2 --steps 1 --chunks 1 --core linear",
    "twin adapt": "--minutes 0.4 --strengths 1",
    "twin score": "--minutes 0.4 --test-minutes 0.3 --strengths 1",
    "twin excite": (
        "--seconds 1 --rounds 2 --batch 2 --elites 1 --real-movements 1 --ascent-steps 2 --policy runs/walk"
    ),
    "twin experiment": "--pace 1 --amplitude 0 --part head --resample 20",
    "twin map": "--minutes 0.4 --strengths 1 --permutations 9",
    "twin truth": (
        "--rats 2 --new-rats 1 --labelled-rats 3 --permutations 9 --neurons 9 --length 1.7 "
        "--core-minutes 0.34 --glm-minutes 0.34 --share-minutes 0.68 "
        "--test-minutes 0.3 --unseen-minutes 0.1 --unseen Still --core linear "
        "--steps 1 --chunks 1 --strengths 1 --wirings 1 --wired-neurons 30"
    ),
}


def smaller(words: Sequence[str]) -> list[str]:
    """Options after which a command line, `rodent` first, does the same in less time."""
    if words[1:3] == ["clips", "synth"] and "--walks" in words:
        return ["--walks", "1", "--rears", "1"]
    if words[1] == "render" and "--poster" in words:
        return ["--size", "64x48"]
    return shlex.split(SMALLER.get(words[1], SMALLER.get(" ".join(words[1:3]), "")))


def help_of(command: tuple[str, ...]) -> str:
    """What `rodent COMMAND --help-all` prints, no line broken."""
    page = io.StringIO()
    with (
        mock.patch.dict(os.environ, {"COLUMNS": "400"}),
        contextlib.redirect_stdout(page),
        pytest.raises(SystemExit) as stop,
    ):
        sys.exit(main([*command, "--help-all"]))
    assert stop.value.code == 0
    return page.getvalue()


@functools.cache
def all_help(command: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """The help of this command and of all below it."""
    text = help_of(command)
    pages = {command: text}
    if found := HAS_COMMANDS.search(text):
        for name in found[1].split(","):
            pages |= all_help((*command, name))
    return pages


def examples(text: str) -> list[str]:
    """The example command lines of a page of help."""
    # above the first box: what stands inside the boxes belongs to other commands
    return re.findall(r"^Example: (rodent .*)$", text.split("╭")[0], re.MULTILINE)
