"""Neurons chosen by what the units table says of them.

    session = select(session, ("region=M1,DLS", "quality!=noise,depth<800"))
    session.labels("region")                        # region of each neuron that is left

A condition is a column, a comparison and a value; all conditions must hold. `=` and `!=` take several
values with commas between them, of which a neuron must have one, or none. `<`, `<=`, `>` and `>=`
compare numbers.
"""

import dataclasses
import math
import operator
import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from analysis.neural.session import NeuralSession
from analysis.neural.table import as_text, summary
from rodent.errors import InputError, unknown

_ORDERS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MOST_LISTED = 30  # values that a message lists
_CONDITION = re.compile(r"\s*([^=<>!,][^=<>!]*?)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*")
# a comma before a column and a comparison ends a condition; others stand between values
_NEXT = re.compile(r",(?=[^=<>!,]+(?:!=|<=|>=|=|<|>))")


def select(session: NeuralSession, conditions: Sequence[str]) -> NeuralSession:
    """The session with those of its neurons for which all conditions hold.

    Args:
        session: the session.
        conditions: such as `region=M1,quality=good` or `depth<800`.

    Raises:
        InputError: a condition cannot be read, there is no such column or value, or no neuron is left.
    """
    keep = np.ones(len(session.names), bool)
    for column, comparison, value in _conditions(conditions):
        before = keep.sum()
        keep &= _holds(session, column, comparison, value)
        if not keep.any():
            raise InputError(
                f"{session.path}: {column}{comparison}{value} holds for none of the {before} neurons left; "
                f"{column} has {summary(session.column(column))}"
            )
    if not conditions:
        return session
    note = f"{keep.sum()} of {len(keep)} neurons are selected, those with {' and '.join(conditions)}"
    return dataclasses.replace(session.subset(keep), notes=(*session.notes, note))


def _conditions(texts: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for text in texts:
        for part in _NEXT.split(text):
            found = _CONDITION.fullmatch(part)
            if not found:
                raise InputError(
                    f"cannot read the condition {part!r}; expected a column, one of = != < <= > >=, and a "
                    "value, such as region=M1 or 'depth<800'"
                )
            yield found[1], found[2], found[3]


def _holds(session: NeuralSession, column: str, comparison: str, value: str) -> np.ndarray:
    """For which neurons a condition holds, bool, shape (neurons,)."""
    entries, condition = session.column(column), f"{column}{comparison}{value}"
    numeric = entries.dtype.kind in "iuf"
    if comparison in _ORDERS:
        if not numeric:
            raise InputError(
                f"{session.path}: {comparison} compares numbers, and {column} has {summary(entries)}"
            )
        return _ORDERS[comparison](entries, _number(value, condition))
    texts = as_text(entries)
    known = set(texts.tolist())
    # a text of the table may itself have a comma
    chosen = [value] if value in known else [one.strip() for one in value.split(",")]
    if numeric:
        chosen = as_text(np.array([_number(one, condition) for one in chosen])).tolist()
    if entries.dtype.kind == "b":
        chosen = [one.capitalize() for one in chosen]
    there = np.isin(texts, chosen)
    if comparison == "!=":
        return ~there
    for one in chosen:
        if one not in known:
            raise unknown(column, one, _listed(known), str(session.path))
    return there


def _listed(values: set[str]) -> list[str]:
    """Values in order, some of them where there are very many."""
    ordered = sorted(values)
    return ordered if len(ordered) <= _MOST_LISTED else [*ordered[:_MOST_LISTED], f"… {len(ordered)} in all"]


def _number(text: str, condition: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise InputError(
            f"cannot read the condition {condition!r}; the column holds numbers, {text!r} is none"
        )
    return value
