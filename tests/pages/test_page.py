"""Pages: whole in themselves, and readable by those who cannot see them."""

import base64
import csv
import gzip
import html.parser
import io
import re

import numpy as np
import pytest
from matplotlib.figure import Figure

from rodent.pages.drawing import courses, intervals, layer_scores, line
from rodent.pages.page import Drawing, Film, Section, Table, write_page
from rodent.render.video import open_video


class Reader(html.parser.HTMLParser):
    """What a page loads and links to, and what it offers to those who cannot see it."""

    void = frozenset({"meta", "link", "img", "br"})

    def __init__(self, text):
        super().__init__()
        self.addresses, self.ids, self.open, self.unnamed = [], [], [], []
        self.headers, self.headings = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.addresses += [found[k] for k in ("src", "href", "xlink:href", "poster", "srcset") if k in found]
        self.ids += [found["id"]] if "id" in found and not self._in("svg") else []
        if tag in ("svg", "video") and not found.get("aria-label"):
            self.unnamed.append(tag)
        if tag == "img" and not found.get("alt"):
            self.unnamed.append(tag)
        if tag == "th":
            self.headers.append(found.get("scope"))
        if re.fullmatch(r"h\d", tag):
            self.headings.append(tag)
        assert tag != "script"
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.void:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def _in(self, tag):
        return tag in self.open


def check_page(text):
    """What holds for every page; returns what was read."""
    page = Reader(text)
    assert not page.open, f"never closed: {page.open}"
    assert all(address.startswith(("data:", "#")) for address in page.addresses)
    assert "url(http" not in text and "@import" not in text
    assert not page.unnamed, f"without a text in their place: {page.unnamed}"
    assert all(scope in ("col", "row") for scope in page.headers)
    assert len(page.ids) == len(set(page.ids))
    assert page.headings[0] == "h1" and set(page.headings[1:]) == {"h2"}
    return page


@pytest.fixture
def figure():
    return line(np.arange(9.0), np.arange(9.0), "seconds", "lowest paw, mm")


def written(path, *sections):
    write_page(path, "A page", sections)
    return path.read_text()


def test_a_page_is_whole_and_tells_what_it_shows(tmp_path, figure):
    table = Table(["clip", "frames", ""], [["walk", 250, "ended"], ["rear", 9, "-"]], "Two clips.")
    text = written(tmp_path / "p.html", Section("One", "A.\n\nB.", (Drawing(figure, "Up."), table)))
    page = check_page(text)
    assert page.headers == ["col", "col", "row", "row"]
    assert 'aria-label="Figure: lowest paw, mm against seconds"' in text
    assert '<th scope="col" class="number">frames</th>' in text
    assert '<td class="number">250</td>' in text
    assert "<p>A.</p>" in text and "<p>B.</p>" in text
    assert "prefers-color-scheme: dark" in text and "@media print" in text


def test_figures_and_their_numbers_can_be_saved(tmp_path, figure):
    many = line(np.arange(9000.0), np.arange(9000.0), "seconds", "lowest paw, mm")
    text = written(tmp_path / "p.html", Section("How it walks", "", (Drawing(figure), Drawing(many))))
    saved = dict(re.findall(r'<a href="data:[^"]*;base64,([^"]*)" download="([^"]*)"', text))
    files = {name: base64.b64decode(content) for content, name in saved.items()}
    assert list(files) == [
        "how-it-walks.svg",
        "how-it-walks.csv",
        "how-it-walks-1.svg",
        "how-it-walks-1.csv.gz",
    ]
    assert files["how-it-walks.svg"].startswith(b"<?xml")
    rows = list(csv.DictReader(io.StringIO(files["how-it-walks.csv"].decode())))
    assert [float(row["y"]) for row in rows] == list(range(9))
    assert gzip.decompress(files["how-it-walks-1.csv.gz"]).count(b"line") == 9000


def test_text_from_outside_is_only_text(tmp_path, figure):
    evil = '<script>alert("x")</script>"\'&'
    figure.axes[0].set_title(evil)
    table = Table([evil, "b"], [[evil, evil]], evil)
    section = Section(evil, evil, (Drawing(figure, evil, alt=evil), table))
    text = written(tmp_path / "p.html", section)
    check_page(text)
    assert text.count("&lt;script&gt;") == 10


