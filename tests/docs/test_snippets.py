"""What the docs say runs: every command line parses; what is cheap runs, on the files that its page names."""

import ast
import builtins
import contextlib
import functools
import importlib
import re
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from rodent.cli.main import parsed
from rodent.scene import Scene
from tests.commands import all_help
from tests.docs.reader import Reader, prepare, write_public_clips
from tests.docs.snippets import (
    PAGES,
    ROOT,
    WHOLE,
    command_lines,
    name_of,
    named_in_prose,
    page_commands,
    snippets,
)

CHEAP = (["rodent", "clips"], ["rodent", "spikes"])
"""What runs on the other pages, too; one line of every other command runs in tests/test_examples.py."""
ONLY_PARSED = {
    "aldarondo.md": "needs the sessions of Aldarondo et al., which a user downloads",
    "linear-track.md": "takes minutes; tests/analysis/neural/test_linear_track.py checks its files",
    "generalise.md": "takes hours, and its steps run on other pages",
    "how-to/gpu.md": "needs a GPU",
    "questions/own-animal.md": "needs a public recording, which a user downloads, and half an hour",
    "how-to/mouse.md": "needs two public recordings of mice, which a user downloads",
}
NOT_RUN = {
    "rodent.film(": "films and the viewer run in tests/docs/test_notebooks.py",
    "gain decoder/layer_0[0:16] by 0.5": "takes half a minute; interventions run in test_notebooks.py",
    "2021_06_21_1.h5": "needs a session of Aldarondo et al., which a user downloads",
    "clips synth --walks": "runs in tests/test_examples.py",
    'read_policy_set("walks")': "needs a population; tests/training/test_population_members.py makes one",
    "clips synth --out gaits.h5": "takes a minute; tests/synthesis makes these clips one by one",
}
PLACEHOLDERS = ("write_to", "advance", "streams", "performer", "network")
"""Functions of the reader's own, and objects that can be called, in examples of docstrings."""
OTHERS = ("make", "cd", "pip", "tensorboard", "git", ".", "gh", "export")
"""Programs whose lines are not run; targets of make are looked up."""


def is_run(text: str) -> bool:
    return not any(part in text for part in NOT_RUN)


@pytest.mark.parametrize("page", [p for p in PAGES if page_commands(p)], ids=name_of)
def test_every_command_line_is_valid(page):
    makefiles = (ROOT / "Makefile", ROOT / "rodent" / "study" / "templates" / "Makefile")
    targets = re.findall(r"^([a-z]+):", "\n".join(path.read_text() for path in makefiles), re.MULTILINE)
    for words in page_commands(page):
        line = " ".join(words)
        program = Path(words[0]).name or words[0]
        if program == "rodent" and "--help" not in words:
            try:
                parsed(words[1:])
            except SystemExit:
                pytest.fail(f"this does not parse: {line}")
        elif program == "make":
            assert {w for w in words[1:] if "=" not in w and w != "-n"} <= set(targets), line
        elif words[0] == "python" or "RODENT_DATA=FOLDER" in words:
            script = ROOT / next(word for word in words if word.endswith(".py"))
            options = [word for word in words if word.startswith("--")]
            assert all(option[2:] in script.read_text() for option in options), line
        else:
            assert program in (*OTHERS, "rodent"), f"what is this: {line}"


def test_there_are_many_command_lines():
    assert sum(len(page_commands(page)) for page in PAGES) > 100


@pytest.mark.parametrize("page", [p for p in PAGES if named_in_prose(p)], ids=name_of)
def test_commands_in_the_text_exist_and_have_the_options_that_it_names(page):
    known = all_help()
    for words in named_in_prose(page):
        command = max(
            (c for c in known if tuple(words[1 : len(c) + 1]) == c),
            key=len,
        )
        line = " ".join(words)
        assert command or words[1].startswith("-") or words[1].isupper(), f"no such command: {line}"
        for option in (word.partition("=")[0] for word in words if word.startswith("--")):
            assert option in known[command] or option == "--help", f"{option} is no option: {line}"


@pytest.fixture(scope="module")
def public(body: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("public")
    write_public_clips(body, folder)
    return folder


@pytest.mark.parametrize("name", WHOLE)
def test_page_runs_from_the_first_line_to_the_last(name, public, drawing, rough_fits, tmp_path, monkeypatch):
    (page,) = (p for p in PAGES if name_of(p) == name)
    prepare(monkeypatch, public)
    monkeypatch.chdir(tmp_path)
    reader = Reader()
    for snippet in snippets(page):
        reader.run(snippet, name)


def cheap(page: Path) -> list:
    """The page's Python, and its lines of cheap commands."""
    found = []
    for snippet in snippets(page):
        if snippet.language == "python":
            if is_run(snippet.text):
                found.append(snippet)
        else:
            lines = command_lines(snippet.text)
            found += [words for words in lines if words[:2] in CHEAP and is_run(" ".join(words))]
    return found


OTHER_PAGES = [p for p in PAGES if name_of(p) not in (*WHOLE, *ONLY_PARSED) and cheap(p)]


@pytest.mark.parametrize("page", OTHER_PAGES, ids=name_of)
def test_what_is_cheap_runs(page, example_files, rough_fits, tmp_path, monkeypatch):
    shutil.copytree(example_files, tmp_path, dirs_exist_ok=True)
    prepare(monkeypatch, example_files)
    monkeypatch.chdir(tmp_path)
    reader = Reader()
    for step in cheap(page):
        if isinstance(step, list):
            reader.type(step)
        else:
            reader.run(step, name_of(page))


def test_python_that_is_not_run_names_what_exists():
    for page in PAGES:
        for snippet in snippets(page):
            if snippet.language == "python":
                for node in ast.walk(ast.parse(snippet.text)):
                    if isinstance(node, ast.ImportFrom):
                        module = importlib.import_module(str(node.module))
                        assert all(hasattr(module, alias.name) for alias in node.names), ast.unparse(node)


@functools.cache
def sources() -> dict[str, ast.Module]:
    """The code of every file of the packages; parsed by the worker that needs it, not by all."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text())
        for package in ("rodent", "training", "analysis")
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def docstrings() -> Iterator[tuple[str, str]]:
    """The file and the text of every docstring."""
    for file, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (
                text := ast.get_docstring(node)
            ):
                yield file, text


def test_command_lines_in_docstrings_parse():
    lines = [
        (file, line)
        for file, text in docstrings()
        for line in re.findall(r"^(?:Example: |    )(rodent [a-z].*)$", text, re.MULTILINE)
    ]
    assert len(lines) > 20
    for file, line in lines:
        (words,) = command_lines(line)
        try:
            parsed(words[1:])
        except SystemExit:
            pytest.fail(f"{file}: this does not parse: {line}")


def python_examples() -> Iterator[tuple[str, ast.Module]]:
    """The file and the code of every indented example in a module's docstring."""
    for file, tree in sources().items():
        for block in re.findall(r"(?:^    .*\n|^\n)+", f"{ast.get_docstring(tree) or ''}\n", re.MULTILINE):
            with contextlib.suppress(SyntaxError):  # a formula or a table
                yield file, ast.parse(textwrap.dedent(block))


def test_functions_called_in_docstrings_exist():
    known = {*dir(builtins), "Path", *PLACEHOLDERS}
    for tree in sources().values():
        known |= {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    called = [
        (file, node.func.id)
        for file, code in python_examples()
        for node in ast.walk(code)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    assert len(called) > 80
    assert not [(file, name) for file, name in called if name not in known]
