"""What holds for every command: help with an example that parses, exit codes, light imports."""

import dataclasses
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from types import SimpleNamespace

import pytest
import tyro

from rodent.cli import main
from rodent.cli.main import commands, parsed
from rodent.cli.overview import GROUPS, overview
from rodent.cli.train import Train
from rodent.cli.train import parsed as train
from rodent.errors import InputError, WorkError
from rodent.scene_config import FloorConfig, GapsConfig, LeverArenaConfig
from tests.commands import all_help, examples
from training.config import TrainConfig
from training.defaults import DEFAULTS


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, ...], str]:
    return all_help()


def exit_code(line: str) -> int | str | None:
    """What `rodent …` exits with, whether its parser or it itself ends it."""
    try:
        return main(shlex.split(line, comments=True)[1:])
    except SystemExit as stop:
        return stop.code


def run_instead(monkeypatch: pytest.MonkeyPatch, run: Callable[[], None]) -> None:
    """Let every command line be parsed as ever, and then do `run()`."""
    parse = tyro.cli

    def parse_only(*args, **kwargs):
        parse(*args, **kwargs)
        return SimpleNamespace(run=run)

    monkeypatch.setattr(tyro, "cli", parse_only)


def test_what_a_training_is_not_told_is_its_devices_default():
    line = shlex.split("train --out run --clips clips.h5 --minutes 4 --seed 3 --ppo.unroll 16")
    on_cpu, on_gpu = parsed(line), parsed([*line, "--device", "gpu", "--ppo.num-envs", "512"])
    assert isinstance(on_cpu, Train) and isinstance(on_gpu, Train)
    assert on_cpu.config == dataclasses.replace(
        TrainConfig(), seed=3, ppo=dataclasses.replace(TrainConfig().ppo, unroll=16)
    )
    usual = DEFAULTS["gpu"]
    # 512 rats are what a CPU would have; told so, a GPU has them too
    ppo = dataclasses.replace(usual.ppo, unroll=16, num_envs=512)
    assert on_gpu.config == dataclasses.replace(usual, seed=3, ppo=ppo)
    assert (on_gpu.minutes, str(on_gpu.clips)) == (4, "clips.h5")
    assert usual.ppo.num_envs == 4096 and usual.model_based.rollouts == 1024


def test_a_task_is_trained_in_its_own_arena_unless_another_is_named():
    line = ["--out", "run", "--minutes", "1"]
    for task, arena in (("gaps", GapsConfig), ("lever", LeverArenaConfig), ("joystick", FloorConfig)):
        assert type(train(["--task", task, *line]).config.arena) is arena
    other = train(["--task", "gaps", "--arena", "gaps", "--arena.seed", "3", *line])
    assert other.config.arena == GapsConfig(seed=3)
    assert type(train(["--task", "gaps", "--arena", "floor", *line]).config.arena) is FloorConfig


def test_the_commands_are_there(pages):
    top = {command[0] for command in pages if command}
    assert top >= {"clips", "train", "evaluate", "rollout", "render", "encode", "demo"}


def test_every_help_shows_an_example_that_parses(pages, monkeypatch):
    run_instead(monkeypatch, lambda: None)
    for command, text in pages.items():
        if not command:
            continue
        name = shlex.join(["rodent", *command])
        found = examples(text)
        assert found, f"{name} --help shows no line `Example: {name} …`"
        for example in found:
            assert example.startswith(name), f"{name} --help shows an example of another command: {example}"
            assert exit_code(example) == 0, f"the example does not parse: {example}"


def test_help_shows_what_an_option_takes_and_not_that_it_may_be_left_out(pages):
    for command, text in pages.items():
        assert "{None}" not in text, f"rodent {shlex.join(command)} --help shows {{None}}"
    assert "--clips PATH " in pages["train",]
    assert "--between FLOAT FLOAT " in pages["spikes",]
    assert "--tables {csv,parquet} " in pages["encode",]


