"""The documentation: it builds without a warning, its links hold, nothing is left out."""

import dataclasses
import html.parser
import importlib.util
import pkgutil
import re
import shutil
import subprocess
import sys
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from analysis.encoding.settings import EncodingSettings
from rodent.cli.main import Command
from rodent.clips.mimic import MIMIC_DEMO, demo_name
from rodent.policy.catalogue import built_in_policies
from tests.docs.notebooks import NOTEBOOKS
from tests.docs.snippets import GENERATED, GENERATED_FOLDERS
from tests.view.chromium import find_chromium, open_tab
from training.config import TrainConfig

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(
    p
    for p in DOCS.glob("pages/**/*.md")
    if p.name not in GENERATED and p.parent.name not in GENERATED_FOLDERS
)


def name_of(page: Path) -> str:
    return page.relative_to(DOCS / "pages").as_posix()


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def generated(generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the pages made from the code."""
    monkeypatch.setenv("COLUMNS", "80")  # restored afterwards
    generate.main(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; the sources are copied, so that nothing is written beside them."""
    for module in ("zensical", "mkdocstrings_handlers.python", "latex2mathml"):
        pytest.importorskip(module, reason="the docs group of pyproject.toml is not installed")
    folder = tmp_path_factory.mktemp("docs") / "docs"
    shutil.copytree(
        DOCS, folder, ignore=shutil.ignore_patterns("site", ".cache", "__pycache__", *GENERATED_FOLDERS)
    )
    for command in (["generate.py"], ["-m", "zensical", "build", "--clean", "--strict"]):
        done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True)
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        assert "warn" not in output.lower(), output
    return folder / "site"


@pytest.mark.parametrize("page", [p for p in PAGES if "\n::: " in p.read_text()], ids=name_of)
def test_the_reference_names_what_exists(page: Path) -> None:
    for match in re.finditer(
        r"^::: (\S+)\n(?:    options:\n      members: \[(.*)\])?", page.read_text(), re.M
    ):
        member = pkgutil.resolve_name(match[1])
        missing = [name for name in re.findall(r"\w+", match[2] or "") if not hasattr(member, name)]
        assert not missing, f"{page.name}: {match[1]} has no {missing}"


class Page(html.parser.HTMLParser):
    """What a page links to, loads, and offers as a target."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.targets: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.targets |= {value for key in ("id", "name") if (value := found.get(key))}
        if tag == "a" and (address := found.get("href")):
            self.links.append(address)
        elif address := found.get("href") or found.get("src"):
            self.loads.append(address)


def test_every_page_is_built(site):
    for page in PAGES:
        assert (site / page.relative_to(DOCS / "pages")).with_suffix(".html").is_file(), name_of(page)


def test_notebooks_are_pages_and_can_be_downloaded(site):
    for notebook in NOTEBOOKS:
        assert (site / "notebooks" / notebook.with_suffix(".html").name).is_file()
        assert (site / "notebooks" / notebook.name).read_bytes() == notebook.read_bytes()


def test_every_built_in_policy_has_its_card(site):
    for name in built_in_policies():
        assert (site / "policies" / f"{name}-learning.svg").is_file()
        assert f"policies/{name}.html" in (site / "index.html").read_text()


def test_internal_links_resolve(site):
    pages = {path: Page(path) for path in site.rglob("*.html") if path.name != "404.html"}
    assert sum(len(page.links) for page in pages.values()) > 200
    for path, page in pages.items():
        for address in page.links + page.loads:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{path.name} leads to {address}, which is not there"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].targets, f"{path.name}: no {address}"


def test_pages_load_nothing_from_elsewhere(site):
    for path in site.rglob("*.html"):
        elsewhere = [a for a in Page(path).loads if urlsplit(a).netloc]
        assert not elsewhere, f"{path.name} loads {elsewhere}"
    for path in site.rglob("*.css"):
        assert "url(http" not in path.read_text(), path.name


def test_the_search_works_on_pages_that_are_opened_from_the_disk(site, tmp_path):
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium is installed: apt install chromium-headless-shell")
    found = "[...document.querySelectorAll('*')].some(e => /[0-9] results/.test(e.shadowRoot?.textContent))"
    with open_tab(program, tmp_path, (site / "how-to" / "body.html").as_uri()) as tab:
        tab.wait_for("document.querySelector('button.md-search__button') !== null")
        tab.evaluate("document.querySelector('button.md-search__button').click()")
        tab.wait_for("document.activeElement !== document.body")  # its field takes letters
        for letter in "registration":
            tab.call("Input.dispatchKeyEvent", type="char", text=letter)
        tab.wait_for(found)


def test_formulas_are_drawn_without_a_script(site):
    text = (site / "metrics.html").read_text()
    assert text.count("<math ") == (DOCS / "pages" / "metrics.md").read_text().count("```math")
    assert "\\frac" not in text


def commands_below(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The command lines that a union of annotated dataclasses stands for."""
    for part in typing.get_args(kind):
        command, *marks = typing.get_args(part)
        (name,) = (m.name for m in marks if hasattr(m, "name"))
        hints = typing.get_type_hints(command, include_extras=True)
        if "action" in hints:
            yield from commands_below(typing.get_args(hints["action"])[0], (*path, name))
        else:
            yield (*path, name)


