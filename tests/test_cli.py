"""What holds for every command: help with an example that parses, exit codes, light imports."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import tyro

from rodent.cli import main
from rodent.errors import InputError, WorkError
from tests.commands import all_help, examples


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


def test_every_command_in_the_readme_parses(monkeypatch):
    run_instead(monkeypatch, lambda: None)
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    lines = re.findall(r"^    (rodent .*)$", readme, re.MULTILINE)
    assert lines
    for line in lines:
        assert exit_code(line) == 0, f"README.md: this does not parse: {line}"


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
