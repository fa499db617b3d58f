"""Pages made when the docs are built: help of every command, every setting, licences, notebooks, cards.

python docs/generate.py   # pages/reference: commands, settings, licences; pages/notebooks; pages/policies
"""

import ast
import contextlib
import dataclasses
import inspect
import io
import json
import os
import re
import shutil
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from analysis.dynamics.settings import DynamicsSettings, LfadsSettings
from analysis.encoding.settings import EncodingSettings
from analysis.events.settings import EventSettings, RatEventSettings
from analysis.gait.settings import GaitSettings
from analysis.game.settings import ActivitySettings, BlindSettings, GameSettings
from analysis.neural.settings import QualitySettings
from analysis.similarity.settings import SimilaritySettings
from analysis.twin.settings import AdaptSettings, TwinSettings
from rodent import __file__ as package
from rodent.cli import main as rodent
from rodent.doctor.licences import licences
from rodent.parts import REWARD_TERMS
from rodent.policy.catalogue import built_in_policies, listed_policies
from rodent.tasks.settings import Term
from training.config import TrainConfig

EXAMPLES = Path(package).parents[1] / "examples"
WIDTH = 84  # columns of the help: what the site shows without scrolling
# `usage: rodent clips [-h] {list,info}`: the line of a command that has commands of its own
SUBCOMMANDS = re.compile(r"^usage: .*\[-h\](?: \[.*\])? \{([\w,-]+)\}$", re.MULTILINE)


def commands_page() -> str:
    """The help of every command, a section each."""
    sections = [
        "# Commands",
        "What `rodent COMMAND --help-all` prints. Results go to standard output, as one JSON object with\n"
        "`--json`; everything else goes to standard error. Exit code 0: done; 1: the work failed; 2: the\n"
        "input or the usage is wrong; 130: stopped by Ctrl-C.",
    ]
    for command in _commands():
        sections.append(f"## {' '.join(('rodent', *command))}")
        sections.append(f"```text\n{_wrapped(_help(command, WIDTH)).strip()}\n```")
    return "\n\n".join(sections) + "\n"


def settings_page() -> str:
    """Every setting of training and of comparisons, a section per group."""
    sections = [
        "# Settings",
        "Every field of the configuration, with its default. The field `num_envs` of `ppo` is the option\n"
        "`--ppo.num-envs` of `rodent train`, and stands under `ppo` in the `config.json` of a run.\n"
        "A list is given with spaces: `--network.encoder 256 256`; a switch as `--body.force-limits` or\n"
        "`--body.no-force-limits`.",
        *_groups(TrainConfig, ""),
        "## encode",
        f"{inspect.getdoc(EncodingSettings)} These are options of `rodent encode`, without a prefix.",
        _table(EncodingSettings),
        "## rsa",
        f"{inspect.getdoc(SimilaritySettings)} These are options of `rodent rsa`, without a prefix.",
        _table(SimilaritySettings),
        "## events",
        f"{inspect.getdoc(EventSettings)} These are options of `rodent events`, without a prefix.",
        _table(EventSettings),
        "## events of the rat",
        f"{inspect.getdoc(RatEventSettings)}\n\nOptions of `rodent events`, without a prefix.",
        _table(RatEventSettings),
        "## gait",
        f"{inspect.getdoc(GaitSettings)} These are options of `rodent gait`, without a prefix.",
        _table(GaitSettings),
        "## game",
        f"{inspect.getdoc(GameSettings)} These are options of `rodent game`, without a prefix.",
        _table(GameSettings),
        f"{inspect.getdoc(ActivitySettings)} Options of `rodent game --layer`.",
        _table(ActivitySettings),
        f"{inspect.getdoc(BlindSettings)} Options of `rodent game --blind`.",
        _table(BlindSettings),
        "## twin",
        f"{inspect.getdoc(TwinSettings)} These are options of `rodent twin fit`, without a prefix.",
        _table(TwinSettings),
        f"{inspect.getdoc(AdaptSettings)} Options of `rodent twin adapt` and `score`.",
        _table(AdaptSettings),
        "## dynamics",
        f"{inspect.getdoc(DynamicsSettings)} These are options of `rodent dynamics`, without a prefix.",
        _table(DynamicsSettings),
        "## dynamics, lfads",
        f"{inspect.getdoc(LfadsSettings)} Options with the prefix `--lfads.`",
        _table(LfadsSettings),
        "## spikes",
        f"{inspect.getdoc(QualitySettings)} Options of `rodent spikes`, `encode`, `rsa` and `events`.",
        _table(QualitySettings),
    ]
    return "\n\n".join(sections) + "\n"


def licences_page() -> str:
    """The licence of every package that is required, as installed here."""
    rows = [f"| {one.package} | {one.version} | {one.terms} |" for one in licences()]
    sections = [
        "# Licences",
        "This project is licensed under Apache-2.0. These are the packages that it and its extras require,\n"
        "directly or not, with the versions that this page was built with and the licences that they state.\n"
        "`rodent doctor --licences` lists those of your installation.",
        "\n".join(["| package | version | licence |", "|---|---|---|", *rows]),
    ]
    return "\n\n".join(sections) + "\n"


