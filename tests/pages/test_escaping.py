"""Text from files is only text, whatever page shows it: a clip can have any name."""

import re
from pathlib import Path

import rodent
from rodent.results import html_table
from tests.pages.test_page import check_page
from tests.training.test_evaluate import make_trace
from training.evaluate import scores
from training.pages.evaluation import write_report

EVIL = '<script>alert("$x^$")</script>'
ROOT = Path(rodent.__file__).parents[1]
MAKERS = {"rodent/pages/page.py", "analysis/game/blind.py"}
"""All modules that make pages; tests of `rodent.pages.page` try every part that a page can have."""


def test_all_pages_are_made_by_templates_that_escape():
    found = {}
    for package in ("rodent", "training", "analysis"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text()
            if "jinja2.Environment(" in text or re.search("<!doctype|<html", text, re.IGNORECASE):
                found[str(path.relative_to(ROOT))] = "autoescape=True" in text
    assert found == dict.fromkeys(MAKERS, True)


def test_templates_leave_nothing_as_it_is_but_figures():
    templates = [path for package in ("rodent", "analysis") for path in (ROOT / package).rglob("*.html")]
    raw = {part for path in templates for part in re.findall(r"\{\{(.*?)\| *safe", path.read_text())}
    assert {part.strip() for part in raw} == {"part.svg", "kind", "' class=\"number\"'"}


def test_names_of_clips_are_text_in_the_page_of_an_evaluation(tmp_path):
    traces = [make_trace(EVIL, 10, fails_at=4), make_trace("walk", 10)]
    write_report(tmp_path / "page.html", EVIL, scores(traces), traces)
    text = (tmp_path / "page.html").read_text()
    check_page(text)  # has no script
    assert text.count("&lt;script&gt;") > 3


def test_names_are_text_in_the_table_of_a_notebook():
    text = html_table(EVIL, {EVIL: [EVIL]})
    assert "<script" not in text and text.count("&lt;script&gt;") == 3
