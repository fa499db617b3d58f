"""Every example that `--help` shows runs as it stands; what takes long is made small by more options.

Those that README or the tutorial have, too, run there: see tests/docs/test_snippets.py.
"""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from rodent.cli import main
from tests.commands import all_help, examples, smaller
from tests.docs.reader import prepare
from tests.docs.snippets import PAGES, WHOLE, name_of, page_commands

CLI = Path(__file__).parents[1] / "rodent" / "cli"


def written() -> set[str]:
    """The examples in the code: every worker reads them, and making all the help takes seconds."""
    texts = (path.read_text().replace("\\\n", "") for path in CLI.rglob("*.py"))
    found = (line for text in texts for line in re.findall(r"^ *Example: (rodent .*)$", text, re.MULTILINE))
    return {" ".join(line.split()) for line in found}


ELSEWHERE = [words for page in PAGES if name_of(page) in WHOLE for words in page_commands(page)]
ALL = sorted(written())
LINES = [line for line in ALL if shlex.split(line) not in ELSEWHERE]


def test_there_are_many_examples():
    assert len(ALL) > 30 and len(LINES) > 20


def test_the_help_shows_them_all():
    shown = {line for text in all_help().values() for line in examples(text)}
    assert {" ".join(line.split()) for line in shown} == set(ALL)


@pytest.mark.parametrize("line", LINES)
def test_example(line, example_files, rough_fits, tmp_path, monkeypatch, request, capfd):
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