def _commands(command: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """All command lines that do something, in the order of the help."""
    found = SUBCOMMANDS.search(_help(command, 1000))
    if not found:
        yield command
        return
    for name in found[1].split(","):
        yield from _commands((*command, name))


def _help(command: tuple[str, ...], width: int) -> str:
    os.environ["COLUMNS"] = str(width)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        rodent([*command, "--help-all"])
    return printed.getvalue()


def _wrapped(text: str) -> str:
    """Text whose paragraphs, which tyro leaves on one line, fit the width."""
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(textwrap.fill(line, WIDTH) if line[:1].isalpha() else line for line in lines)


def _groups(config: type, prefix: str) -> Iterator[str]:
    """Heading, docstring and table of a dataclass, then those of the dataclasses in it."""
    name = prefix.rstrip(".")
    yield f"## {name or 'whole run'}"
    yield inspect.getdoc(config) or ""
    yield _table(config)
    for field, kind in _hints(config).items():
        if _is_group(kind):
            yield from _groups(kind, f"{prefix}{field}.")
        elif _is_table(kind):
            yield f"## {prefix}{field}"
            yield _field_docstrings(config)[field]
            yield _rows_of_terms(getattr(config(), field))


def _rows_of_terms(table: Mapping[str, Term]) -> str:
    """The terms of a reward, each with what it measures."""
    rows = ["| field | kind | default | meaning |", "|---|---|---|---|"]
    for name, default in table.items():
        term = REWARD_TERMS.get(name)
        sort = "Cost" if term.is_cost else "Tracking"
        meaning = f"{sort}, {term.unit}. {inspect.getdoc(term.measure)}"
        rows.append(f"| `{name}` | weight and scale | `{default.weight:g}, {default.scale:g}` | {meaning} |")
    return "\n".join(rows)


def _table(config: type) -> str:
    meanings, defaults = _field_docstrings(config), config()
    rows = ["| field | kind | default | meaning |", "|---|---|---|---|"]
    for name, kind in _hints(config).items():
        if not _is_group(kind) and not _is_table(kind):
            cells = (f"`{name}`", _kind(kind), f"`{_plain(getattr(defaults, name))}`", meanings[name])
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _hints(config: type) -> dict[str, Any]:
    """The types of a dataclass's fields; of those that can be of several kinds, the usual one."""
    hints, usual = typing.get_type_hints(config), config()
    values = {
        field.name: getattr(usual, field.name) for field in dataclasses.fields(typing.cast(Any, config))
    }
    return {
        name: type(value) if dataclasses.is_dataclass(value) else hints[name]
        for name, value in values.items()
    }


def _is_group(kind: Any) -> bool:
    """Whether this is a dataclass whose fields are settings of their own."""
    return dataclasses.is_dataclass(kind)


def _is_table(kind: Any) -> bool:
    """Whether this is a table of the terms of a reward."""
    return typing.get_origin(kind) is Mapping


def _field_docstrings(config: type) -> dict[str, str]:
    """The strings that follow a class's fields in its source, each on one line."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(config))).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for field, text in zip(definition.body, definition.body[1:], strict=False):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            found[field.target.id] = " ".join(str(text.value.value).split())
    return found


def _kind(hint: Any) -> str:
    """A type in words."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return " or ".join(f"`{a}`" for a in arguments)
    if origin is tuple:
        count = "" if arguments[-1] is ... else f"{len(arguments)} "
        return f"{count}{_kind(arguments[0])}s"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(_kind, arguments))
    if hint not in _WORDS:
        raise TypeError(f"the settings page has no word for the type {hint}")
    return _WORDS[hint]


_WORDS = {
    int: "whole number",
    float: "number",
    bool: "switch",
    str: "text",
    types.NoneType: "none",
}


def _plain(default: Any) -> str:
    if isinstance(default, tuple):
        return " ".join(_plain(x) for x in default) or "none"
    if isinstance(default, bool):
        return "on" if default else "off"
    return f"{default:g}" if isinstance(default, float) else str(default)


def notebook_page(notebook: Path) -> str:
    """The text and the code of a notebook, with a link to it."""
    parts = []
    for cell in json.loads(notebook.read_text())["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
    parts.insert(1, f"[Download this notebook]({notebook.name}), or read it here without its outputs.")
    return "\n\n".join(parts) + "\n"


def write_notebooks(folder: Path) -> None:
    """Write a page for each notebook into a folder, and copies of the notebooks."""
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted((EXAMPLES / "notebooks").glob("*.ipynb")):
        (folder / f"{notebook.stem}.md").write_text(notebook_page(notebook))
        shutil.copyfile(notebook, folder / notebook.name)


def policies_page() -> str:
    """The built-in policies in one table, with links to their cards."""
    rows = [row for row in listed_policies() if row["from"] == "built in"]
    table = ["| policy | task | network | |", "|---|---|---|---|"]
    table += [
        f"| [`{r['name']}`]({r['name']}.md) | {r['task']} | {r['network']} | {r['about']} |" for r in rows
    ]
    return "\n\n".join(
        [
            "# Built-in policies",
            "Use the names wherever a policy is expected, as in `rodent view rat-position --clips gaits`.\n"
            "Each card has what the policy was trained on, how to train it again, and how well it does.\n"
            "[Policies by name](../how-to/policies.md) adds those of a lab.",
            "\n".join(table),
        ]
    )


def write_policies(folder: Path) -> None:
    """Write the cards of the built-in policies into a folder, and the page that lists them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.md").write_text(policies_page() + "\n")
    for name, policy in built_in_policies().items():
        for picture in policy.glob("*.svg"):
            shutil.copyfile(picture, folder / f"{name}-{picture.name}")
        card = (policy / "README.md").read_text()
        (folder / f"{name}.md").write_text(card.replace("](learning.svg)", f"]({name}-learning.svg)"))


def main(folder: Path) -> None:
    """Write the pages of the reference into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "commands.md").write_text(commands_page())
    (folder / "settings.md").write_text(settings_page())
    (folder / "licences.md").write_text(licences_page())


if __name__ == "__main__":
    pages = Path(__file__).parent / "pages"
    main(pages / "reference")
    write_notebooks(pages / "notebooks")
    write_policies(pages / "policies")