def test_names_with_dollars_are_no_formulas_but_powers_of_ten_are(figure):
    figure.axes[0].set(title="$\\frac$ $", yscale="log", ylim=(1, 1000))
    svg = re.sub("<!--.*?-->", "", Drawing(figure).svg)
    assert ">$\\frac$ $<" in svg and "mathdefault" not in svg


def test_figures_take_ink_and_ground_of_the_page(figure):
    svg = Drawing(figure).svg
    assert "var(--ink)" in svg and "var(--ground)" in svg
    assert "#000000" not in svg and "#ffffff" not in svg
    assert svg == Drawing(figure).svg
    # matplotlib's own remarks on the file name web sites
    assert "<metadata" not in svg
    assert set(re.findall(r"https?://[\w./]+", svg)) <= {
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/2000/svg",
    }


def test_a_figure_without_words_can_be_given_some():
    figure = Figure()
    figure.subplots()
    assert Drawing(figure).description == "Figure"
    assert Drawing(figure, alt="A square.").description == "A square."


def test_films_have_stills_for_paper(tmp_path):
    path = tmp_path / "film.mp4"
    with open_video(path, 25.0, (64, 48)) as write:
        for grey in range(30):
            write(np.full((48, 64, 3), 8 * grey, np.uint8))
    film = Film(path, "It gets brighter.")
    assert len(film.stills) == 3
    text = written(tmp_path / "p.html", Section("Film", "", (film,)))
    check_page(text)
    assert text.count("data:image/jpeg;base64,") == 3
    assert text.count('aria-label="It gets brighter."') == 1


def test_long_pages_begin_with_their_contents(tmp_path):
    sections = [Section(f"S{i}", "") for i in range(7)]
    text = written(tmp_path / "p.html", *sections)
    check_page(text)
    assert '<a href="#section-7">S6</a>' in text
    assert "<nav" not in written(tmp_path / "p.html", *sections[:6])


@pytest.mark.parametrize(
    ("cells", "numeric"),
    [
        (["1", "-2.5", "+3,000", "50%", "-", "nan", "1e-05"], True),
        (["1", "2 of 3"], False),
        (["12 mm"], False),
    ],
)
def test_columns_of_numbers_are_known(cells, numeric):
    assert Table(["x"], [[cell] for cell in cells]).numeric == [numeric]


def drawn(figure):
    """The words of a figure; drawing it raises no warning."""
    return re.findall(r"<text[^>]*>([^<]+)</text>", Drawing(figure).svg)


def test_more_runs_than_colours_can_still_be_told_apart():
    x = np.arange(5.0)
    runs = {f"run {i}": (x, x + i) for i in range(10)}
    figure = courses({"frames": runs, "reward": runs}, "minutes")
    words = drawn(figure)
    assert {*runs, "frames", "reward", "minutes"} <= set(words)
    lines = figure.axes[0].get_lines()
    assert len({(one.get_color(), one.get_linestyle()) for one in lines}) == 10


def test_every_layer_has_its_score_and_its_null(rng):
    layers = [f"layer_{i}" for i in range(5)]
    found = [rng.normal(0.1, 0.02, 30) for _ in layers]
    figure = layer_scores(layers, found, [f - 0.1 for f in found], "bits per spike")
    assert {*layers, "score", "null", "bits per spike"} <= set(drawn(figure))
    # a great many dots become a picture
    assert "<image" not in Drawing(figure).svg
    many = [rng.normal(size=1000) for _ in layers]
    assert "<image" in Drawing(layer_scores(layers, many, many, "bits")).svg


def test_an_interval_that_nobody_knows_is_not_drawn():
    figure = intervals(
        ["a", "b"], np.array([0.2, 0.5]), np.array([0.1, np.nan]), np.array([0.3, np.nan]), "x"
    )
    (drawn_ones,) = [one for one in figure.axes[0].collections if hasattr(one, "get_segments")]
    assert len(drawn_ones.get_segments()) == 1
    assert {"a", "b", "x"} <= set(drawn(figure))
