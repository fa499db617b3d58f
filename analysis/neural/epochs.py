"""Tables of intervals, and the kinds of epochs that their columns name.

kinds, note = kinds_of_epochs(session)              # {"run": IntervalSet, "rest": IntervalSet}
kinds, note = kinds_of_epochs(session, table="trials", column="side")
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.neural.interval_table import MOST_KINDS, IntervalTable
from rodent.errors import InputError, unknown

if TYPE_CHECKING:
    from pynapple import IntervalSet

    from analysis.neural.session import NeuralSession

INVALID = "invalid_times"
"""The table of NWB that holds no epochs, but time that is not to be used."""
USUAL = "epochs"
"""The table of NWB that is taken where several name kinds."""


def kinds_of_epochs(
    session: "NeuralSession", table: str | None = None, column: str | None = None
) -> "tuple[Mapping[str, IntervalSet], tuple[str, ...]]":
    """The epochs of a session, apart by kind, from one column of one table.

    Without a table it is the one whose column of texts names kinds, or `epochs` among several. Where no
    column names any, each table is a kind; so is each epoch of a file without tables.

    Args:
        session: the session.
        table: of intervals, such as `trials`.
        column: of it.

    Returns:
        intervals by kind; where they are from, in words.

    Raises:
        InputError: there is no such table or column, or it is not clear which is meant.
    """
    tables = {name: one for name, one in session.tables.items() if name != INVALID}
    if not tables:
        if table or column:
            raise InputError(
                f"{session.path} has no tables of intervals; leave out --epoch-table and -column"
            )
        return {name: one for name, one in session.epochs.items() if name != INVALID}, ()
    if table is None:
        table = _table(session, tables, column)
    if table is None:
        return (
            {name: session.epochs[name] for name in tables if name in session.epochs},
            ("no column names kinds of epochs: every table of intervals is one",),
        )
    if table not in tables:
        raise unknown("table of intervals", table, tables, str(session.path))
    if column is None:
        column = _column(session, table, tables[table])
    elif column not in tables[table].columns:
        raise unknown("column", column, tables[table].columns, f"the table {table} of {session.path}")
    kinds = tables[table].kinds(column)
    if len(kinds) > MOST_KINDS:
        raise InputError(
            f"{session.path}: column {column} of {table} has {len(kinds)} different entries, more than the "
            f"{MOST_KINDS} that kinds of epochs may have; choose another with --epoch-column"
        )
    others = ", ".join(name for name in tables if name != table)
    note = f"epochs are told apart by column {column} of table {table}" + (
        f", not by {others}" * bool(others)
    )
    return kinds, (note,)


def _table(session: "NeuralSession", tables: Mapping[str, IntervalTable], column: str | None) -> str | None:
    """The table that is meant where none is named; None where no column names kinds."""
    if column is None:
        found = [name for name, one in tables.items() if one.naming]
    else:
        found = [name for name, one in tables.items() if column in one.columns]
        if not found:
            known = dict.fromkeys(name for one in tables.values() for name in one.columns)
            raise unknown("column", column, known, f"the tables of intervals of {session.path}")
    if USUAL in found or len(found) < 2:
        return USUAL if USUAL in found else next(iter(found), None)
    listed = "; ".join(f"{name} ({', '.join(tables[name].naming)})" for name in found)
    raise InputError(
        f"{session.path}: several tables of intervals name kinds, with these columns: {listed}; choose one "
        "with --epoch-table"
    )


def _column(session: "NeuralSession", name: str, table: IntervalTable) -> str:
    """The column that is meant where none is named."""
    if len(table.naming) == 1:
        return table.naming[0]
    why = (
        f"{len(table.naming)} columns of {name} name kinds of epochs"
        if table.naming
        else (f"no column of texts of {name} names kinds of epochs")
    )
    raise InputError(
        f"{session.path}: {why}; choose one with --epoch-column. There are: "
        f"{', '.join(table.naming or table.columns)}"
    )
