"""Which intervals of a session are of which kind."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from analysis.neural.epochs import kinds_of_epochs
from analysis.neural.interval_table import IntervalTable
from analysis.neural.session import NeuralSession
from analysis.neural.spikes import SpikeCounts
from analysis.neural.timeseries import epoch
from rodent.errors import InputError

pytest.importorskip("pynapple")

EDGES = np.array([[0.0, 8.0], [10.0, 18.0], [18.0, 28.0], [30.0, 38.0]])
STATES = IntervalTable(
    EDGES, {"kind": np.array(["run", "rest", "rest", ""]), "speed": np.array([3.0, 0, 0, 1])}
)
TAGGED = IntervalTable(EDGES, {"kind": STATES.columns["kind"], "tags": np.array(["a", "b", "a", "b"])})
TRIALS = IntervalTable(
    EDGES + 1, {"side": np.array(["L", "R", "L", "R"]), "choice": np.array(["L", "L", "R", "R"])}
)
PLAIN = IntervalTable(EDGES[:2], {"number": np.array([1, 2])})


def session(**tables: IntervalTable) -> NeuralSession:
    spikes = SpikeCounts(Path("day.nwb"), np.ones((3, 1)), ("a",), 0.1)
    epochs = {name: epoch(table.edges[:1]) for name, table in tables.items()}
    return NeuralSession(Path("day.nwb"), "test", spikes, epochs=epochs, tables=tables)


def test_the_only_column_of_kinds_is_taken():
    kinds, notes = kinds_of_epochs(session(states=STATES, more=PLAIN, invalid_times=TRIALS))
    assert {name: one.values.tolist() for name, one in kinds.items()} == {
        "rest": [[10, 28]],
        "run": [[0, 8]],
    }
    assert notes == ("epochs are told apart by column kind of table states, not by more",)


def test_epochs_come_before_other_tables_and_tags_after_other_columns():
    found = session(trials=TRIALS, epochs=TAGGED)
    kinds, (note,) = kinds_of_epochs(found)
    assert set(kinds) == {"rest", "run"} and "column kind of table epochs, not by trials" in note
    kinds, _ = kinds_of_epochs(found, column="tags")
    assert set(kinds) == {"a", "b"}
    only_tags = IntervalTable(EDGES, {"tags": TAGGED.columns["tags"]})
    assert set(kinds_of_epochs(session(epochs=only_tags))[0]) == {"a", "b"}


def test_table_and_column_are_the_users():
    found = session(trials=TRIALS, epochs=STATES)
    kinds, _ = kinds_of_epochs(found, "trials", "side")
    assert kinds["L"].values.tolist() == [[1, 9], [19, 29]]
    kinds, _ = kinds_of_epochs(found, column="choice")
    assert kinds["L"].values.tolist() == [[1, 9], [11, 19]]
    # numbers name kinds where they are asked to
    kinds, _ = kinds_of_epochs(found, "epochs", "speed")
    assert set(kinds) == {"0", "1", "3"}


def test_without_kinds_each_table_or_epoch_is_one():
    kinds, notes = kinds_of_epochs(session(sleep=PLAIN, maze=PLAIN))
    assert set(kinds) == {"sleep", "maze"} and "every table of intervals is one" in notes[0]
    plain = dataclasses.replace(session(walk=PLAIN, rear=PLAIN), tables={})
    kinds, notes = kinds_of_epochs(plain)
    assert set(kinds) == {"walk", "rear"} and notes == ()


@pytest.mark.parametrize(
    ("tables", "asked", "wanted"),
    [
        (
            {"a": TRIALS, "b": STATES},
            {},
            r"with these columns: a \(side, choice\); b \(kind\); .*--epoch-table",
        ),
        (
            {"a": TRIALS},
            {},
            r"2 columns of a name kinds of epochs; .*--epoch-column. There are: side, choice",
        ),
        ({"a": PLAIN}, {"table": "a"}, r"no column of texts of a names kinds.*There are: number"),
        ({"a": TRIALS}, {"table": "b"}, "unknown table of intervals 'b' in day.nwb. There are: a"),
        ({"a": TRIALS}, {"table": "a", "column": "sides"}, "unknown column 'sides' in the table a.*'side'"),
        (
            {"a": TRIALS, "b": PLAIN},
            {"column": "x"},
            "unknown column 'x' in the tables.*side, choice, number",
        ),
        ({}, {"table": "a"}, "has no tables of intervals; leave out --epoch-table"),
    ],
)
def test_what_is_not_clear_is_refused(tables, asked, wanted):
    with pytest.raises(InputError, match=wanted):
        kinds_of_epochs(session(**tables), **asked)


def test_a_column_of_too_many_kinds_is_refused():
    many = np.arange(60.0)
    table = IntervalTable(np.stack([many, many + 0.5], axis=1), {"number": many, "text": many.astype(str)})
    assert table.texts == ()
    with pytest.raises(InputError, match="column number of a has 60 different entries"):
        kinds_of_epochs(session(a=table), "a", "number")
