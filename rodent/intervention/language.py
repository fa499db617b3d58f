"""Interventions as text, as TOML and as JSON; all have the same fields.

    parsed("silence decoder/layer_0[0:32] to mean from 1 s until 2 s")
    parsed("stimulate latent/sample[3] by 2 sd when speed > 0.3 for 0.2 s refractory 1 s")
    parsed("cut latent/sample -> decoder/layer_0 by 30% seed 4")
    str(intervention)                       # the text again
    stored(intervention)                    # {"kind": "silence", "site": "decoder/layer_0", "to": "mean", …}
    read_interventions("lesions.toml")      # tables [[intervention]] with the keys of `stored`

A text begins with the kind and the site, and goes on with clauses: a word of `Intervention.words` and its
value.
"""

import dataclasses
import re
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rodent.errors import InputError, naming, unknown
from rodent.files import read_toml
from rodent.intervention.kinds import KINDS
from rodent.intervention.spec import Intervention

_TABLES = "intervention"
_SITE = r"(?:(?!->)[^\s\[\]])+(?:\s*\[[^\[\]]*\])?"


def parsed(text: str) -> Intervention:
    """The intervention of a text.

    Raises:
        InputError: it is not understood; the message says what is expected.
    """
    with naming(f"intervention {text!r}"):
        head = re.fullmatch(r"\s*(\S+)\s+(.*)", text, re.DOTALL)
        if head is None:
            raise InputError("expected a kind and a site, such as: silence decoder/layer_0 to mean")
        kind = _kind(head[1])
        words = kind.words()
        site, rest = _site(head[2])
        values: dict[str, Any] = {}
        for word, value in _clauses(rest, words):
            name = words[word]
            if name in values:
                raise InputError(f"{word!r} is given twice")
            if not value:
                raise InputError(f"{word!r} has no value")
            values[name] = value
        return _made(kind, {"site": site, **values})


def from_table(table: Mapping[str, Any]) -> Intervention:
    """The intervention of a TOML table or JSON object.

    Raises:
        InputError: the kind or a field is unknown, one is missing, or a value is not understood.
    """
    if not isinstance(table, Mapping) or "kind" not in table:
        raise InputError(f"an intervention lacks its kind; expected one of {', '.join(KINDS)}")
    return _made(_kind(str(table["kind"])), {name: v for name, v in table.items() if name != "kind"})


def stored(intervention: Intervention) -> dict[str, Any]:
    """The kind and all fields that differ from their defaults, for TOML or JSON."""
    fields = {f.name: f.default for f in dataclasses.fields(intervention)}
    values = {name: getattr(intervention, name) for name in fields}
    return {"kind": intervention.kind} | {k: v for k, v in values.items() if v != fields[k]}


def read_interventions(path: Path | str) -> tuple[Intervention, ...]:
    """The interventions of a TOML file, tables `[[intervention]]`.

    Raises:
        InputError: it is damaged, or has other keys.
    """
    path = Path(path)
    content = read_toml(path)
    for name in content:
        if name != _TABLES:
            raise unknown("key", name, [_TABLES], str(path))
    tables = content.get(_TABLES, [])
    if not isinstance(tables, list) or not tables:
        raise InputError(f"{path} has no interventions; expected tables [[{_TABLES}]] with kind and site")
    found = []
    for number, table in enumerate(tables, 1):
        with naming(f"{path}, intervention {number}"):
            found.append(from_table(table))
    return tuple(found)


def given_interventions(given: Iterable[Intervention | str]) -> tuple[Intervention, ...]:
    """Interventions, some of them as texts.

    Raises:
        InputError: a text is not understood.
    """
    return tuple(parsed(one) if isinstance(one, str) else one for one in given)


def _kind(name: str) -> type[Intervention]:
    if name not in KINDS:
        raise unknown("kind of intervention", name, KINDS)
    return KINDS[name]


def _site(text: str) -> tuple[str, str]:
    """The site with its units, and the rest of a text."""
    found = re.match(rf"((?:{_SITE}\s*->\s*)?{_SITE})(?:\s+|$)", text)
    if found is None:
        raise InputError(
            f"site {text!r} is not understood; expected an address, such as decoder/layer_0[0:32]"
        )
    return found[1], text[found.end() :]


def _clauses(text: str, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Words and their values, in order."""
    found: list[tuple[str, list[str]]] = []
    for token in text.split():
        if token in words:
            found.append((token, []))
        elif found:
            found[-1][1].append(token)
        else:
            raise unknown("word", token, words)
    return [(word, " ".join(value)) for word, value in found]


def _made(kind: type[Intervention], values: Mapping[str, Any]) -> Intervention:
    """An intervention of plain values."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    hints = typing.get_type_hints(kind)
    for name in values:
        if name not in fields:
            raise unknown("field", name, ["kind", *fields], f"an intervention {kind.__name__.lower()!r}")
    words = {name: word for word, name in kind.words().items()}
    for name, field in fields.items():
        if field.default is dataclasses.MISSING and name not in values:
            as_text = f"; in a text: {words[name]} VALUE" if name in words else ""
            raise InputError(f"{kind.__name__.lower()} lacks {name}{as_text}")
    return kind(**{name: _value(hints[name], value, name) for name, value in values.items()})


def _value(hint: Any, value: Any, name: str) -> Any:
    """A value of the type of a field; texts become numbers where only numbers are allowed."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InputError(f"{name} is {value!r}; expected a number or a text")
    allowed = typing.get_args(hint) or (hint,)
    for number in (int, float):
        if number in allowed and (number is int or str not in allowed):
            try:
                return number(value)
            except ValueError as error:
                what = "a whole number" if number is int else "a number"
                raise InputError(f"{name} is {value!r}; expected {what}") from error
    if float in allowed and isinstance(value, int):
        return float(value)
    if float not in allowed and not isinstance(value, str):
        raise InputError(f"{name} is {value!r}; expected a text")
    return value
