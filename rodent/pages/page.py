"""One self-contained page: text, tables, figures and videos in a single HTML file.

    write_page(
        Path("report.html"),
        "Training of the virtual rat",
        [
            Section("Tracking", "Frames until the rat has lost its clip.", (Table(columns, rows),)),
            Section("Film", "", (Film(Path("walk.mp4"), "Blue: the reference."), Drawing(figure, "…"))),
        ],
    )

Figures are embedded as SVG and films as MP4, and nothing is fetched from anywhere: the page
can be mailed, and opened in years. Below each figure, it and its numbers can be saved. It follows
the reader's choice of light or dark; printed it is black on white, with frames of the videos.
Figures have alternative text for screen readers.
"""

import base64
import collections
import dataclasses
import gzip
import html
import io
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rodent.files import atomic_path
from rodent.pages.drawing import save_figure
from rodent.pages.numbers import numbers
from rodent.versions import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CONTENTS = 6  # a page of more sections begins with a list of them
_STILLS, _STILL_WIDTH = 3, 320  # pictures of a film on paper; pixels
_PLAIN = 100_000  # bytes of numbers beyond which they are compressed
_NUMBER = re.compile(r"[+\-−]?\d[\d,]*(\.\d+)?(e[+\-]?\d+)?( ?%)?|nan|[-–]?")


@dataclasses.dataclass(frozen=True)
class Table:
    """A table; the first cell of a row is its heading, and floats have three significant digits."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    caption: str = ""

    @property
    def cells(self) -> list[list[str]]:
        """The rows as text."""
        return [[f"{x:.3g}" if isinstance(x, float) else str(x) for x in row] for row in self.rows]

    @property
    def numeric(self) -> list[bool]:
        """Columns with numbers only, which are aligned right."""
        return [all(map(_NUMBER.fullmatch, column)) for column in zip(*self.cells, strict=True)]


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A matplotlib figure.

    Attributes:
        figure: the figure.
        caption: text below the figure.
        alt: alternative text for readers who cannot see it; by default the labels of its axes.
    """

    figure: "Figure"
    caption: str = ""
    alt: str = ""

    @property
    def description(self) -> str:
        """The alternative text of the figure."""
        return self.alt or _axes_text(self.figure)

    @cached_property
    def svg(self) -> str:
        """The figure as a reproducible SVG element with the colours of the page."""
        head = f'<svg role="img" aria-label="{html.escape(self.description)}"'
        text = head + self._file[self._file.index("<svg") + len("<svg") :]
        # nothing refers to groups by name, and two figures on a page must not have the same
        text = re.sub(r'<g id="[^"]*"', "<g", text)
        return text.replace("#000000", "var(--ink)").replace("#ffffff", "var(--ground)")

    @property
    def files(self) -> dict[str, str]:
        """What of it can be saved, by suffix: the figure, and its numbers, as data URLs."""
        table = numbers(self.figure).encode()
        if len(table) > _PLAIN:
            saved = {".csv.gz": _address("application/gzip", gzip.compress(table, mtime=0))}
        else:
            saved = {".csv": _address("text/csv", table)}
        return {".svg": _address("image/svg+xml", self._file.encode()), **saved}

    @cached_property
    def _file(self) -> str:
        """The figure as a reproducible SVG file."""
        buffer = io.BytesIO()
        save_figure(self.figure, buffer, "svg", dict.fromkeys(("Date", "Creator", "Format", "Type")))
        return buffer.getvalue().decode()


@dataclasses.dataclass(frozen=True)
class Film:
    """An MP4 file, embedded in the page."""

    path: Path
    caption: str = ""

    @property
    def address(self) -> str:
        """The video as a data URL."""
        return _address("video/mp4", self.path.read_bytes())

    @cached_property
    def stills(self) -> list[str]:
        """Some of its frames, evenly spaced, as data URLs, for printing."""
        import av

        pictures = []
        with av.open(str(self.path)) as film:
            n_frames = film.streams.video[0].frames
            stills = {(2 * i + 1) * n_frames // (2 * _STILLS) for i in range(_STILLS)}
            for i, frame in enumerate(film.decode(video=0)):
                if i in stills:
                    pictures.append(frame.to_image())
        return [_jpeg(picture) for picture in pictures]


@dataclasses.dataclass(frozen=True)
class Section:
    """A heading, paragraphs separated by blank lines, and tables, figures and videos below them."""

    heading: str
    text: str
    parts: tuple[Table | Drawing | Film, ...] = ()

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs of the text."""
        return [part.strip() for part in self.text.split("\n\n") if part.strip()]

    @property
    def named_parts(self) -> "list[tuple[str, Table | Drawing | Film]]":
        """Its parts with names for files: the heading, and from the second of a kind on a number."""
        name = re.sub(r"[^a-z0-9]+", "-", self.heading.lower()).strip("-") or "figure"
        named, count = [], collections.Counter[type]()
        for part in self.parts:
            before = count[type(part)]
            named.append((f"{name}-{before}" if before else name, part))
            count[type(part)] += 1
        return named


def figures_of(sections: Sequence[Section]) -> "dict[str, Figure]":
    """The figures of sections by names for files; see `Section.named_parts`."""
    parts = (named for section in sections for named in section.named_parts)
    return {name: part.figure for name, part in parts if isinstance(part, Drawing)}


def write_page(out: Path, title: str, sections: Sequence[Section]) -> None:
    """Write the page.

    Raises:
        InputError: the page cannot be written there.
        WorkError: the disk is full.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rodent.pages"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.tests |= {
        kind.__name__.lower(): lambda part, kind=kind: isinstance(part, kind)
        for kind in (Table, Drawing, Film)
    }
    page = environment.get_template("page.html").render(
        title=title,
        sections=sections,
        contents=len(sections) > _CONTENTS,
        versions=", ".join(f"{k} {v}" for k, v in versions().items()),
    )
    with atomic_path(out) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _axes_text(figure: "Figure") -> str:
    """The labels of a figure's axes, in one line."""
    texts = []
    for axes in figure.axes:
        title, x, y = axes.get_title() or axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()
        what = " against ".join(label for label in (y, x) if label)
        texts.append(": ".join(label for label in (title, what) if label))
    texts = [" ".join(words.split()) for words in dict.fromkeys(texts) if words]
    return f"Figure: {'; '.join(texts)}" if texts else "Figure"


def _jpeg(picture: Any) -> str:
    """A Pillow image, scaled down, as a data URL."""
    buffer = io.BytesIO()
    picture.thumbnail((_STILL_WIDTH, _STILL_WIDTH))
    picture.save(buffer, "JPEG", quality=80)
    return _address("image/jpeg", buffer.getvalue())


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64," + base64.b64encode(content).decode()