def test_help_shows_the_basic_options_and_help_all_every_one(pages, capsys):
    basic = {}
    for line in ("train --help", "train --task joystick --help"):
        assert exit_code(f"rodent {line}") == 0
        basic[line] = capsys.readouterr().out
    for option in ("--out ", "--start-from ", "--device "):
        assert option in basic["train --help"] and option in pages["train",]
    for option in ("--ppo.num-envs ", "--teacher ", "--task.horizon "):
        assert option not in basic["train --help"] and option in pages["train",]
    assert "--task.head-height " in basic["train --task joystick --help"]
    assert not any("default: None" in page for page in (*pages.values(), *basic.values()))


def test_the_first_page_has_every_command_once():
    assert sorted(name for group in GROUPS.values() for name in group) == sorted(commands())
    page = overview(commands(), 80)
    for name, command in commands().items():
        assert re.search(rf"^  {name} +{str(command.__doc__).split()[0]} ", page, re.MULTILINE)
    assert max(map(len, page.splitlines()[2:])) <= 110


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("evaluate runs/walk", (None, None)),
        ("evaluate runs/walk --clips clips.h5 --resample 50", ("clips.h5", 50.0)),
        ("evaluate runs/walk --clips None --resample None", (None, None)),
    ],
)
def test_none_is_what_an_option_has_that_is_left_out(words, found):
    command = parsed(words.split())
    assert (command.clips and str(command.clips), command.resample) == found


def test_numbers_that_may_be_left_out_are_given_as_many_as_they_are(capsys):
    line = ["spikes", "a.nwb", "--path-out", "p.npz", "--between"]
    assert parsed([*line, "1", "2.5"]).between == (1.0, 2.5)
    assert parsed([*line, "None"]).between is None
    for wrong in (["1"], ["1", "2", "3"], ["1", "x"]):
        with pytest.raises(SystemExit, match="2"):
            parsed([*line, *wrong])
        assert "between" in capsys.readouterr().err


def test_a_former_name_of_a_command_works_and_answers_with_the_present_one(monkeypatch, capsys):
    run_instead(monkeypatch, lambda: None)
    assert exit_code("rodent share runs/walk --out rat-walk") == 0
    assert capsys.readouterr() == ("", "rodent: `rodent share` is now `rodent export`\n")


def test_unknown_command_exits_with_2(capsys):
    assert exit_code("rodent trian") == 2
    out, err = capsys.readouterr()
    assert not out
    assert "trian" in err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("no such file: a.h5"), 2, "rodent: no such file: a.h5\n"),
        (WorkError("disk full"), 1, "rodent: disk full\n"),
        (KeyboardInterrupt(), 130, "rodent: interrupted\n"),
    ],
)
def test_errors_become_one_line_and_an_exit_code(error, code, line, capsys, monkeypatch):
    def fail():
        raise error

    run_instead(monkeypatch, fail)
    assert main(["train", "--clips", "a.h5", "--out", "run"]) == code
    assert capsys.readouterr() == ("", line)


def test_help_imports_nothing_heavy():
    heavy = {
        "jax",
        "mujoco",
        "flax",
        "brax",
        "optax",
        "orbax",
        "numpy",
        "scipy",
        "h5py",
        "imageio",
        "av",
        "himalaya",
        "pynapple",
        "pynwb",
        "rsatoolbox",
    }
    program = "import sys, rodent.cli; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert not heavy & set(result.stdout.split())


def test_an_unknown_mujoco_gl_is_one_line(tmp_path):
    code = "import sys; from rodent.cli import main; sys.exit(main(['clips', 'info', 'gaits']))"
    environment = os.environ | {"MUJOCO_GL": "foo"}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("rodent: ")
    assert "MUJOCO_GL" in line
    assert "egl" in line


def test_the_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"rodent {metadata.version('virtual-rodent')}\n"


def test_a_shell_reads_the_script_that_completes_commands(capsys):
    assert main(["completion", "--shell", "bash"]) == 0
    script = capsys.readouterr().out
    assert "register" in script and "evaluate" in script
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
