"""Every example that `--help` shows runs as it stands; what takes long is made small by more options."""

import shlex
import shutil
from pathlib import Path

import pytest

from rodent.cli import main
from rodent.scene import Scene
from tests.commands import all_help, examples, smaller
from tests.docs.reader import prepare
from tests.example_files import write_files

LINES = sorted({line for text in all_help().values() for line in examples(text)})


@pytest.fixture(scope="module")
def files(body: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file that the examples read."""
    folder = tmp_path_factory.mktemp("files")
    write_files(body, folder)
    return folder


@pytest.mark.parametrize("line", LINES)
def test_example(line, files, tmp_path, monkeypatch, request, capfd):
    words = shlex.split(line)
    if "render" in words:
        request.getfixturevalue("drawing")
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    prepare(monkeypatch, files)
    out = Path(words[words.index("--out") + 1]) if "--out" in words else None
    if out and out.is_dir():
        shutil.rmtree(out)
    assert main([*words[1:], *smaller(words)]) == (130 if "view" in words else 0), capfd.readouterr().err
    assert out is None or out.exists()
