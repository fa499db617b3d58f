import csv
import importlib.util

import numpy as np
import pandas as pd
import pytest

from rodent.errors import InputError
from rodent.pages.tables import require_table_format, write_table

TABLE = {
    "neuron": np.array(["a, b", 'say "x"', "ß"]),
    "spikes": np.array([1, 2, 3], np.int32),
    "rate_hz": [0.1 + 0.2, np.nan, 1e-17],
    "good": np.array([True, False, True]),
    "region": ["M1", None, "DLS"],
    "depth": [None, None, None],
}
READ = {".csv": pd.read_csv, ".parquet": pd.read_parquet}


@pytest.mark.parametrize("suffix", READ)
def test_a_table_is_read_back_as_it_was(tmp_path, suffix):
    write_table(tmp_path / f"cells{suffix}", TABLE)
    found = READ[suffix](tmp_path / f"cells{suffix}")
    assert list(found) == list(TABLE) and len(found) == 3
    assert found["neuron"].tolist() == list(TABLE["neuron"])
    np.testing.assert_array_equal(found["spikes"], TABLE["spikes"])
    # to the last digit
    np.testing.assert_array_equal(found["rate_hz"], TABLE["rate_hz"])
    assert found["good"].dtype == bool and found["good"].tolist() == [True, False, True]
    assert found["region"].isna().tolist() == [False, True, False]
    assert found["depth"].isna().all() and found["depth"].dtype == float


def test_rows_make_the_same_table_as_columns(tmp_path):
    rows = [{"name": "a", "p": 0.5}, {"name": "b", "q": 1}]
    write_table(tmp_path / "rows.csv", rows)
    write_table(tmp_path / "columns.csv", {"name": ["a", "b"], "p": [0.5, None], "q": [None, 1]})
    assert (tmp_path / "rows.csv").read_bytes() == (tmp_path / "columns.csv").read_bytes()
    with (tmp_path / "rows.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["name", "p", "q"], ["a", "0.5", ""], ["b", "", "1"]]


def test_a_table_without_rows_has_its_header(tmp_path):
    write_table(tmp_path / "none.csv", {"name": [], "p": []})
    assert (tmp_path / "none.csv").read_text() == "name,p\n"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"a": [1, 2], "b": [1]}, "'a': 2, 'b': 1"),
        ({"a": [[1, 2]]}, "column 'a' holds"),
        ([{"a": np.zeros(2)}], "column 'a' holds"),
    ],
)
@pytest.mark.parametrize("suffix", READ)
def test_what_is_no_table_is_refused_and_nothing_written(tmp_path, table, message, suffix):
    with pytest.raises(ValueError, match=message):
        write_table(tmp_path / f"cells{suffix}", table)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["cells.xlsx", "cells"])
def test_an_unknown_format_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"expected \.csv or \.parquet"):
        write_table(tmp_path / name, TABLE)


def test_without_pyarrow_parquet_is_refused_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'virtual-rodent\[parquet\]', or write cells\.csv"):
        require_table_format(tmp_path / "cells.parquet")
    require_table_format(tmp_path / "cells.csv")


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        write_table(tmp_path / "nowhere" / "cells.csv", TABLE)
