"""Every example that `--help` shows runs as it stands; what takes long is made small by more options."""

import shlex
import shutil
from pathlib import Path

import pytest

from rodent.cli import main
from tests.commands import all_help, examples, smaller
from tests.docs.reader import prepare

LINES = sorted({line for text in all_help().values() for line in examples(text)})


@pytest.mark.parametrize("line", LINES)
def test_example(line, example_files, tmp_path, monkeypatch, request, capfd):
    words = shlex.split(line)
    if "render" in words:
        request.getfixturevalue("drawing")
    shutil.copytree(example_files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    prepare(monkeypatch, example_files)
    out = Path(words[words.index("--out") + 1]) if "--out" in words else None
    if out and out.is_dir():
        shutil.rmtree(out)
    assert main([*words[1:], *smaller(words)]) == (130 if "view" in words else 0), capfd.readouterr().err
    assert out is None or out.exists()
