"""The code blocks of the documentation, and the command lines in them."""

import dataclasses
import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = ("commands.md", "settings.md")
"""Pages of the reference that are made from the code."""
GENERATED_FOLDERS = ("notebooks", "policies")
"""Folders of pages that are made from notebooks and from the cards of policies."""
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(
        p
        for p in ROOT.glob("docs/pages/**/*.md")
        if p.name not in GENERATED and p.parent.name not in GENERATED_FOLDERS
    ),
)
WHOLE = ("README.md", "tutorial.md")
"""Pages whose every line runs in a test, in order, from an empty folder."""

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(rodent [^`\n]+)`")
_CONTROL = re.compile(r"^(for .*; do|done)$")
_VARIABLE = re.compile(r"\$\w+")


@dataclasses.dataclass(frozen=True)
class Snippet:
    """A fenced block: its language ("" if none is named), its text, and the line that it begins in."""

    language: str
    text: str
    line: int


def name_of(page: Path) -> str:
    """The page as the site's navigation names it."""
    pages = ROOT / "docs" / "pages"
    return (page.relative_to(pages) if pages in page.parents else page.relative_to(ROOT)).as_posix()


def snippets(page: Path) -> list[Snippet]:
    """The blocks of shell and of Python, in order; a block without a language is shell."""
    text = page.read_text()
    found = (Snippet(m[1], m[2], text[: m.start()].count("\n") + 1) for m in _FENCE.finditer(text))
    return [s for s in found if s.language in ("sh", "python", "")]


def command_lines(text: str) -> list[list[str]]:
    """The words of every command in a block of shell, without comments.

    Lines of a loop are given once, each variable as 1.
    """
    lines = (line.strip() for line in text.replace("\\\n", " ").splitlines())
    words = (
        shlex.split(_VARIABLE.sub("1", line), comments=True) for line in lines if not _CONTROL.match(line)
    )
    return [line for line in words if line]


def inner(word: str) -> list[str] | None:
    """The words of the command whose output a word stands for, as in `"$(rodent clips fetch …)"`."""
    return shlex.split(word[2:-1]) if word.startswith("$(") else None


def page_commands(page: Path) -> list[list[str]]:
    """Every command line of a page's blocks of shell; commands inside others are listed, too."""
    found = []
    for snippet in snippets(page):
        if snippet.language != "python":
            for words in command_lines(snippet.text):
                found += [nested for word in words if (nested := inner(word))]
                found.append(words)
    return found


def named_in_prose(page: Path) -> list[list[str]]:
    """The words of `rodent …` in the running text and in tables; they may be a part of a command."""
    prose = _FENCE.sub("", page.read_text())
    return [shlex.split(line.replace("\\|", "|")) for line in _INLINE.findall(prose)]