def test_every_command_has_a_section_with_its_help(generated):
    page = (generated / "commands.md").read_text()
    sections = dict(re.findall(r"^## (.*)\n([^#]*)", page, re.MULTILINE))
    commands = [" ".join(("rodent", *command)) for command in commands_below(Command)]
    assert "rodent train" in commands and "rodent clips import" in commands
    assert sorted(sections) == sorted(commands)
    for command in commands:
        assert f"usage: {command}" in sections[command]
        assert "Example: rodent" in sections[command]


def fields_of(config: type, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Section and name of every field that is not itself a dataclass."""
    usual = config()
    for field in dataclasses.fields(typing.cast(Any, config)):
        value = getattr(usual, field.name)
        if dataclasses.is_dataclass(value):
            yield from fields_of(type(value), f"{prefix}{field.name}.")
        elif isinstance(value, Mapping):
            yield from ((f"{prefix}{field.name}", name) for name in value)
        else:
            yield prefix.rstrip(".") or "whole run", field.name


def test_every_setting_stands_with_its_default_and_meaning(generated):
    page = (generated / "settings.md").read_text()
    sections = dict(re.findall(r"^## (.*)\n((?:(?!^## ).*\n?)*)", page, re.MULTILINE))
    fields = [*fields_of(TrainConfig), *(("encode", f.name) for f in dataclasses.fields(EncodingSettings))]
    assert {("body", "scale"), ("ppo.optimizer", "name"), ("task.reward", "energy")} <= set(fields)
    for section, name in fields:
        row = re.search(rf"^\| `{name}` \| (.+) \| `(.*)` \| (.+) \|$", sections[section], re.MULTILINE)
        assert row, f"{section}.{name} has no row"
        assert len(row[3]) > 10, f"{section}.{name} does not say what it means"


def test_clips_named_in_the_docs_are_those_of_the_public_set():
    """What a user fetches has the names that README, tutorial and how-to pages give."""
    public = {demo_name(number) for number in MIMIC_DEMO}
    kinds = "|".join(sorted(set(MIMIC_DEMO.values())))
    # pages that say which other recordings they are about
    pages = [p for p in (*PAGES, DOCS.parent / "README.md") if p.name != "structure.md"]
    named = {
        (page.name, name) for page in pages for name in re.findall(rf"\b(?:{kinds})_\d+", page.read_text())
    }
    assert len({name for _, name in named}) >= 3
    assert not [(page, name) for page, name in named if name not in public]
