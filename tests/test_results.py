"""Results as tables of a notebook."""

import sys

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.results import SHOWN, Result, columns_of, html_table, new_axes


class Counts(Result):
    def columns(self):
        return {"name": ["<b>", "c"], "count": np.array([1.23456, np.nan])}

    def __repr__(self):
        return "Counts(<2>)"


def test_a_result_is_a_frame_and_an_escaped_table():
    frame = Counts().to_frame()
    assert list(frame["name"]) == ["<b>", "c"] and frame["count"].isna().tolist() == [False, True]
    page = Counts()._repr_html_()
    assert "Counts(&lt;2&gt;)" in page and "<td>&lt;b&gt;</td><td>1.235</td>" in page and "<b>" not in page


def test_long_tables_say_what_they_leave_out():
    page = html_table("t", {str(i): range(40) for i in range(SHOWN + 2)})
    assert page.count("<tr>") == SHOWN + 1 and f"{40 - SHOWN} more rows, 2 more columns" in page
    assert "more" not in html_table("t", {"a": range(40)}, most=40)


def test_rows_that_differ_have_empty_cells():
    assert columns_of([{"a": 1}, {"b": {"c": 2}}]) == {"a": [1, None], "b/c": [None, 2]}


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match=r"needs pandas: pip install 'virtual-rodent\[notebook\]'"):
        Counts().to_frame()


def test_axes_that_are_given_are_used():
    axes = new_axes(None)
    assert new_axes(axes) is axes
